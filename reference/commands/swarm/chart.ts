/** The informed share per round as a picture: bars for a terminal, SVG for a page. */
import type { Played } from './play.ts';

const BAR_WIDTH = 40;
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A bar of block characters, to an eighth of one. */
export const barOf = (share: number, width = BAR_WIDTH): string => {
  const eighths = Math.round(share * width * 8);
  return '█'.repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8]!;
};

/** With spaces between thousands. */
export const grouped = (count: number): string =>
  String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ' ');

/** What is not everybody does not read as 100 %, and what is not nobody not as 0. */
export const percent = (share: number): string => {
  if (share === 0 || share === 1) return `${share * 100} %`;
  const digits = share > 0.999 || share < 0.001 ? 4 : 1;
  const text = (Math.floor(share * 100 * 10 ** digits) / 10 ** digits).toFixed(digits);
  return Number(text) === 0 ? '< 0.0001 %' : `${text} %`;
};

/** Rounds in a row that show the same, beyond which they are one line. */
const SAME_MAX = 2;

/** A line a round; where a mean field is known, what it expected. Rounds that change nothing are told at once. */
export const textChart = ({ rounds, correct, expected }: Played): string[] => {
  const lines: string[] = [];
  let same = 0;
  for (const [index, { round, informed }] of rounds.entries()) {
    same = rounds[index - 1]?.informed === informed ? same + 1 : 0;
    if (same > SAME_MAX) lines.pop();
    if (same >= SAME_MAX && index + 1 < rounds.length) {
      lines.push('   ...');
      continue;
    }
    const oracle = expected && (expected[round - 1] ?? 1);
    const beside = oracle === undefined ? '' : `   oracle ${percent(oracle)}`;
    const bar = barOf(informed / correct).padEnd(BAR_WIDTH);
    lines.push(
      `  ${String(round).padStart(4)}  ${bar}  ${percent(informed / correct).padStart(9)}${beside}`,
    );
  }
  return lines;
};

const WIDTH = 720;
const HEIGHT = 360;
const [LEFT, RIGHT, TOP, BOTTOM] = [56, 16, 44, 44];

/** Colours by role, in light and in dark: a page that shows the picture says which. */
const STYLE = `
    svg { --ground: #ffffff; --ink: #1f2328; --faint: #d0d7de; --line: #0969da; --dash: #9a6700; }
    @media (prefers-color-scheme: dark) {
      svg { --ground: #0d1117; --ink: #e6edf3; --faint: #30363d; --line: #58a6ff; --dash: #d29922; }
    }
    text { font: 13px system-ui, sans-serif; fill: var(--ink); }
    .ground { fill: var(--ground); } .grid { stroke: var(--faint); }
    .line { fill: none; stroke: var(--line); stroke-width: 2.5; }
    .dot { fill: var(--line); }
    .oracle { fill: none; stroke: var(--dash); stroke-width: 2; stroke-dasharray: 6 4; }`;

const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** One self-contained picture: no script, no font, nothing fetched. */
export const svgChart = (title: string, { rounds, correct, expected }: Played): string => {
  const last = Math.max(1, rounds.length, expected?.length ?? 0);
  const x = (round: number): number => LEFT + (round / last) * (WIDTH - LEFT - RIGHT);
  const y = (share: number): number => HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
  const point = (round: number, share: number): string =>
    `${x(round).toFixed(1)},${y(share).toFixed(1)}`;
  const line = (shares: readonly number[]): string =>
    [point(0, 1 / correct), ...shares.map((share, index) => point(index + 1, share))].join(' ');
  const shares = rounds.map(({ informed }) => informed / correct);
  const step = Math.ceil(last / 12);
  const ticks = Array.from({ length: Math.floor(last / step) + 1 }, (_, index) => index * step);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeXml(title).replaceAll('"', '&quot;')}">`,
    `  <title>${escapeXml(title)}</title>`,
    `  <style>${STYLE}`,
    '  </style>',
    `  <rect class="ground" width="${WIDTH}" height="${HEIGHT}"/>`,
    `  <text x="${LEFT}" y="24">${escapeXml(title)}</text>`,
    ...[0, 0.25, 0.5, 0.75, 1].flatMap((share) => [
      `  <path class="grid" d="M${LEFT} ${y(share)}H${WIDTH - RIGHT}"/>`,
      `  <text x="${LEFT - 8}" y="${y(share) + 4}" text-anchor="end">${share * 100} %</text>`,
    ]),
    ...ticks.map(
      (round) =>
        `  <text x="${x(round).toFixed(1)}" y="${HEIGHT - BOTTOM + 20}" text-anchor="middle">${round}</text>`,
    ),
    `  <text x="${WIDTH - RIGHT}" y="${HEIGHT - 6}" text-anchor="end">round; solid: agents that know, dashed: the oracle</text>`,
    ...(expected ? [`  <polyline class="oracle" points="${line(expected)}"/>`] : []),
    `  <polyline class="line" points="${line(shares)}"/>`,
    ...shares.map(
      (share, index) =>
        `  <circle class="dot" cx="${x(index + 1).toFixed(1)}" cy="${y(share).toFixed(1)}" r="3"/>`,
    ),
    '</svg>',
    '',
  ].join('\n');
};
