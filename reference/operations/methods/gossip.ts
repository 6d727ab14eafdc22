/** What may be asked of the topics. */
import { method, none, ok, type Methods } from './method.ts';

export const gossipMethods: Methods = {
  'gossip.topics': method('what is held of each topic', none, (node) =>
    ok(node.topics().map((topic) => ({ ...topic }))),
  ),
};
