/** What a running node says of itself at `/metrics`: the very numbers that an operator has. */
import { readControl, type Control } from '#reference/operations/client.ts';
import type { Actor } from '#reference/commands/actor.ts';

/** Sums of all values of a metric's label, by the name of the metric. */
export type Sample = ReadonlyMap<string, number>;

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{.*\})? (\S+)$/;

export const controlOf = async ({ name, home }: Actor): Promise<Control> => {
  const control = await readControl(home.controlPath);
  if (!control) throw new Error(`${name} is not running`);
  return control;
};

export const scrape = async ({ address, token }: Control): Promise<Sample> => {
  const response = await fetch(`http://${address}/metrics`, {
    headers: { authorization: `Bearer ${token}` },
  });
  if (!response.ok) throw new Error(`/metrics answered ${response.status}`);
  const sample = new Map<string, number>();
  for (const line of (await response.text()).split('\n')) {
    const [, name, value] = LINE.exec(line) ?? [];
    if (name !== undefined) sample.set(name, (sample.get(name) ?? 0) + Number(value));
  }
  return sample;
};

/** A metric that a node always has. */
export const valueIn = (sample: Sample, name: string): number => {
  const value = sample.get(name);
  if (value === undefined) throw new Error(`no metric ${name}`);
  return value;
};
