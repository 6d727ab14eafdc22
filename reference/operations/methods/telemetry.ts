/** What a node has counted and timed. */
import * as z from 'zod';
import type { Node } from '#contracts/node.ts';
import type { Reading } from '#contracts/telemetry.ts';
import { otlpOf } from '#reference/telemetry/otlp.ts';
import { method, none, ok, type Answer, type Methods } from './method.ts';

/** Of a label with a value the value is in the name, as Prometheus writes it. */
const rowsOf = (reading: Reading): (readonly [string, number])[] =>
  'distributions' in reading
    ? []
    : [...reading.values].map(([label, value]) => [
        label === '' ? reading.name : `${reading.name}{${label}}`,
        value,
      ]);

/** The numbers of the network and of gossip, as they stand. */
const stats = (node: Node): Answer =>
  ok({
    peers: node.peers().length,
    counters: Object.fromEntries(
      node.telemetry
        .readings()
        .filter(({ name }) => name.startsWith('icn_'))
        .flatMap(rowsOf),
    ),
  });

const spans = (node: Node, { otlp }: { readonly otlp: boolean }): Answer => {
  const finished = node.telemetry.spans();
  if (otlp) return ok(otlpOf(finished, node.did));
  return ok(
    finished.map(({ name, beganAt, tookMs, attributes, failure }) => ({
      name,
      beganAt,
      tookMs,
      attributes: { ...attributes },
      failure: failure ?? null,
    })),
  );
};

export const telemetryMethods: Methods = {
  'network.stats': method('links, messages and bytes since the start', none, stats),
  'node.spans': method(
    'the last pieces of work of each kind: when, how long, how they ended',
    z.strictObject({ otlp: z.boolean().default(false) }),
    spans as (node: Node, params: unknown) => Answer,
  ),
};
