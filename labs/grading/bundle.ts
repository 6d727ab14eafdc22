/**
 * The parts under test as one script: each file's exports by the file's name, and the way back from a
 * stack to the line that somebody wrote.
 */
import { SourceMap } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import esbuild from 'esbuild';
import { createImports, type Reading } from './imports.ts';
import type { LoadProblem, Where } from './result.ts';
import { EditMismatch, hashOf, isUnderTest, type Subject } from './subject.ts';
import { SCRIPT } from './wire.ts';

export interface Bundle {
  readonly ok: true;
  /** Evaluates to a function of `require` that gives the parts. */
  readonly script: string;
  /** The name under which it appears in stacks. */
  readonly filename: string;
  /** The script with its source map, for a debugger. */
  readonly mapped: () => string;
  /** Texts of the files under test, by name. */
  readonly texts: ReadonlyMap<string, string>;
  /** SHA-256 over them. */
  readonly code: string;
  /** The topmost line of a stack that belongs to the code under test. */
  readonly locate: (stack: string) => Where | undefined;
}

/** What stands in the way, about the files as far as they could be read. */
export interface Unloadable {
  readonly ok: false;
  readonly problem: LoadProblem;
  readonly code: string;
}

export interface Bundler {
  /**
   * Reads and bundles the files as they are now; far cheaper the second time.
   *
   * @throws EditMismatch if an edit does not apply.
   * @throws Error if the kit's own files are at fault.
   */
  readonly rebuild: () => Promise<Bundle | Unloadable>;
  readonly dispose: () => Promise<void>;
}

/** Ends the bundler's service, which otherwise waits for more work. */
export const stop = (): Promise<void> => esbuild.stop();

const ENTRY = '<parts>';

const wordsOf = (kind: LoadProblem['kind'], text: string): string => {
  const missing = /^No matching export in "(?<file>.*)" for import "(?<name>.*)"$/.exec(text);
  if (missing?.groups) {
    const { file, name } = missing.groups;
    return `imports ${name}, which ${path.basename(file!)} does not export`;
  }
  if (text.startsWith('Top-level await')) return 'waits while it loads: a core answers at once';
  return kind === 'syntax' ? `cannot be read: ${text}` : text;
};

const kindOf = ({ detail, text }: esbuild.Message): LoadProblem['kind'] => {
  if (text.startsWith('No matching export')) return 'export';
  return detail === 'import' || text.startsWith('Could not resolve') ? 'import' : 'syntax';
};

/** The first message, in words, at its line. */
const problemOf = (subject: Subject, messages: readonly esbuild.Message[]): LoadProblem => {
  const message = messages[0]!;
  const kind = kindOf(message);
  const { location } = message;
  const absolute = location && path.resolve(subject.base, location.file);
  if (!absolute || !isUnderTest(subject, absolute)) {
    throw new Error(`the kit cannot bundle its own files: ${message.text}`);
  }
  const file = path.relative(subject.base, absolute).replaceAll('\\', '/');
  const reason = `${file}:${location.line} ${wordsOf(kind, message.text)}`;
  return { kind, reason, where: { file, line: location.line } };
};

/** The function that a line of a stack names, if the file names it too. */
const symbolIn = (line: string, text: string): { symbol?: string } => {
  const symbol = /^\s*at (?:async )?(?:new )?(?:[\w$]+\.)*(?<name>[\w$]+) /.exec(line)?.groups?.[
    'name'
  ];
  if (symbol === undefined) return {};
  // Where two files have a function of one name, the bundler numbers the second.
  const names = [symbol, symbol.replace(/\d+$/, '')];
  const found = names.find((name) => new RegExp(`\\b${name.replaceAll('$', '\\$')}\\b`).test(text));
  return found === undefined ? {} : { symbol: found };
};

const createLocate = (subject: Subject, json: string, texts: ReadonlyMap<string, string>) => {
  let map: SourceMap | undefined;
  return (stack: string): Where | undefined => {
    map ??= new SourceMap(JSON.parse(json) as ConstructorParameters<typeof SourceMap>[0]);
    for (const line of stack.split('\n')) {
      const found = /parts-under-test\.js:(?<line>\d+):(?<column>\d+)/.exec(line)?.groups;
      if (!found) continue;
      const entry = map.findEntry(Number(found['line']) - 1, Number(found['column']) - 1);
      if (!('originalSource' in entry)) continue;
      const file = path.normalize(entry.originalSource).replaceAll('\\', '/');
      const text = texts.get(file);
      if (text === undefined || subject.given.includes(file)) continue;
      return { file, line: entry.originalLine + 1, ...symbolIn(line, text) };
    }
    return undefined;
  };
};

const optionsOf = (subject: Subject, reading: Reading) => {
  const exports = Object.entries(subject.parts).map(
    ([name, file]) => `export * as ${JSON.stringify(name)} from ${JSON.stringify(`./${file}`)};`,
  );
  return {
    stdin: {
      contents: exports.join('\n'),
      resolveDir: subject.base,
      sourcefile: ENTRY,
      loader: 'ts',
    },
    absWorkingDir: subject.base,
    bundle: true,
    write: false,
    outfile: path.join(subject.base, SCRIPT),
    sourcemap: 'external',
    format: 'iife',
    globalName: 'parts',
    // Strict throughout, and a `require` that the child gives or keeps.
    banner: { js: '(function (require) { "use strict";' },
    footer: { js: 'return parts; })' },
    platform: 'node',
    target: 'node20',
    charset: 'utf8',
    treeShaking: false,
    legalComments: 'none',
    logLevel: 'silent',
    tsconfigRaw: { compilerOptions: { target: 'es2023', alwaysStrict: true } },
    plugins: [createImports(subject, reading)],
  } as const satisfies esbuild.BuildOptions;
};

export const createBundler = async (subject: Subject): Promise<Bundler> => {
  const reading: Reading = { texts: new Map(), complaints: [] };
  const context = await esbuild.context(optionsOf(subject, reading));

  /** Edits of files that nobody imports apply nowhere. */
  const complaints = () => {
    const unread = subject.edits.filter(({ file }) => !reading.texts.has(file));
    return [...reading.complaints, ...unread.map(({ file }) => `an edit of ${file}: no such file`)];
  };

  const bundle = (files: readonly esbuild.OutputFile[]): Bundle => {
    const texts = new Map(reading.texts);
    const map = files.find((file) => file.path.endsWith('.map'))!.text;
    const script = files.find((file) => file.path.endsWith(SCRIPT))!.text;
    const inline = Buffer.from(map).toString('base64');
    return {
      ok: true,
      script,
      filename: pathToFileURL(path.join(subject.base, SCRIPT)).href,
      mapped: () => `${script}\n//# sourceMappingURL=data:application/json;base64,${inline}`,
      texts,
      code: hashOf(texts),
      locate: createLocate(subject, map, texts),
    };
  };

  return {
    async rebuild() {
      reading.texts.clear();
      reading.complaints.length = 0;
      try {
        const { outputFiles } = await context.rebuild();
        const [complaint] = complaints();
        if (complaint !== undefined) throw new EditMismatch(complaint);
        return bundle(outputFiles);
      } catch (error) {
        const { errors } = error as { readonly errors?: readonly esbuild.Message[] };
        if (!errors?.[0]) throw error;
        const [complaint] = reading.complaints;
        if (complaint !== undefined) throw new EditMismatch(complaint, { cause: error });
        return { ok: false, problem: problemOf(subject, errors), code: hashOf(reading.texts) };
      }
    },
    dispose: () => context.dispose(),
  };
};
