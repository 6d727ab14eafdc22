/**
 * Every surface on which somebody may say what it likes, what is tried there, and where: an input a row.
 * A row names a file and words of a title, or of a case, in it.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

type Row = readonly [input: string, file: string, words: string];

const SURFACES: { readonly [surface: string]: readonly Row[] } = {
  'wire frames': [
    [
      'lengths 0, 2^32-1, negative',
      'reference/frames.test.ts',
      'a length that is negative to those who read a sign',
    ],
    [
      'a prefix or a frame cut anywhere',
      'reference/frames.test.ts',
      'that ends inside a frame says so, after whatever byte',
    ],
    [
      'split at every byte',
      'reference/frames.test.ts',
      'cut in two at any byte gives the same messages',
    ],
    ['a byte a second', 'reference/session.test.ts', 'dripping'],
    [
      'unknown version or type',
      'reference/frames.test.ts',
      'another version of what we do not know',
    ],
    [
      'what goes on being no message',
      'reference/session.test.ts',
      'leaves whoever goes on saying what is no message',
    ],
    [
      'what grows when it is inflated',
      'reference/packing.test.ts',
      'is refused as malformed, and the stream goes on',
    ],
    ['before a Hello', 'long/hostile-peer.test.ts', 'gossip before a Hello'],
    [
      '10 000 streams',
      'network/quic.test.ts',
      'a second stream is never granted, were ten thousand asked for',
    ],
    ['never read', 'suites/link.ts', 'answers full to a sender who does not wait'],
    [
      'links that prove nothing, and strangers in every place',
      'reference/session.test.ts',
      'keeps a quarter of its places from strangers',
    ],
    [
      'capsules that the protocol does not have',
      'network/webtransport-guests.test.ts',
      'is shown out',
    ],
  ],
  'JSON entries': [
    ['ninety hostile files', 'commands/plumbing.test.ts', 'HOSTILE_JSON'],
    [
      'keys of prototypes',
      'simulation/faults/input.test.ts',
      'leaves the prototype of everything as it was',
    ],
    ['deep nesting', 'support/hostile-json.ts', '500 000 arrays that nobody closes'],
    ['fields and amounts of other kinds', 'reference/records.test.ts', 'an amount in a list'],
    [
      'parents: too many, twice, unsorted, itself',
      'reference/records.test.ts',
      'that names itself as a parent is refused',
    ],
    ['a forged id', 'simulation/quarantine.test.ts', 'lies beside the true one that comes'],
  ],
  'signed envelope': [
    [
      'each bit flipped',
      'reference/records.test.ts',
      'with any bit of its signature changed is refused',
    ],
    [
      'small order, S beyond the order',
      'reference/records.test.ts',
      'with S beyond the order of the group is none',
    ],
    ['a recorded Hello', 'network/cluster.test.ts', 'but not with a recorded one'],
    [
      'the same again',
      'reference/gossip/search.test.ts',
      'of a whole conversation, three times over',
    ],
    ['dates ahead, on a clock that jumps', 'network/clock.test.ts', 'set ahead and back by hours'],
  ],
  'did:key': [
    [
      'other keys, other spellings, 1 MiB',
      'reference/records.test.ts',
      'a mark that turns the direction',
    ],
  ],
  'bloom data': [
    [
      'sizes, hash functions, all ones, all zeros',
      'reference/reconciliation/filter.test.ts',
      'with a thousand million hash functions',
    ],
    [
      'a pinned false positive',
      'reference/reconciliation/search.test.ts',
      'pinned to the salt of the first round',
    ],
  ],
  'vector clocks': [
    ['too many, negative, fractions, names', 'reference/frames.test.ts', 'toString in a clock'],
    [
      'claims of what nobody has',
      'reference/gossip/pull.test.ts',
      'costs one pull and moves no clock',
    ],
    [
      'our own number, higher than it is',
      'reference/own-chain.test.ts',
      'is held up by a liar once and no longer',
    ],
  ],
  snapshots: [
    ['every byte, every end', 'reference/snapshot.test.ts', 'is noticed at every byte'],
    [
      'folders, pipes, links, 2 GiB',
      'reference/snapshot-file.test.ts',
      'is damage, and the one before is taken',
    ],
    [
      'a newer version, another owner',
      'reference/snapshot-file.test.ts',
      'of a newer program is neither read nor replaced',
    ],
    ['no room', 'commands/hostile-disk.test.ts', 'is told to whoever opens or closes a topic'],
  ],
  'quarantine store': [
    ['one too many, holes, time', 'reference/quarantine/inbox.test.ts', 'hold at the one too many'],
    ['all from one', 'simulation/quarantine.test.ts', 'fill a quarter, push out no evidence'],
    ['two releases at once', 'simulation/quarantine.test.ts', 'of two at once exactly one does'],
  ],
  'command line': [
    ['words', 'commands/node.test.ts', 'means nothing here'],
    ['a word in the place of a value', 'commands/words.test.ts', 'is the next word'],
    [
      'strange folders',
      'commands/hostile-home.test.ts',
      'is a home like any other, and moves no cursor',
    ],
    [
      'a key that others may read',
      'reference/key-file.test.ts',
      'that others may read or write is refused',
    ],
    [
      'a disk without room',
      'commands/hostile-disk.test.ts',
      'that finds no room leaves what was there',
    ],
    ['a home that may not be written', 'commands/hostile-disk.test.ts', 'a start says so and ends'],
    ['nobody reads', 'commands/node.test.ts', 'stops quietly when its reader has seen enough'],
    ['signals', 'network/daemon.test.ts', "'SIGINT', 'SIGTERM', 'SIGHUP'"],
  ],
  'lab stubs': [
    [
      'loops, exits, bombs, patches, promises',
      'labs/grading/cheats.test.ts',
      'an allocation without an end',
    ],
    ['a wait for ever', 'labs/grading/cheats.test.ts', 'Atomics.wait'],
  ],
  metrics: [
    [
      'fifty at once, slow, HEAD',
      'commands/watching.test.ts',
      'a scraper that reads nothing keeps nobody waiting',
    ],
    [
      'hostile labels',
      'reference/telemetry/exposition.test.ts',
      'lets none of them out of its quotes',
    ],
  ],
  RPC: [
    ['not JSON, no request, ids, batches', 'commands/control.test.ts', 'is no request: -32600'],
    ['Host and Origin', 'commands/control.test.ts', 'a name rebound to loopback'],
    ['slow, large, many', 'commands/control.test.ts', 'half a head, a byte a second'],
    ['ids that look like paths', 'commands/control.test.ts', '../../key.json'],
  ],
  'browser page': [
    ['strange texts', 'long/page.test.ts', 'makes text of whatever strangers write'],
    ['100 000 rows', 'long/page.test.ts', 'shows so many rows of a hundred thousand'],
  ],
  mDNS: [
    ['garbage, loops', 'network/mdns.test.ts', 'garbage does no harm'],
    ['a thousand that are not there', 'network/mdns.test.ts', 'take 256 places'],
    [
      'addresses of others',
      'network/mdns.test.ts',
      'an address that its sender does not have is ignored',
    ],
  ],
  'a whole node': [
    ['floods over QUIC', 'long/hostile-peer.test.ts', 'a node and an honest peer under a flood of'],
  ],
};

describe('what is tried at', () => {
  for (const [surface, rows] of Object.entries(SURFACES)) {
    it.each(rows)(`${surface}: %s`, (_input, file, words) => {
      const text = readFileSync(new URL(file, import.meta.url), 'utf8');
      expect(text.includes(words), `${file} has no "${words}"`).toBe(true);
    });
  }
});
