/**
 * What JSON.parse does not say: how deep a text goes before it is read, and afterwards a key that
 * came twice, a number that was rounded, half of a surrogate pair.
 *
 * Depth comes first: 1 MiB of brackets costs JSON.parse and the collector 0.3 s, and this pass
 * nothing. The rest comes last, over a text already known to be well formed, so nothing there need
 * ask whether a string ends or a bracket closes.
 */
import { CONTENT_STATUSES, DEPTH_MAX, type ContentStatus } from '#contracts/content.ts';
import { refused, type Refused } from '#contracts/outcome.ts';
import { clip, hasLoneSurrogate, isUnsafe } from './canonical.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
// An opening bracket or brace; the closing one is 2 above it in ASCII.
const isOpening = (code: number): boolean => code === 0x5b || code === 0x7b;
const isClosing = (code: number): boolean => code === 0x5d || code === 0x7d;

/** The refusal of a text, well formed or not, that opens more than DEPTH_MAX brackets outside strings. */
export const refuseDepth = (text: string): Refused<ContentStatus> | undefined => {
  let depth = 0;
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = stringEnd(text, at);
      continue;
    }
    if (isOpening(code) && ++depth > DEPTH_MAX) {
      return refused(
        'too_deep',
        `at character ${at}: expected at most ${DEPTH_MAX} arrays and objects, came one more`,
      );
    }
    if (isClosing(code)) depth--;
    at++;
  }
  return undefined;
};

/** The first refusal of a well-formed text, by precedence and then by place. */
export const refuseHidden = (text: string): Refused<ContentStatus> | undefined => {
  let worst: Refused<ContentStatus> | undefined;
  const found = (status: ContentStatus, at: number, expected: string, came: string): void => {
    if (worst !== undefined && rank(worst.status) <= rank(status)) return;
    worst = refused(status, `at character ${at}: expected ${expected}, came ${clip(came)}`);
  };

  /** The keys so far of every array and object around this place; those of an array stay none. */
  const around: Set<string>[] = [];
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      const end = stringEnd(text, at);
      const literal = text.slice(at, end);
      const decoded = literal.includes('\\') ? String(JSON.parse(literal)) : literal.slice(1, -1);
      if (hasLoneSurrogate(decoded)) found('surrogate_lone', at, 'pairs of surrogates', literal);
      if (isFollowedByColon(text, end)) {
        const keys = around.at(-1);
        if (keys?.has(decoded)) found('key_duplicate', at, 'every key once', literal);
        keys?.add(decoded);
      }
      at = end;
      continue;
    }
    if (isNumeric(code)) {
      const literal = text.slice(at, numberEnd(text, at));
      if (isRounded(literal)) found('number_unsafe', at, 'integers up to 2^53-1', literal);
      at += literal.length;
      continue;
    }
    if (isOpening(code)) around.push(new Set());
    if (isClosing(code)) around.pop();
    at++;
  }
  return worst;
};

const rank = (status: ContentStatus): number => CONTENT_STATUSES.indexOf(status);

// Loops, not patterns: a pattern over a string of 1 MiB keeps a way back from each of its characters.
const stringEnd = (text: string, start: number): number => {
  let at = start + 1;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at + 1;
    at += code === BACKSLASH ? 2 : 1;
  }
  return text.length;
};

/** In well-formed JSON a string is followed by a colon exactly when it is a key. */
const isFollowedByColon = (text: string, start: number): boolean => {
  let at = start;
  while (at < text.length && ' \t\n\r'.includes(text.charAt(at))) at++;
  return text[at] === ':';
};

/** A digit or the minus sign: what a number starts with. */
const isNumeric = (code: number): boolean => code === 0x2d || (code >= 0x30 && code <= 0x39);

const numberEnd = (text: string, start: number): number => {
  let at = start + 1;
  while (at < text.length && '0123456789.eE+-'.includes(text.charAt(at))) at++;
  return at;
};

/** An integer literal that a double cannot be trusted with, or a number that prints as one. */
const isRounded = (literal: string): boolean => {
  const number = Number(literal);
  if (isUnsafe(number)) return true;
  return !/[.eE]/.test(literal) && !Number.isSafeInteger(number);
};
