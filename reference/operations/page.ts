/**
 * The live page: one document, its style and script inside, nothing from anywhere else.
 *
 * What it shows was written by strangers, so the browser is told to run nothing but the one script that
 * carries this answer's nonce, and the script makes nothing but text of what it is told.
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';

const folder = new URL('page/', import.meta.url);

const read = (name: string): Promise<string> => readFile(new URL(name, folder), 'utf8');

export interface Page {
  readonly headers: { readonly [name: string]: string };
  readonly body: string;
}

const policy = (nonce: string): string =>
  [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}'`,
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join('; ');

/** The page with a nonce of its own. */
export const livePage = async (): Promise<Page> => {
  const [html, style, script] = await Promise.all(
    ['live.html', 'live.css', 'live.js'].map((name) => read(name)),
  );
  const nonce = randomBytes(16).toString('base64');
  const body = html!
    .replace('<!-- style -->', () => `<style nonce="${nonce}">\n${style}</style>`)
    .replace('<!-- script -->', () => `<script nonce="${nonce}">\n${script}</script>`);
  return {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy(nonce),
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    },
    body,
  };
};
