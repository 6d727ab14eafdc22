/** Mutants of 07.6: what waits, and questions by name. */
import type { Mutant } from '#labs/matrix/mutant.ts';

export const waiting: readonly Mutant[] = [
  {
    name: 'drops-what-waits',
    misconception: 'It does not fit yet, so I drop it; it will come again.',
    edits: [
      {
        file: 'gossip.ts',
        find: 'else waiting = [...waiting, opened];',
        replace: 'else if (log.missing(opened).length === 0) waiting = [...waiting, opened];',
      },
    ],
    killedBy: '07.6',
    diagnosis: 'drops-what-waits',
  },
  {
    name: 'never-asks-by-name',
    misconception: 'What is missing is on its way; I only have to wait.',
    edits: [
      {
        file: 'gossip.ts',
        find: '...announce(fresh, from), ...ask(lacking, from)] };',
        replace: '...announce(fresh, from)] };',
      },
    ],
    killedBy: '07.6',
    diagnosis: 'waits-without-asking',
  },
  {
    name: 'asks-once',
    misconception: 'I have asked for it, so it will come.',
    edits: [
      {
        file: 'gossip.ts',
        find: "return peer === self ? [again] : [send(peer, { type: 'request', topic, ids }), again];",
        replace: "return peer === self ? [] : [send(peer, { type: 'request', topic, ids })];",
      },
      {
        file: 'gossip.ts',
        find: "    const again = later(settings.requestRetryMs, 'ask');\n",
        replace: '',
      },
    ],
    killedBy: '07.6',
    diagnosis: 'asks-once',
  },
  {
    name: 'answers-no-request',
    misconception: 'A request is a kind of message that I send; nothing has to be done on receipt.',
    edits: [
      { file: 'gossip.ts', find: 'return answer(peer, message.ids);', replace: 'return [];' },
    ],
    killedBy: '07.6',
    diagnosis: 'request-unanswered',
  },
  {
    name: 'ignores-answers',
    misconception: 'An answer tells me who has it; then I wait for it to be announced.',
    edits: [
      {
        file: 'gossip.ts',
        find: 'return take(message.records, peer).effects;',
        replace: 'return [];',
      },
    ],
    killedBy: '07.6',
    diagnosis: 'dropped-on-arrival',
  },
  {
    name: 'settles-once',
    misconception: 'I go through what waits once, and let in whatever is ready.',
    edits: [
      {
        file: 'gossip.ts',
        find: 'for (let record = ready(); record; record = ready()) {',
        replace: 'for (const record of waiting.filter((each) => log.missing(each).length === 0)) {',
      },
    ],
    killedBy: '07.6',
    diagnosis: 'left-waiting',
  },
];
