/**
 * Spans as OTLP has them, in JSON: what an OpenTelemetry collector takes at `/v1/traces`, and reads from a file.
 * The form is that of OTLP 1.x, "JSON Protobuf Encoding": ids in hexadecimal, times as decimal strings.
 */
import { createHash } from 'node:crypto';
import type { Json } from '#contracts/identifiers.ts';
import type { Attributes, FinishedSpan } from '#contracts/telemetry.ts';

/** `SPAN_KIND_INTERNAL` and `SPAN_KIND_SERVER` of its protocol. */
const KINDS: { readonly [name: string]: number } = { 'rpc.request': 2 };
const INTERNAL = 1;
const STATUS_ERROR = 2;

const valueOf = (value: Attributes[string]): Json => {
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'string') return { stringValue: value };
  return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
};

const attributesOf = (attributes: Attributes): Json =>
  Object.entries(attributes).map(([key, value]) => ({ key, value: valueOf(value) }));

/** Microseconds are all that a clock of ours has. */
const nanoseconds = (ms: number): string => String(BigInt(Math.round(ms * 1_000)) * 1_000n);

/** The same span has the same ids however often it is told: a collector keeps it once. */
const spanOf = (instance: string, span: FinishedSpan): Json => {
  const { name, number, beganAt, tookMs, attributes, failure } = span;
  const digest = createHash('sha256').update(`${instance} ${beganAt} ${number}`).digest('hex');
  return {
    traceId: digest.slice(0, 32),
    spanId: digest.slice(32, 48),
    name,
    kind: KINDS[name] ?? INTERNAL,
    startTimeUnixNano: nanoseconds(beganAt),
    endTimeUnixNano: nanoseconds(beganAt + tookMs),
    attributes: attributesOf(attributes),
    status: failure === undefined ? {} : { code: STATUS_ERROR, message: failure },
  };
};

/** `instance` says whose they are. */
export const otlpOf = (spans: readonly FinishedSpan[], instance: string): Json => ({
  resourceSpans: [
    {
      resource: {
        attributes: attributesOf({
          'service.name': 'murmuration',
          'service.instance.id': instance,
        }),
      },
      scopeSpans: [
        { scope: { name: 'murmuration' }, spans: spans.map((span) => spanOf(instance, span)) },
      ],
    },
  ],
});
