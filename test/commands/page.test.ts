/** The live page as a document; `test/long/page.test.ts` has it in a browser. */
import { describe, expect, it } from 'vitest';
import { livePage } from '#reference/operations/page.ts';

describe('the document', () => {
  it('has a nonce of its own each time, on its script and style, and takes nothing from elsewhere', async () => {
    const [first, second] = await Promise.all([livePage(), livePage()]);
    const nonces = [first, second].map(({ headers, body }) => {
      const policy = headers['content-security-policy']!;
      const nonce = /script-src 'nonce-([^']+)'/.exec(policy)?.[1];
      expect(policy).toMatch(/^default-src 'none'; /);
      expect(policy).not.toMatch(/unsafe|\*|https?:/);
      expect([...body.matchAll(/nonce="([^"]*)"/g)].map(([, each]) => each)).toEqual([
        nonce,
        nonce,
      ]);
      return nonce;
    });
    expect(nonces[0]).not.toBe(nonces[1]);
    expect(first.body).not.toMatch(
      /\b(?:src|href)=|innerHTML|insertAdjacent|document\.write|eval\(/,
    );
  });
});
