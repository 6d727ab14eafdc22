/** Mutants of 07.10: who joins late. */
import type { Mutant } from '#labs/matrix/mutant.ts';

export const late: readonly Mutant[] = [
  {
    name: 'asks-not-on',
    misconception: 'I have asked, I was answered, so now I have everything.',
    edits: [
      {
        file: 'gossip.ts',
        find: 'return fresh.length > 0 ? [...effects, ...pull(peer, question.claim)] : effects;',
        replace: 'return effects;',
      },
      {
        file: 'gossip.ts',
        find: 'const { fresh, effects } = take(response.records, peer);',
        replace: 'const { effects } = take(response.records, peer);',
      },
    ],
    killedBy: '07.10',
    diagnosis: 'stopped-halfway',
  },
  {
    name: 'asks-the-same-again',
    misconception: 'The answer was cut short, so I ask the same question once more.',
    edits: [
      {
        file: 'gossip.ts',
        find: 'pulls.set(peer, { nonce: question.nonce, claim });',
        replace: 'pulls.set(peer, { nonce: question.nonce, claim, question });',
      },
      {
        file: 'gossip.ts',
        find: `    pulls.delete(peer);
    return fresh.length > 0 ? [...effects, ...pull(peer, question.claim)] : effects;`,
        replace: `    if (fresh.length > 0) {
      return [...effects, send(peer, { type: 'pull-request', ...question.question })];
    }
    pulls.delete(peer);
    return effects;`,
      },
      {
        file: 'gossip.ts',
        find: 'const pulls = new Map<Did, { readonly nonce: string; readonly claim: Summary }>();',
        replace: `type Question = Omit<PullRequest, 'type'>;
  type Pulling = { readonly nonce: string; readonly claim: Summary; readonly question: Question };
  const pulls = new Map<Did, Pulling>();`,
      },
    ],
    killedBy: '07.10',
    diagnosis: 'stopped-halfway',
  },
];
