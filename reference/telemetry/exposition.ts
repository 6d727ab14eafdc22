/**
 * The exposition: the book as OpenTelemetry has metrics, and as Prometheus reads them.
 *
 * `collect` is OpenTelemetry's MetricProducer, the way in for numbers that were counted elsewhere; any
 * of its exporters can be fed from it. The SDK is loaded when somebody looks for the first time, because
 * its 260 files cost 200 ms of processor time, which no node should pay that nobody watches; in pieces,
 * so that no peer waits long for it.
 */
import type { Attributes, HrTime, ValueType } from '@opentelemetry/api';
import type { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import type { Resource } from '@opentelemetry/resources';
import type * as sdk from '@opentelemetry/sdk-metrics';
import type { Distribution, Reading, Telemetry } from '#contracts/telemetry.ts';
import { counters, histograms, observed, type Instrument } from './instruments.ts';

/** The exposition format that every Prometheus reads. */
export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export interface Exposition extends sdk.MetricProducer {
  /** All metrics as Prometheus reads them. Whoever asks at the same time is told the same. */
  render(): Promise<string>;
}

interface Sdk {
  readonly types: typeof sdk;
  readonly double: ValueType;
  readonly resource: Resource;
  readonly serializer: PrometheusSerializer;
}

const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const loadSdk = async (attributes: Attributes): Promise<Sdk> => {
  const { ValueType } = await import('@opentelemetry/api');
  await pause();
  const { resourceFromAttributes } = await import('@opentelemetry/resources');
  await pause();
  const types = await import('@opentelemetry/sdk-metrics');
  await pause();
  const { PrometheusSerializer } = await import('@opentelemetry/exporter-prometheus');
  return {
    types,
    double: ValueType.DOUBLE,
    resource: resourceFromAttributes(attributes),
    // No time stamps: Prometheus has its own. No scope: there is one.
    serializer: new PrometheusSerializer(undefined, false, undefined, false, true),
  };
};

const hrTime = (ms: number): HrTime => [Math.floor(ms / 1_000), Math.round((ms % 1_000) * 1e6)];

/** The data points of one metric, one for each value of its label. */
const pointsOf = <From, To>(
  values: ReadonlyMap<string, From>,
  label: string | undefined,
  [startTime, endTime]: readonly [HrTime, HrTime],
  convert: (value: From) => To,
): sdk.DataPoint<To>[] =>
  [...values].map(([text, value]) => ({
    startTime,
    endTime,
    attributes: label === undefined ? {} : { [label]: text },
    value: convert(value),
  }));

/** A counter without a label begins at zero: only what is there can rise or stand still. */
const withZero = (values: ReadonlyMap<string, number>, { label }: Instrument) =>
  values.size === 0 && label === undefined ? new Map([['', 0]]) : values;

const histogramOf = ({ bounds, counts, count, sum }: Distribution) => ({
  buckets: { boundaries: [...bounds], counts: [...counts] },
  count,
  sum,
});

const instrumentOf = (name: Reading['name']): Instrument & { readonly monotonic: boolean } => {
  if (Object.hasOwn(counters, name)) {
    return { ...counters[name as keyof typeof counters], monotonic: true };
  }
  const found = observed[name as keyof typeof observed];
  return { ...found, monotonic: found.instrument === 'counter' };
};

/** One metric in OpenTelemetry's data model. */
const metricOf = (
  { types, double }: Sdk,
  reading: Reading,
  times: readonly [HrTime, HrTime],
): sdk.MetricData => {
  const common = (name: string, { unit, brief }: Instrument) => ({
    descriptor: { name, unit, description: brief, valueType: double },
    aggregationTemporality: types.AggregationTemporality.CUMULATIVE,
  });
  if ('distributions' in reading) {
    const instrument = histograms[reading.name];
    return {
      ...common(reading.name, instrument),
      dataPointType: types.DataPointType.HISTOGRAM,
      dataPoints: pointsOf(reading.distributions, instrument.label, times, histogramOf),
    };
  }
  const instrument = instrumentOf(reading.name);
  const same = (value: number): number => value;
  if (!instrument.monotonic) {
    return {
      ...common(reading.name, instrument),
      dataPointType: types.DataPointType.GAUGE,
      dataPoints: pointsOf(reading.values, instrument.label, times, same),
    };
  }
  return {
    ...common(reading.name, instrument),
    dataPointType: types.DataPointType.SUM,
    isMonotonic: true,
    dataPoints: pointsOf(withZero(reading.values, instrument), instrument.label, times, same),
  };
};

/** `attributes` say whose metrics these are, as OpenTelemetry's resource. */
export const createExposition = (telemetry: Telemetry, attributes: Attributes): Exposition => {
  const startTime = hrTime(Date.now());
  let loading: Promise<Sdk> | undefined;
  let rendering: Promise<string> | undefined;

  const collect = async (): Promise<sdk.CollectionResult> => {
    const loaded = await (loading ??= loadSdk(attributes));
    const times = [startTime, hrTime(Date.now())] as const;
    const metrics = telemetry.readings().map((reading) => metricOf(loaded, reading, times));
    const scope = { name: 'murmuration' };
    return {
      resourceMetrics: { resource: loaded.resource, scopeMetrics: [{ scope, metrics }] },
      errors: [],
    };
  };

  const renderOnce = async (): Promise<string> => {
    try {
      const { resourceMetrics } = await collect();
      return (await loading!).serializer.serialize(resourceMetrics);
    } finally {
      rendering = undefined;
    }
  };

  return { collect, render: () => (rendering ??= renderOnce()) };
};
