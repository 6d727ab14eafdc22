/** The words of `npm run lab`: three spellings of a lab, every action, and what is refused. */
import { describe, expect, it } from 'vitest';
import { readRequest } from '#labs/commands/request.ts';

const read = (text: string) => readRequest(text === '' ? [] : text.split(' '));
const brief = (text: string): unknown => {
  const request = read(text);
  const { action, lab, check, of, seed, token, json, withMine, words } = request;
  const more = { check, of, seed, token };
  return {
    action,
    lab: lab?.number,
    ...Object.fromEntries(Object.entries(more).filter(([, value]) => value !== undefined)),
    ...(json ? { json } : {}),
    ...(withMine ? { withMine } : {}),
    ...(words.length > 0 ? { words } : {}),
  };
};

describe('words that are understood', () => {
  it.each([
    ['', { action: 'map' }],
    ['json', { action: 'map', json: true }],
    ['7', { action: 'grade', lab: '07' }],
    ['07', { action: 'grade', lab: '07' }],
    ['lab-07-gossip-sync', { action: 'grade', lab: '07' }],
    [
      '07 of ../x seed abc json',
      { action: 'grade', lab: '07', of: '../x', seed: 'abc', json: true },
    ],
    ['07 of solution watch', { action: 'watch', lab: '07', of: 'solution' }],
    ['07 hint', { action: 'hint', lab: '07' }],
    ['07 hint 07.4', { action: 'hint', lab: '07', check: '07.4' }],
    ['07 07.4 hint', { action: 'hint', lab: '07', check: '07.4' }],
    ['hint 07.4', { action: 'hint', lab: '07', check: '07.4' }],
    ['diff 7', { action: 'diff', lab: '07' }],
    ['07 reset', { action: 'reset', lab: '07' }],
    ['07 undo', { action: 'undo', lab: '07' }],
    ['07 give-up', { action: 'give-up', lab: '07' }],
    ['07 debug', { action: 'debug', lab: '07' }],
    ['07 with mine', { action: 'grade', lab: '07', withMine: true }],
    ['07 versus of ../x', { action: 'versus', lab: '07', of: '../x' }],
    [
      '07 graft nodes 5 of ../x loss 0.2',
      {
        action: 'graft',
        lab: '07',
        of: '../x',
        words: ['nodes', '5', 'loss', '0.2'],
      },
    ],
    ['replay 07.4-42-3a0-9f3c1b-k7', { action: 'replay', token: '07.4-42-3a0-9f3c1b-k7' }],
    ['07 help', { action: 'help', lab: '07' }],
  ])('%s', (text, expected) => {
    expect(brief(text)).toEqual({ lab: undefined, ...expected });
  });
});

describe('words that are refused', () => {
  it.each([
    ['07 wach', 'did you mean "watch"?'],
    ['wach', 'did you mean "watch"?'],
    ['07 hints', 'did you mean "hint"?'],
    ['lab-07-gosip-sync', 'did you mean "lab-07-gossip-sync"?'],
    ['08', 'there is no lab "08" in this kit yet; there is 07 (lab-07-gossip-sync)'],
    ['0', 'there is no lab "0" in this kit yet; there is 07'],
    ['xyzzy', 'there is no lab "xyzzy" in this kit yet; there is 07'],
    ['watch', '"watch" wants a lab: say 07 watch'],
    ['of ../x', '"of" wants a lab: say 07 of'],
    ['07 watch hint', '"watch" and "hint" are two commands'],
    ['07 watch json', '"json" does not go with "watch"'],
    ['07 reset of ../x', '"of" does not go with "reset"'],
    ['07 hint 07.4 07.5', '"07.5" means nothing here'],
    ['07 hint 08.1', 'check 08.1 is none of lab 07'],
    ['hint 08.1', 'there is no lab "08"'],
    ['07 with yours', 'with: expected mine, got yours'],
    ['07 of', '"of" wants PATH after it'],
    ['07 --watch', 'words here have no dashes: say "watch"'],
    ['07 watch watch', '"watch" was said twice'],
    ['07 07', 'means nothing here'],
  ])('%s', (text, message) => {
    expect(() => read(text)).toThrow(message);
    expect(() => read(text)).toThrow(expect.objectContaining({ code: 'usage' }) as Error);
  });
});
