/**
 * A process of its own for the fourth proof layer:
 *
 *   restart-helper.ts write DIR                    says something, keeps it, prints OWN_DID,SUBSCRIBER_DID
 *   restart-helper.ts read DIR OWN SUBSCRIBER      0 if a fresh node has all of it, 1 if not
 */
import type { Did, Topic } from '#contracts/identifiers.ts';
import { nodeOf } from './clusters.ts';
import { objections, opened, proofCluster } from './proof.ts';

const TOPIC: Topic = 'proof:layer-4-cross-process-proof';

const write = async (directory: string): Promise<number> => {
  const { places } = await opened(directory, TOPIC);
  await nodeOf(places[0]).keep();
  process.stdout.write(`${places[0]?.did},${places[1]?.did}\n`);
  return 0;
};

const read = async (directory: string, own: Did, subscriber: Did): Promise<number> => {
  const cluster = proofCluster(directory);
  await cluster.start(0);
  const node = nodeOf(cluster.places[0]);
  const found = objections(node.coordination(), { topic: TOPIC, own, subscriber });
  for (const each of found) process.stderr.write(`${each}\n`);
  return found.length === 0 ? 0 : 1;
};

const [verb, directory = '', own = '', subscriber = ''] = process.argv.slice(2);
process.exitCode =
  verb === 'write' ? await write(directory) : await read(directory, own as Did, subscriber as Did);
