/** Asks a person at the terminal for a secret: what is typed is not shown. */
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';

/** What was typed; undefined where nobody sits at a terminal, or nothing was typed. */
export const askSecret = async (question: string): Promise<string | undefined> => {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
  process.stderr.write(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  const typed = await new Promise<string>((resolve) => {
    terminal.once('SIGINT', () => resolve(''));
    terminal.question('', resolve);
  });
  terminal.close();
  process.stderr.write('\n');
  return typed === '' ? undefined : typed;
};
