/**
 * The tree of ids: a Merkle tree over hex digits, kept with every id that comes and goes.
 *
 *   ''  ->  0 1 2 ... f  ->  00 01 ... ff  ->  ...
 *
 * Ids are hashes, so they spread evenly and the tree stays as flat as log16 n without balancing. A node
 * of up to 32 ids is a leaf, a larger one has sixteen children; so the shape follows from the set alone,
 * whatever the order in which it grew, and equal sets have equal fingerprints. Fingerprints are SHA-256
 * over what is below: two sets that differ cannot be made to look alike, as sums of ids could.
 *
 * What changed is only marked, and hashed when somebody asks: a digest asks for nothing here.
 */
import type { Content } from '#contracts/content.ts';
import type { RecordId } from '#contracts/identifiers.ts';
import type { IdIndex } from '#contracts/knowledge.ts';

const LEAF_IDS_MAX = 32;
export const DIGITS: readonly string[] = Array.from('0123456789abcdef');

interface Leaf {
  readonly kind: 'leaf';
  readonly ids: RecordId[];
  fingerprint: string | undefined;
}

interface Branch {
  readonly kind: 'branch';
  readonly children: readonly Slot[];
  count: number;
  fingerprint: string | undefined;
}

/** A place in the tree, whose node is replaced as it grows and shrinks. */
interface Slot {
  node: Leaf | Branch;
}

const emptyLeaf = (): Leaf => ({ kind: 'leaf', ids: [], fingerprint: undefined });
const countOf = (node: Leaf | Branch): number =>
  node.kind === 'leaf' ? node.ids.length : node.count;

export const createIdTree = (content: Content): IdIndex => {
  const root: Slot = { node: emptyLeaf() };

  const childOf = ({ children }: Branch, id: string, level: number): Slot =>
    children[parseInt(id[level]!, 16)]!;

  const split = ({ ids }: Leaf, level: number): Branch => {
    const children = DIGITS.map((): Slot => ({ node: emptyLeaf() }));
    const branch: Branch = { kind: 'branch', children, count: 0, fingerprint: undefined };
    for (const id of ids) insert(childOf(branch, id, level), id, level + 1);
    branch.count = ids.length;
    return branch;
  };

  const insert = (slot: Slot, id: RecordId, level: number): void => {
    const { node } = slot;
    node.fingerprint = undefined;
    if (node.kind === 'branch') {
      node.count += 1;
      insert(childOf(node, id, level), id, level + 1);
      return;
    }
    node.ids.push(id);
    if (node.ids.length > LEAF_IDS_MAX) slot.node = split(node, level);
  };

  const gather = (node: Leaf | Branch): RecordId[] =>
    node.kind === 'leaf' ? node.ids : node.children.flatMap((child) => gather(child.node));

  const drop = (slot: Slot, id: RecordId, level: number): void => {
    const { node } = slot;
    node.fingerprint = undefined;
    if (node.kind === 'leaf') {
      const place = node.ids.indexOf(id);
      if (place < 0) throw new Error(`id tree: ${id} is not in it`);
      node.ids.splice(place, 1);
      return;
    }
    drop(childOf(node, id, level), id, level + 1);
    node.count -= 1;
    if (node.count <= LEAF_IDS_MAX) {
      slot.node = { kind: 'leaf', ids: gather(node), fingerprint: undefined };
    }
  };

  const hashIds = (ids: readonly RecordId[]): string =>
    ids.length === 0 ? '' : content.hash(`leaf ${[...ids].sort().join('')}`);

  const hashOf = (node: Leaf | Branch): string => {
    node.fingerprint ??=
      node.kind === 'leaf'
        ? hashIds(node.ids)
        : content.hash(`branch ${node.children.map((child) => hashOf(child.node)).join(' ')}`);
    return node.fingerprint;
  };

  /** The node at a prefix; the ids alone where a leaf reaches from above it. */
  const at = (prefix: string): Leaf | Branch => {
    let { node } = root;
    for (let level = 0; level < prefix.length; level++) {
      if (node.kind === 'leaf') {
        const ids = node.ids.filter((id) => id.startsWith(prefix));
        return { kind: 'leaf', ids, fingerprint: undefined };
      }
      ({ node } = childOf(node, prefix, level));
    }
    return node;
  };

  return {
    count: (prefix) => countOf(at(prefix)),
    fingerprint: (prefix) => hashOf(at(prefix)),
    ids: (prefix) => [...gather(at(prefix))].sort(),
    add: (id) => insert(root, id, 0),
    remove: (id) => drop(root, id, 0),
  };
};
