/** Sentences that several commands end with: what to type next. */
export const CREATE_HINT =
  'Found one with "npm run node init data DIR network NAME", or join one with "npm run node join FILE data DIR"';
