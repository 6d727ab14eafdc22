/**
 * The site: API reference, README, manual and chapters with their diagrams, in `site/`.
 *
 *   pages (Markdown)      -> every mermaid block, drawn by mermaid-cli in this machine's browser
 *   contracts, factories,
 *   files a page links to -> typedoc, with the drawings in place of their blocks -> site/
 *
 * What is heavy is installed in this folder, so that `npm ci` at the root does not pay for it. Without
 * a browser the blocks stay code and nothing fails; what fails the build is a block that cannot be
 * drawn, a broken link, and an export that no comment speaks of. Types are not checked here: `npm run check` does.
 */
import { existsSync, readFileSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path/posix';
import { renderMermaid } from '@mermaid-js/mermaid-cli';
import puppeteer from 'puppeteer';
import {
  Application,
  Comment,
  Converter,
  PageEvent,
  ReflectionKind,
  type DeclarationReflection,
} from 'typedoc';

process.chdir(`${import.meta.dirname}/..`);

const CONTRACTS = 'reference/contracts';
/** Entry points besides the contracts and the factories of the layers. */
const OTHERS = ['node.ts', 'layers.ts', 'config.ts', 'host/host.ts', 'sim/cluster.ts'];

const BROWSERS = [
  process.env['PUPPETEER_EXECUTABLE_PATH'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

/** SVG text and no HTML in it, so that the style of the page around it changes nothing. */
const MERMAID = {
  theme: 'base',
  fontFamily: 'sans-serif',
  htmlLabels: false,
  flowchart: { htmlLabels: false },
  sequence: { width: 120, actorMargin: 24 },
  themeVariables: {
    primaryColor: '#e8f0fa',
    primaryBorderColor: '#7a92b0',
    lineColor: '#4a5a6a',
    noteBkgColor: '#fdf6dc',
    noteBorderColor: '#d8c88a',
    clusterBkg: '#fafafa',
    clusterBorder: '#b8b8b8',
    edgeLabelBackground: '#ffffff',
  },
} as const;

interface Page {
  readonly path: string;
  readonly text: string;
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const readPages = async (): Promise<Page[]> => {
  const chapters = (await readdir('modules')).filter((name) => name.endsWith('.md')).sort();
  const paths = ['README.md', 'manual.md', ...chapters.map((name) => `modules/${name}`)];
  return Promise.all(paths.map(async (path) => ({ path, text: await readFile(path, 'utf8') })));
};

// --- Diagrams -----------------------------------------------------------------------------------

const blocksOf = ({ path, text }: Page): { readonly path: string; readonly block: string }[] =>
  [...text.matchAll(/^```mermaid\n(.*?)^```$/gms)].map(([, block = '']) => ({ path, block }));

const openBrowser = async () => {
  const executablePath = BROWSERS.find((path) => path !== undefined && existsSync(path));
  const fix = 'apt-get install chromium, or set PUPPETEER_EXECUTABLE_PATH';
  if (executablePath === undefined) {
    say(`no browser found, diagrams stay code: ${fix}`);
    return undefined;
  }
  // Chromium refuses to run as root inside its sandbox; what it draws here is our own.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  try {
    return await puppeteer.launch({ executablePath, args });
  } catch (error) {
    say(`${executablePath} does not start (${String(error).split('\n')[0]}): ${fix}`);
    return undefined;
  }
};

/** Drawings by the text of their block. */
const draw = async (pages: readonly Page[]): Promise<Map<string, string>> => {
  const drawings = new Map<string, string>();
  const browser = await openBrowser();
  if (!browser) return drawings;
  for (const { path, block } of pages.flatMap(blocksOf)) {
    const options = { mermaidConfig: MERMAID, svgId: `diagram-${drawings.size + 1}` };
    try {
      const { data } = await renderMermaid(browser, block, 'svg', options);
      drawings.set(block, `<figure class="diagram">${Buffer.from(data).toString()}</figure>`);
    } catch (error) {
      const [type = 'diagram'] = block.split('\n', 1);
      const reason = String(error).split('\n').slice(0, 3).join('\n');
      say(`${path}: the ${type} cannot be drawn: ${reason}`);
      process.exitCode = 1;
    }
  }
  await browser.close();
  return drawings;
};

// --- The site -----------------------------------------------------------------------------------

/** What the reference opens to others: the factories of `layers.ts`, and what the pages point at. */
const entryPoints = async (pages: readonly Page[]): Promise<string[]> => {
  const layers = await readFile('reference/layers.ts', 'utf8');
  const factories = [...layers.matchAll(/from '\.\/(.+)'/g)].map(([, path = '']) => path);
  const linked = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/\]\(([^:)]+\.ts)\)/g)].map(([, link = '']) => join(dirname(path), link)),
  );
  const others = [...factories, ...OTHERS].map((path) => `reference/${path}`);
  const paths = [...new Set([...others, ...linked])];
  return [CONTRACTS, ...paths.filter((path) => !path.startsWith(CONTRACTS))];
};

