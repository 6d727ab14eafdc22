/** What the manual says of telemetry: headings and rows, from the registry and the alert rules. */
import { readAlerts, readRegistry } from './registry.ts';

type Row = readonly string[];
type Table = readonly [headings: Row, rows: readonly Row[]];

const code = (text: string): string => `\`${text}\``;

const list = (attributes: readonly { readonly ref: string }[]): string =>
  attributes.map(({ ref }) => code(ref)).join(' ');

const registry = readRegistry();

export const telemetryTables: { readonly [name: string]: () => Table } = {
  metrics: () => [
    ['metric', 'kind', 'unit', 'what it says', 'label'],
    registry.metrics.map(({ name, instrument, unit, brief, attributes }) => [
      code(name),
      instrument,
      unit,
      brief,
      list(attributes),
    ]),
  ],
  spans: () => [
    ['span', 'what it times', 'with'],
    registry.spans.map(({ type, brief, attributes }) => [code(type), brief, list(attributes)]),
  ],
  events: () => [
    ['event', 'when', 'with'],
    registry.events.map(({ name, brief, attributes }) => [
      code(name),
      brief,
      list(attributes.filter(({ ref }) => ref !== 'event')),
    ]),
  ],
  alerts: () => [
    ['alert', 'severity', 'for', 'what to do'],
    readAlerts().map(({ alert, for: span, labels, annotations }) => [
      code(alert),
      labels.severity,
      span,
      annotations.description.trim(),
    ]),
  ],
};
