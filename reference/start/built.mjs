/**
 * Programs as scripts for plain `node`, built once and kept under `.state/built/`.
 *
 * Started file by file through a loader, a command costs a second of a processor (`npm run node help`:
 * 1.1 s); as a script it costs 0.2 s, of which Node takes 0.09 s. What is imported when it is needed
 * stays a file of its own beside the script. A manifest lists the files a program was made of, with their
 * sizes and times of change: it is built anew as soon as one of them differs, and only then. Two that
 * build at once do not meet: each writes a folder of its own, and the manifest names one of them.
 */
import { randomUUID } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The project's root. */
export const ROOT = path.resolve(fileURLToPath(new URL('../..', import.meta.url)));

/** Files that decide how the others are built. */
const ALWAYS = ['package.json', 'package-lock.json', 'reference/start/built.mjs'];

/** Packages with native code or files of their own beside them, or guarded from inside, stay where they are. */
const EXTERNAL = [
  '@chainsafe/*',
  '@fails-components/webtransport',
  '@opentelemetry/*',
  'classic-level',
  'esbuild',
  'tsx',
  'typescript',
];

/** @param {string} file from the root */
const signatureOf = (file) => {
  const { size, mtimeMs } = statSync(path.join(ROOT, file));
  return `${size} ${mtimeMs}`;
};

/** A file that changed later than this before a build began may or may not be in it. */
const MARGIN_MS = 50;

/**
 * The signature of a file that went into a build; none for one that changed meanwhile.
 *
 * @param {string} file
 * @param {number} startedMs
 */
const signatureSince = (file, startedMs) =>
  statSync(path.join(ROOT, file)).mtimeMs < startedMs - MARGIN_MS ? signatureOf(file) : '';

/**
 * What is kept of a program: the name of its folder, and what it was made of.
 *
 * @typedef {{ readonly folder: string, readonly files: { readonly [file: string]: string } }} Manifest
 */

const SCRIPT = 'program.mjs';

/**
 * The script that is kept, if nothing has changed since. Waits for nothing: most starts end here.
 *
 * @param {string} folder
 * @param {string} name
 */
const kept = (folder, name) => {
  try {
    const text = readFileSync(path.join(folder, `${name}.json`), 'utf8');
    const { folder: latest, files } = /** @type {Manifest} */ (JSON.parse(text));
    const file = path.join(folder, latest, SCRIPT);
    const isCurrent = Object.entries(files).every(
      ([source, signature]) => signatureOf(source) === signature,
    );
    return isCurrent && existsSync(file) ? file : undefined;
  } catch {
    return undefined;
  }
};

/**
 * A module knows its own place, and still does in a script elsewhere.
 *
 * @type {import('esbuild').Plugin}
 */
const ownPlaces = {
  name: 'own places',
  setup(build) {
    build.onLoad({ filter: /[/\\](labs|reference|test)[/\\].*\.m?[jt]s$/ }, async (args) => {
      const text = await readFile(args.path, 'utf8');
      if (!text.includes('import.meta.')) return undefined;
      const url = JSON.stringify(pathToFileURL(args.path).href);
      // A pattern that does not match itself: this file is part of programs that build others.
      const contents = text.replaceAll(/\bimport\.meta\.url\b/g, () => url);
      return { contents, loader: args.path.endsWith('.ts') ? 'ts' : 'js' };
    });
  },
};

/**
 * @param {string} contents a module that starts the program
 * @param {string} outdir where it will lie
 */