/** The part of markdown-it that is used here. */
interface Markdown {
  readonly renderer: {
    readonly rules: {
      fence: (
        tokens: readonly { readonly content: string }[],
        index: number,
        ...rest: unknown[]
      ) => string;
    };
  };
}

/**
 * The first comment of a file, as Markdown, if it speaks of the whole file. Typedoc takes it for one of
 * the first import. What it draws by indenting stays as drawn.
 */
const headerOf = (source: string): string | undefined =>
  /^\/\*\*(.*?)\*\/\s*(?:import|\/\*\*)/s
    .exec(source)?.[1]
    ?.replace(/^ *\* ?/gm, '')
    .replace(/(?<=\n\n)(?! +(?:-|\d+\.) )(?: {2}.*(?:\n|$))+/g, '```text\n$&```\n');

/** Exports that no comment speaks of, a line a module. */
const undocumentedIn = (module: DeclarationReflection): string[] =>
  (module.children ?? [])
    .filter((item) => !item.hasComment() && !item.signatures?.some((each) => each.hasComment()))
    .map(({ name }) => name);

const pages = await readPages();
const drawings = await draw(pages);
const titles = new Map(pages.map(({ path, text }) => [path, /^# (.+)$/m.exec(text)?.[1] ?? path]));

const app = await Application.bootstrap({
  name: 'Murmuration',
  readme: 'README.md',
  projectDocuments: pages.slice(1).map(({ path }) => path),
  entryPoints: await entryPoints(pages),
  entryPointStrategy: 'expand',
  tsconfig: 'tsconfig.json',
  skipErrorChecking: true,
  excludeExternals: true,
  basePath: '.',
  displayBasePath: '.',
  sort: ['documents-first', 'source-order'],
  groupOrder: ['Documents', '*'],
  headings: { readme: false, document: false },
  searchInDocuments: true,
  hideGenerator: true,
  customCss: '.docs/site.css',
  ignoredHighlightLanguages: ['mermaid'],
  validation: { invalidLink: true, invalidPath: true, notDocumented: false, notExported: false },
  markdownItLoader: ({ renderer: { rules } }: Markdown) => {
    const { fence } = rules;
    rules.fence = (tokens, index, ...rest) =>
      drawings.get(tokens[index]?.content ?? '') ?? fence(tokens, index, ...rest);
  },
});
let written = 0;
app.renderer.on(PageEvent.END, () => void (written += 1));
app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_context, document) => {
  document.name = titles.get(`${document.name}.md`) ?? document.name;
});
app.converter.on(Converter.EVENT_CREATE_DECLARATION, (_context, module) => {
  if (!module.kindOf(ReflectionKind.Module)) return;
  const header = headerOf(readFileSync(`${module.name}.ts`, 'utf8'));
  if (header !== undefined) module.comment = new Comment([{ kind: 'text', text: header }]);
  module.name = module.name.replace(/^reference\//, '');
});

const project = await app.convert();
if (!project) throw new Error('typedoc found nothing to document');
app.validate(project);
let undocumented = 0;
for (const module of project.children ?? []) {
  const names = undocumentedIn(module);
  undocumented += names.length;
  if (names.length > 0) app.logger.error(`${module.name}: no documentation of ${names.join(', ')}`);
}
await app.generateDocs(project, 'site');
const blocks = pages.flatMap(blocksOf).length;
const brokenLinks = app.logger.validationWarningCount;
// CI has installed a browser; elsewhere one may be missing.
const undrawn = process.env['CI'] === undefined ? 0 : blocks - drawings.size;
if (app.logger.hasErrors() || undocumented + brokenLinks + undrawn > 0) process.exitCode = 1;

say(
  `${written} pages, ${drawings.size} of ${blocks} diagrams drawn, ` +
    `${brokenLinks} broken links, ${undocumented} undocumented exports: site/index.html`,
);
