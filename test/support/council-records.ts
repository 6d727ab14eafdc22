/** Records of the council as a core is given them: ids and signatures were checked before. */
import { createHash } from 'node:crypto';
import { COUNCIL_TOPIC } from '#contracts/certificates.ts';
import type { Did, NetworkId, RecordId } from '#contracts/identifiers.ts';
import type { RecordBodies, RecordKind, SignedRecord } from '#contracts/records.ts';

/** The same words of one author have the same id, unless `salt` tells them apart. */
export const councilRecord = <Kind extends RecordKind>(
  kind: Kind,
  author: Did,
  body: RecordBodies[Kind],
  salt = 0,
): SignedRecord<Kind> => ({
  kind,
  network: '' as NetworkId,
  topic: COUNCIL_TOPIC,
  author,
  sequence: 1,
  previous: null,
  parents: [],
  timestamp: 0,
  body,
  id: createHash('sha256')
    .update(JSON.stringify([author, body, salt]))
    .digest('hex') as RecordId,
  signature: '',
});
