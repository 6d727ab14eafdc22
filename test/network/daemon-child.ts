/** A process that runs a daemon, stops it, and says what is still open: for daemon.test.ts. */
import { startDaemon } from '#reference/commands/node/daemon/daemon.ts';
import { homeAt } from '#reference/commands/node/home/home.ts';
import { readSettings } from '#reference/config.ts';
import { referenceLayers } from '#reference/layers.ts';

/** What holds the loop until it is closed. A request ends by itself: the loader of modules has some under way. */
const held = () =>
  process.getActiveResourcesInfo().filter((kind) => !/Req|^ConnectWrap$/.test(kind));

const before = held();
const daemon = await startDaemon({
  home: homeAt(process.argv[2]),
  layers: referenceLayers,
  settings: readSettings(),
  listen: '127.0.0.1:0',
  peers: [{ address: '127.0.0.1:9', did: undefined }],
  multicast: { interface: '127.0.0.1' },
  logLevel: 'error',
});
const during = held();
const { overdue } = await daemon.stop();
// What was closed in this turn leaves the loop in the next.
await new Promise((resolve) => setImmediate(resolve));
const after = held();
process.stdout.write(JSON.stringify({ before, during, after, overdue }));
