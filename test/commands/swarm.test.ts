/** `npm run swarm` as a stranger has it: what it says, what it refuses, how it ends. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { Fault } from '#contracts/faults.ts';
import { swarm } from '#reference/commands/swarm.ts';
import { barOf, percent } from '#reference/commands/swarm/chart.ts';
import { progressLine } from '#reference/commands/swarm/progress.ts';
import { cleanUp, run, start, temporary, within } from '#test/support/command.ts';

afterAll(cleanUp);

interface Said {
  readonly code: number;
  readonly out: string;
}

/** Runs the command in this process. */
const say = async (words: string): Promise<Said> => {
  let out = '';
  const log = vi.spyOn(console, 'log').mockImplementation((line: unknown) => {
    out += `${stripVTControlCharacters(String(line))}\n`;
  });
  try {
    return { code: await swarm(words.split(' ')), out };
  } finally {
    log.mockRestore();
  }
};

const jsonOf = async (words: string): Promise<Record<string, unknown>> =>
  JSON.parse((await say(`${words} json`)).out) as Record<string, unknown>;

describe('a swarm that agrees', () => {
  it.each([
    '10 seed 1',
    '10000 seed 1 fanout 3',
    '10000 seed 1 groups 100',
    '1000 seed 1 liars 0.2 verify',
    '100 seed 1 engine messages',
    '100 seed 1 engine messages rule direct-votes fanout 9',
    '10 seed 1 fanout 3 liars 3 rule relayed-votes',
    '10 seed 1 fanout 3 liars 3 lie forge',
    '10 seed 1 fanout 3 liars 3 lie bad-hash rule relayed-votes',
    '20000 seed 1 rule committee liars 0.1',
    '20000 seed 1 rule committee liars 0.1 groups 100',
  ])('%s', async (words) => {
    const { code, out } = await say(words);
    expect(out).toMatch(/all [\d ]+ correct agents hold the same state after \d+ rounds/);
    expect(out).toMatch(/^trace [0-9a-f]{64}$/m);
    expect(out).toMatch(/^again: npm run swarm .* seed 1$/m);
    expect(code).toBe(0);
  });

  it('says the same for one seed, and something else for another', async () => {
    const traces = [];
    for (const seed of [5, 5, 6]) traces.push((await jsonOf(`1000 seed ${seed}`))['traceHash']);
    expect(traces[0]).toBe(traces[1]);
    expect(traces[0]).not.toBe(traces[2]);
  });

  it('is replayed by the words that it prints', async () => {
    const words = '200 seed 9 fanout 2 groups 20 ambassadors 3 liars 0.1';
    const { again, traceHash } = await jsonOf(words);
    const replayed = await jsonOf(String(again).replace('npm run swarm ', ''));
    expect(replayed['traceHash']).toBe(traceHash);
  });

  it('stands beside the oracle and the calibration loop', async () => {
    const { rounds, oracle, bareMs, playMs } = await jsonOf('10000 seed 3');
    expect((rounds as unknown[]).length - (oracle as { rounds: number }).rounds).toBeLessThan(3);
    expect(Number(bareMs)).toBeGreaterThan(0);
    expect(Number(playMs)).toBeGreaterThan(0);
  });
});

describe('a swarm with more liars than its rule survives', () => {
  it('decides nothing where they are silent', async () => {
    const { code, out } = await say('10 liars 4 rule relayed-votes anyway fanout 3 seed 1');
    expect(out).toContain('NOBODY DECIDED: no correct agent accepted anything');
    expect(out).toContain('needs 7 of 10 votes, and with 4 liars only 6 are honest');
    expect(code).toBe(6);
  });

  it('splits where they sign twice, and says who did', async () => {
    const { code, out } = await say('10 liars 4 lie equivocate anyway fanout 3 seed 1');
    expect(out).toContain('SAFETY IS BROKEN: correct agents accepted different states');
    expect(out).toMatch(/evidence that convinces anybody: \d+ signed two words/);
    expect(code).toBe(1);
  });

  it('falls to one, where only the hash is looked at', async () => {
    const { code, out } = await say('10 liars 1 lie forge rule highest-version fanout 3 seed 1');
    expect(out).toContain('correct agents accepted what the writer never wrote');
    expect(code).toBe(1);
  });

  it('says why a vote by version never begins', async () => {
    const { code, out } = await say('10 rule version-votes fanout 3 seed 1');
    expect(out).toMatch(/NOT EVERYBODY: 1 of 10 .*\nnobody can be the first to see enough holders/);
    expect(code).toBe(6);
  });

  it('leaves groups without a voice uninformed', async () => {
    const { code, out } = await say('2000 groups 20 ambassadors 1 liars 0.3 seed 1');
    expect(out).toMatch(/NOT EVERYBODY: [\d ]+ of 1 400 correct agents/);
    expect(code).toBe(6);
  });
});

