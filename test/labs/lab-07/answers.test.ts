/**
 * The questions of lab 07: every learner has others, what is shown is enough to answer them, and an
 * answer that is passed round is worth little.
 */
import { describe, expect, it } from 'vitest';
import { checkpoint } from '#labs/lab-07-gossip-sync/checkpoint.ts';
import { FAULTS, type Fault } from '#labs/lab-07-gossip-sync/checks/specimens.ts';
import { createRandom } from '#reference/sim/random.ts';
import * as answers from '#solutions/lab-07-gossip-sync/answers.ts';

const checkOf = (id: string) => checkpoint.checks.find((check) => check.id === id)!;
const learners = Array.from({ length: 60 }, (_, index) => createRandom(`learner ${index}`));

/** What a learner is asked, and whether the solution's answer to it is right. */
const asked = (id: string, own: (typeof learners)[number]) => {
  const check = checkOf(id);
  return check.inputs({ random: own, own });
};

describe('trace', () => {
  const questions = learners.map((own) => asked('07.12', own)[0]);

  it('is answered right by following who is in touch with whom', () => {
    const { observe, judge } = checkOf('07.12');
    for (const question of questions) {
      expect(judge(question, observe({ answers }, question))).toBeUndefined();
    }
  });

  it('differs from learner to learner: one answer for all is worth little', () => {
    const { observe, judge } = checkOf('07.12');
    const { given } = observe({ answers }, questions[0]) as { given: unknown };
    const passedRound = { answers: { trace: () => given } };
    const right = questions.filter(
      (question) => judge(question, observe(passedRound, question)) === undefined,
    );
    expect(right.length / questions.length).toBeLessThan(0.15);
  });
});

describe('explain', () => {
  it('takes any witness that separates right from wrong, and no other', () => {
    const { judge, observe } = checkOf('07.13');
    const verdict = (fault: string, steps: unknown) => {
      const answered = { answers: { explain: () => steps } };
      return judge({ fault }, observe(answered, { fault }))?.diagnosis ?? 'taken';
    };
    const hole = ['lose ann ben', 'lose cleo ben', 'write ann', 'write ann'];
    const other = ['lose cleo ann', 'lose ben ann', 'write cleo', 'wait 1', 'write cleo'];
    const parted = ['part ann cleo', 'lose ann ben', 'write ann', 'write ann', 'wait 1'];
    for (const fault of ['counts-over-holes', 'drops-what-waits']) {
      expect(verdict(fault, hole)).toBe('taken');
      expect(verdict(fault, other)).toBe('taken');
      expect(verdict(fault, parted)).toBe('taken');
      expect(verdict(fault, ['write ann'])).toBe('witness-too-weak');
      expect(verdict(fault, ['lose ann ben', 'write ann', 'write ann'])).toBe('witness-too-weak');
      expect(verdict(fault, ['cut ann ben', 'cut ann cleo', 'write ann'])).toBe(
        'witness-too-strong',
      );
      expect(verdict(fault, [...hole, 'wait 1', 'wait 1'])).toBe('witness-too-long');
      expect(verdict(fault, [])).toBe('witness-too-long');
      expect(verdict(fault, ['steal ann'])).toBe('witness-no-step');
      expect(verdict(fault, null)).toBe('witness-too-long');
    }
  });
});

describe('debug', () => {
  const { observe, judge } = checkOf('07.14');
  const [drawn] = asked('07.14', learners[0]!) as [{ node: string; fault: Fault }];
  const cases = ['ann', 'ben', 'cleo'].flatMap((node) =>
    Object.keys(FAULTS).map((fault) => ({ ...drawn, node, fault })),
  );

  it('shows enough to find every fault at every node', () => {
    for (const planted of cases) {
      const found = observe({ answers }, planted);
      expect(found).toMatchObject({ node: planted.node, fault: planted.fault });
      expect(judge(planted, found)).toBeUndefined();
    }
  });

  it('is not guessed: one answer fits one of eighteen cases', () => {
    const guess = { node: 'ann', part: 'push', fault: 'never-pushes' };
    expect(cases.filter((planted) => judge(planted, guess) === undefined)).toHaveLength(1);
  });

  it('says how far an answer is right', () => {
    const planted = { ...drawn, node: 'ben', fault: 'refuses-to-serve' };
    const verdict = (answer: unknown) => judge(planted, answer)?.diagnosis;
    expect(verdict({ node: 'ann', part: 'pull', fault: 'refuses-to-serve' })).toBe(
      'debug-node-wrong',
    );
    expect(verdict({ node: 'ben', part: 'push', fault: 'never-pushes' })).toBe('debug-part-wrong');
    expect(verdict({ node: 'ben', part: 'pull', fault: 'deaf-to-digests' })).toBe(
      'debug-fault-wrong',
    );
    for (const nonsense of [null, 7, 'ben', [], {}])
      expect(verdict(nonsense)).toBe('debug-node-wrong');
  });
});

describe('every question', () => {
  it('fits a terminal and names the file to write in', () => {
    for (const { id, question, inputs } of checkpoint.checks) {
      if (!question) continue;
      const own = createRandom(id);
      for (const input of inputs({ random: own, own })) {
        expect(question(input).lines.length).toBeLessThan(25);
      }
    }
  });
});
