/**
 * The registry of telemetry as a value. Its form is that of OpenTelemetry's semantic conventions, file
 * format definition/2 (weaver's `semconv.schema.v2.json`), as far as we use it: no key is taken that
 * the schema does not have.
 */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import * as z from 'zod';

const stability = z.enum([
  'deprecated',
  'stable',
  'development',
  'alpha',
  'beta',
  'release_candidate',
]);
const brief = z.string().min(1);
const requirement = z.union([
  z.enum(['required', 'recommended', 'opt_in']),
  z.strictObject({ conditionally_required: z.string() }),
]);
const references = z
  .array(z.strictObject({ ref: z.string(), requirement_level: requirement.optional() }))
  .default([]);
const member = z.strictObject({ id: z.string(), brief: z.string().optional(), stability });

const schema = z.strictObject({
  file_format: z.literal('definition/2'),
  attributes: z.array(
    z.strictObject({
      key: z.string(),
      type: z.union([
        z.enum(['string', 'string[]', 'int', 'double', 'boolean', 'any']),
        z.strictObject({ members: z.array(member) }),
      ]),
      brief,
      stability,
      examples: z.array(z.string()).optional(),
    }),
  ),
  metrics: z.array(
    z.strictObject({
      name: z.string(),
      instrument: z.enum(['updowncounter', 'counter', 'gauge', 'histogram']),
      unit: z.string(),
      brief,
      stability,
      attributes: references,
    }),
  ),
  spans: z.array(
    z.strictObject({
      type: z.string(),
      kind: z.enum(['internal', 'client', 'server', 'producer', 'consumer']),
      name: z.strictObject({ note: z.string() }),
      brief,
      stability,
      attributes: references,
    }),
  ),
  events: z.array(z.strictObject({ name: z.string(), brief, stability, attributes: references })),
});
export type Registry = z.infer<typeof schema>;

export const TELEMETRY = new URL('../../reference/telemetry/', import.meta.url);

/** The registry of the reference. Throws where it has not the form of one. */
export const readRegistry = (): Registry =>
  schema.parse(parse(readFileSync(new URL('registry.yaml', TELEMETRY), 'utf8')));

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
}

/** The alert rules. */
export const readAlerts = (): readonly Rule[] => {
  const text = readFileSync(new URL('alerts.yaml', TELEMETRY), 'utf8');
  const { groups } = parse(text) as { groups: readonly { rules: readonly Rule[] }[] };
  return groups.flatMap(({ rules }) => rules);
};