describe('what is refused, with the reason', () => {
  it.each([
    ['1', /from 2 to/],
    ['ten', /how many agents/],
    ['10 20', /means nothing here/],
    ['10 fanot 3', /did you mean "fanout"/],
    ['10 fanout 0', /nobody contacts anybody/],
    ['10 fanout 10', /at most 9/],
    ['100 fanout 5 groups 5', /a group of 5; expected at most 4/],
    ['100 groups 1', /a group of 1 has nobody to talk to/],
    ['100 groups 101', /larger than the swarm/],
    ['100 ambassadors 3', /without "groups SIZE"/],
    ['100 groups 10 ambassadors 11', /from 1 to 10/],
    ['10 liars 10', /fewer than all 10/],
    ['10 liars many', /a count, or a share/],
    ['10 liars 4 rule relayed-votes', /survives at most 3 liars, got 4; .*"anyway"/],
    ['1000 liars 0.3 rule committee', /below 0.3, came 300 of 1000/],
    ['1000 liars 0.3 rule committee anyway', /below 0.3/],
    ['1000000 liars 0.29 rule committee', /at most 2000 can be played/],
    ['1000000 engine messages', /at most 2000; for more, a committee/],
    ['10 engine bulk rule relayed-votes', /one certified state/],
    ['10 engine fast', /expected bulk or messages/],
    ['10 lie forge', /nobody tells it/],
    ['10 lie gossip liars 1', /expected silent or forge/],
    ['10 engine messages verify', /for the bulk engine/],
    ['2000000000', /need \d+ MiB; expected at most 1024 MiB/],
    ['10 svg', /wants FILE/],
    ['--fanout 3', /no dashes/],
  ])('%s', async (words, reason) => {
    const refusal = await say(words).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(Fault);
    expect((refusal as Fault).message).toMatch(reason);
    expect((refusal as Fault).code).toBe('usage');
  });

  it('with exit code 64, and a chart that cannot be written with 1 or 4', async () => {
    const [refused, unwritten] = await Promise.all([
      run(['swarm', '100', 'groups', '1']),
      run(['swarm', '10', 'svg', join(temporary(), 'no', 'such', 'folder.svg')]),
    ]);
    expect(refused).toMatchObject({ code: 64, out: '' });
    expect(unwritten.code).toBe(4);
    expect(unwritten.err).toContain('ENOENT');
  });
});

describe('its charts', () => {
  it('draws bars to an eighth of a block, and calls nothing 100 % that is less', () => {
    expect([0, 0.5, 1].map((share) => barOf(share, 4))).toEqual(['', '██', '████']);
    expect(barOf(1 / 32, 4)).toBe('▏');
    expect([0, 1e-9, 0.5, 0.99999999, 1].map(percent)).toEqual([
      '0 %',
      '< 0.0001 %',
      '50.0 %',
      '99.9999 %',
      '100 %',
    ]);
  });

  it('writes a picture that reads in light and in dark, and fetches nothing', async () => {
    const file = join(temporary(), 'swarm.svg');
    const { code } = await say(`1000 seed 4 svg ${file}`);
    const svg = readFileSync(file, 'utf8');
    expect(code).toBe(0);
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" viewBox/);
    expect(svg).toContain('prefers-color-scheme: dark');
    expect(svg.match(/<circle /g)!.length).toBeGreaterThan(5);
    expect(svg).not.toMatch(/NaN|undefined|href|<script|url\(/);
  });
});

describe('its bar', () => {
  it('shows rounds where it is known how many, and else the share', () => {
    expect(progressLine({ round: 5, of: 10, share: 0.01 }, 80)).toBe(
      `[${'#'.repeat(15)}${'-'.repeat(15)}] round 5 of about 10, 1.0 % know`,
    );
    expect(progressLine({ round: 12, of: 10, share: 0.99 }, 80)).toContain('round 12 of about 12');
    expect(progressLine({ round: 5, of: undefined, share: 0.1 }, 80)).toBe(
      `[###${'-'.repeat(27)}] round 5, 10.0 % know`,
    );
  });

  it('is never as wide as the terminal: a line that wraps cannot be wiped', () => {
    for (let columns = 1; columns <= 120; columns++) {
      const line = progressLine({ round: 12, of: 16, share: 0.999999 }, columns);
      expect(line.length).toBeLessThan(columns);
    }
  });
});

describe('Ctrl-C in the middle', () => {
  it('ends at once, and says what was reached', async () => {
    const words = ['swarm', '2000000', 'fanout', '20', 'liars', '0.5', 'seed', '1'];
    const { child, ended } = start(words);
    const timer = setInterval(() => child.kill('SIGINT'), 700);
    try {
      const { code, out } = await within('the end of an interrupted swarm', ended);
      // Before the first round nothing is reached, and the signal alone ends it.
      expect(code).toBe(130);
      expect(out === '' || /interrupted after \d+ rounds/.test(out)).toBe(true);
    } finally {
      clearInterval(timer);
    }
  });
});
