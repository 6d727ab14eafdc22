/** Layers of lab 07 that are wrong in one way: the solution, with something done to it from outside. */
import { cpSync, mkdirSync, mkdtempSync, realpathSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LABS } from '#labs/catalog.ts';
import { solutionOf } from '#labs/matrix/field.ts';

export const LAB = LABS[0]!;

/** What is done to the functions of the solution's gossip. */
const VARIANTS = {
  'never pulls': `receive: (now, peer, message) => inner.receive(now, peer, message).filter(
      (effect) => effect.effect !== 'send' || effect.message.type !== 'pull-request'),`,
  'throws in receive': `receive(now, peer, message) {
      if (message.type === 'announce') throw new TypeError('no announcements today');
      return inner.receive(now, peer, message);
    },`,
  'loops for ever': `receive(now, peer, message) {
      console.log('heard', message.type);
      while (message.type === 'announce');
      return inner.receive(now, peer, message);
    },`,
} as const;
export type Variant = keyof typeof VARIANTS;

/** The line of `receive` in a variant's gossip.ts. */
export const RECEIVE_LINE = 6;

const gossipText = (variant: Variant): string => `
import type { CreateGossip } from '#contracts/gossip.ts';
import { create as createInner } from './inner.ts';
export const create: CreateGossip = (options) => {
  const inner = createInner(options);
  return { ...inner,
    ${VARIANTS[variant]}
  };
};`;

/** A temporary folder of this test's own; whoever makes it removes it. */
export const ownFolder = (): string => realpathSync(mkdtempSync(join(tmpdir(), 'graft-test-')));

/** Lays the variant out like the lab's folder, in a folder inside this one. */
export const layOut = (inside: string, variant: Variant): string => {
  const folder = join(inside, 'layer');
  mkdirSync(folder);
  for (const file of [...LAB.files, ...LAB.given]) {
    cpSync(join(solutionOf(LAB), file), join(folder, file));
  }
  renameSync(join(folder, 'gossip.ts'), join(folder, 'inner.ts'));
  writeFileSync(join(folder, 'gossip.ts'), gossipText(variant).trimStart());
  return folder;
};
