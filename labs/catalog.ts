/**
 * The labs, in teaching order: what each is called, which files a learner writes, and where the
 * reference has its reading of the same contracts.
 */
import type { Checkpoint } from './checkpoint.ts';

export interface Lab {
  /** `07`. */
  readonly number: string;
  /** Name of its folder under `labs/` and `solutions/`. */
  readonly name: string;
  readonly title: string;
  /** The chapter that prepares it. */
  readonly chapter: string;
  /** The layer of the node that it builds. */
  readonly layer: string;
  readonly tier: 'Reader' | 'Fixer' | 'Builder' | 'Maintainer';
  /** Files that the learner writes, in the order of the tasks. `answers.ts` is one of them. */
  readonly files: readonly string[];
  /** Files that come with the stub and are not written in. */
  readonly given: readonly string[];
  /** The reference's reading of each part, from the project's root. */
  readonly reference: { readonly [file: string]: string };
  /** The checkpoint's module, from this folder. */
  readonly checkpoint: () => Promise<Checkpoint>;
}

export const LABS: readonly Lab[] = [
  {
    number: '07',
    name: 'lab-07-gossip-sync',
    title: 'Gossip sync',
    chapter: 'modules/08-network-and-gossip.md',
    layer: 'gossip',
    tier: 'Builder',
    files: ['clock.ts', 'log.ts', 'gossip.ts', 'answers.ts'],
    given: ['given.ts', 'questions.ts'],
    reference: {
      'clock.ts': 'reference/gossip/vector-clock.ts',
      'log.ts': 'reference/gossip/topic-log.ts',
      'gossip.ts': 'reference/gossip/gossip.ts',
    },
    checkpoint: async () => (await import('./lab-07-gossip-sync/checkpoint.ts')).checkpoint,
  },
];

/** The lab of that name: `7`, `07` and `lab-07-gossip-sync` are one. */
export const findLab = (name: string): Lab | undefined =>
  LABS.find(
    (lab) => name === lab.name || (/^\d{1,2}$/.test(name) && Number(name) === Number(lab.number)),
  );
