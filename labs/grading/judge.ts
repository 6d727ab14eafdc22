/** What a reply of the child means: a verdict, with the line to look at. */
import { messageOf } from '#contracts/faults.ts';
import type { Check, Finding } from '../checkpoint.ts';
import type { Bundle } from './bundle.ts';
import type { Where } from './result.ts';
import type { Subject } from './subject.ts';
import { whereIs } from './where.ts';
import type { Reply } from './wire.ts';

/** What a reply means. */
export type Judgement =
  | { readonly verdict: 'pass' }
  | { readonly verdict: 'fail'; readonly finding: Finding; readonly where: Where }
  | {
      readonly verdict: 'fail';
      readonly reason: string;
      readonly where: Where;
      /** What it was given, in words. */
      readonly input?: string;
    }
  | {
      readonly verdict: 'unfinished';
      readonly reason: string;
      readonly task: string;
      readonly where: Where;
    }
  /** A check that throws: the kit's own fault. */
  | { readonly verdict: 'defect'; readonly reason: string };

export type Failure = Extract<Judgement, { readonly verdict: 'fail' }>;

/** What is graded, and where its lines are. */
export interface Code {
  readonly subject: Subject;
  readonly bundle: Pick<Bundle, 'texts' | 'locate'>;
}

/** What was thrown, as the rest of a sentence whose subject is a line of code. */
export const wordsOfThrown = (name: string, message: string): string => {
  if (name === 'Forbidden' || name === 'NotExported') return message;
  if (name === 'EvalError') return 'makes code out of text: a lab is what its files say';
  return name === '' ? message : `throws ${name}: ${message}`;
};

/** One line, without signs that steer a terminal. */
export const oneLine = (text: string): string => text.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim();

/** A complaint that follows a line of code, or stands alone. */
const sentence = (at: Where | undefined, words: string): string =>
  oneLine(at ? `${at.file}:${at.line} ${words}` : words);

export const judgeReply = (code: Code, check: Check, input: unknown, reply: Reply): Judgement => {
  const place = () => whereIs(code.subject, code.bundle.texts, check.place);
  const given = () => check.inputText && { input: check.inputText(input) };
  switch (reply.kind) {
    case 'observed': {
      try {
        const finding = check.judge(input, reply.observation);
        if (!finding) return { verdict: 'pass' };
        const { place = check.place } = finding;
        const where = whereIs(code.subject, code.bundle.texts, place);
        return { verdict: 'fail', finding, where };
      } catch (error) {
        return { verdict: 'defect', reason: oneLine(`judge throws: ${messageOf(error)}`) };
      }
    }
    case 'unfinished': {
      const { stack } = reply;
      const task = oneLine(reply.task);
      const where = code.bundle.locate(stack) ?? place();
      return { verdict: 'unfinished', reason: `task ${task} is not written yet`, task, where };
    }
    case 'threw': {
      const at = code.bundle.locate(reply.stack);
      // A name that is not there, and no line of the code under test names it: the kit's own slip.
      if (!at && reply.name === 'ReferenceError') {
        return { verdict: 'defect', reason: oneLine(`observe throws: ${reply.message}`) };
      }
      const words = wordsOfThrown(reply.name, reply.message);
      // No line of the code under test: the observer fell over what it was given.
      const nonsense = !at && words.startsWith('throws ');
      const reason = nonsense
        ? `${check.place.symbol} gives what nothing can be done with: ${words.slice('throws '.length)}`
        : sentence(at, words);
      return { verdict: 'fail', reason: oneLine(reason), where: at ?? place(), ...given() };
    }
    case 'unusable':
      return { verdict: 'fail', reason: `${check.place.symbol} ${reply.reason}`, where: place() };
    case 'died':
      return { verdict: 'fail', reason: `this ${reply.reason}`, where: place(), ...given() };
  }
};