const build = async (contents, outdir) => {
  const startedMs = Date.now();
  const esbuild = await import('esbuild');
  const { outputFiles, metafile } = await esbuild.build({
    stdin: { contents, resolveDir: ROOT, sourcefile: '<program>', loader: 'ts' },
    absWorkingDir: ROOT,
    outdir,
    entryNames: path.parse(SCRIPT).name,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    write: false,
    metafile: true,
    // An error names the file and line that a person wrote.
    sourcemap: 'linked',
    sourcesContent: false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'silent',
    external: EXTERNAL,
    plugins: [ownPlaces],
    // Packages written for `require` find it here.
    banner: {
      js: `import { createRequire as $create } from 'node:module';\nconst require = $create(${JSON.stringify(pathToFileURL(path.join(ROOT, 'package.json')).href)});`,
    },
  });
  const inputs = Object.keys(metafile.inputs).filter((file) => file !== '<program>');
  const files = [...new Set([...ALWAYS, ...inputs])];
  return {
    outputs: outputFiles,
    files: Object.fromEntries(files.map((file) => [file, signatureSince(file, startedMs)])),
  };
};

/** Who was started from what was replaced may still load a part of it, or start it again. */
const SPARED_MS = 86_400_000;
/** Of one program. */
const SPARED_MAX = 8;
/** It may be in the making. */
const RECENT_MS = 60_000;

/**
 * Removes what was replaced long ago, or too often.
 *
 * @param {string} folder
 * @param {string} name of the program
 */
const tidy = (folder, name) => {
  const isBuild = new RegExp(`^${name.replaceAll('.', '\\.')}\\.[0-9a-f-]{36}$`);
  const builds = readdirSync(folder)
    .filter((each) => isBuild.test(each))
    .map((each) => ({ place: path.join(folder, each), mtimeMs: mtimeOf(path.join(folder, each)) }))
    .sort((left, right) => right.mtimeMs - left.mtimeMs);
  for (const [index, { place, mtimeMs }] of builds.entries()) {
    const ageMs = Date.now() - mtimeMs;
    const isSpared = ageMs < RECENT_MS || (index < SPARED_MAX && ageMs < SPARED_MS);
    if (index > 0 && !isSpared) rmSync(place, { recursive: true, force: true });
  }
};

/**
 * 0 for what another process has tidied away meanwhile.
 *
 * @param {string} place
 */
const mtimeOf = (place) => statSync(place, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/**
 * The file of a program, built anew if anything in it has changed.
 *
 * @param {string} name of the program
 * @param {string} contents a module that starts the program; it imports from the project's root
 * @param {string} [folder] where it is kept
 * @returns {Promise<string>} an absolute path
 * @throws {Error} if it cannot be built: the kit is at fault; with a `code` if it cannot be kept
 */
export const built = async (name, contents, folder = path.join(ROOT, '.state', 'built')) => {
  const found = kept(folder, name);
  if (found !== undefined) return found;
  const latest = `${name}.${randomUUID()}`;
  const outdir = path.join(folder, latest);
  // First, for a folder that nothing can be written to is known before the work is done.
  mkdirSync(outdir, { recursive: true });
  const { outputs, files } = await build(contents, outdir);
  for (const { path: file, contents: bytes } of outputs) writeFileSync(file, bytes);
  // Another one may be reading it: the manifest is there whole, or not at all.
  const fresh = path.join(outdir, 'manifest.json');
  writeFileSync(fresh, JSON.stringify({ folder: latest, files }));
  renameSync(fresh, path.join(folder, `${name}.json`));
  tidy(folder, name);
  return path.join(outdir, SCRIPT);
};

/** What a disk says that keeps nothing; anything else is a defect. */
const UNKEPT = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'ENOTDIR', 'EEXIST']);

/**
 * The words after which `node` runs a file of the project: its script, or the file itself through the
 * loader where no script can be kept.
 *
 * @param {string} file from the root; it starts what it does when it is imported
 * @param {string} [folder] where scripts are kept
 * @returns {Promise<readonly [...flags: string[], script: string]>}
 */
export const wordsToRun = async (file, folder) => {
  const name = file.replace(/\.ts$/, '').replaceAll(/[^\w-]+/g, '.');
  try {
    return ['--enable-source-maps', await built(name, `import './${file}';`, folder)];
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    if (code === undefined || !UNKEPT.has(code)) throw error;
    return ['--import', import.meta.resolve('tsx'), path.join(ROOT, file)];
  }
};
