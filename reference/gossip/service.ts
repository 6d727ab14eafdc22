/**
 * Service: what peers ask of us, answered within what their class may cost. Nothing here changes what
 * is held.
 */
import type { Effect } from '#contracts/effects.ts';
import type { GossipOptions } from '#contracts/gossip.ts';
import type { Did, Json } from '#contracts/identifiers.ts';
import type { PullRequest, PullResponse, Request, Response } from '#contracts/messages.ts';
import type { State } from './state.ts';
import { asJson, sizeOf } from './voice.ts';

/** As many records from the front as fit into a budget; the first one always does. */
const withinBytes = (records: readonly Json[], bytesMax: number): Json[] => {
  let bytes = 0;
  return records.filter((record, index) => {
    bytes += sizeOf(record);
    return index === 0 || bytes <= bytesMax;
  });
};

export const createService = (options: GossipOptions, { log }: State) => {
  const { topic, trust, reconciliation, read } = options;

  /** Records by id, each once, and the ids that we do not hold either. */
  const answerRequest = (peer: Did, request: Request): Effect[] => {
    const ids = [...new Set(request.ids)];
    const found = ids.map((id) => (log.has(id) ? read(id) : undefined));
    const held = found.filter((record) => record !== undefined).map(asJson);
    const message: Response = {
      type: 'response',
      topic,
      records: withinBytes(held, trust.budget(peer).pullBytesMax),
      missing: ids.filter((_, index) => !found[index]),
    };
    return [{ effect: 'send', peer, message }];
  };

  /** What the asker lacks, ancestors first: nothing, if its filter is not sound. */
  const answerPull = (peer: Did, request: PullRequest): Effect[] => {
    const refusal = reconciliation.refusal?.(request);
    const served = reconciliation.serve(log, request, request.maxBytes, read);
    const message: PullResponse = {
      type: 'pull-response',
      topic,
      ...served,
      done: true,
      nonce: request.nonce,
    };
    const answer: Effect = { effect: 'send', peer, message };
    if (refusal === undefined) return [answer];
    return [{ effect: 'log', event: 'filter_refused', peer, detail: refusal }, answer];
  };

  return { answerRequest, answerPull };
};
