/**
 * Given: the shapes of the answers in `answers.ts`. What is asked is drawn for you alone, and shown by
 * `npm run lab 07 case`; an answer is a function that returns what you found out, or computes it.
 */
export type Name = 'ann' | 'ben' | 'cleo';

/**
 * What happens in a world, a line each; after each the messages under way arrive.
 *
 *   write ann       ann signs her next entry
 *   part ann ben    the link ends, and both notice      meet ann ben    a link again
 *   cut ann ben     everything between the two is lost  mend ann ben    no longer
 *   lose ann ben    the next message from ann to ben is lost
 *   twice ann ben   the next message from ann to ben arrives twice
 *   late ann ben    the next message from ann to ben arrives half a second late
 *   wait 30         so many seconds pass
 */
export type Step =
  | `write ${Name}`
  | `${'part' | 'meet' | 'cut' | 'mend' | 'lose' | 'twice' | 'late'} ${Name} ${Name}`
  | `wait ${number}`;

export type Clock = { readonly [author in Name]?: number };

/** 07.12 The clocks of all three at the end, and how the clocks of two entries compare. */
export type Trace = (question: {
  readonly steps: readonly Step[];
  /** Two entries, such as `ann#2`. */
  readonly left: string;
  readonly right: string;
}) => {
  readonly clocks: { readonly [node in Name]: Clock };
  readonly order: 'before' | 'after' | 'concurrent';
};

/** 07.13 At most five steps after which a world of correct nodes agrees and one of these does not. */
export type Explain = (fault: 'counts-over-holes' | 'drops-what-waits') => readonly Step[];

export type Fault =
  | 'counts-over-holes'
  | 'deaf-to-digests'
  | 'never-says-what-it-holds'
  | 'refuses-to-serve'
  | 'never-pushes'
  | 'drops-what-waits';

/** 07.14 One of three nodes has a fault. Which node, in which part of gossip, and what does it do? */
export type Debug = (evidence: {
  readonly steps: readonly Step[];
  /** All that happened, a line each. */
  readonly events: readonly string[];
}) => {
  readonly node: Name;
  readonly part: 'clock' | 'push' | 'wait' | 'pull';
  readonly fault: Fault;
};
