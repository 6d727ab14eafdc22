/**
 * Programs of the kit as single scripts, built once and kept under `.state/built/`.
 *
 * Started file by file through a loader, the command line takes longer than a whole verdict may (0.25 s
 * of 0.6 s); as one script it takes 0.05 s. A manifest lists the files it was made of, with their sizes
 * and times of change: it is built anew as soon as one of them differs, and only then.
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
export const ROOT = path.resolve(fileURLToPath(new URL('..', import.meta.url)));

/** Files that decide how the others are built. */
const ALWAYS = ['package.json', 'package-lock.json', 'start/built.mjs'];

/** Packages with native code or files of their own beside them stay where they are. */
const EXTERNAL = ['@chainsafe/*', 'classic-level', 'esbuild', 'multicast-dns', 'tsx', 'typescript'];

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
 * What is kept of a program: the name of its script, and what it was made of.
 *
 * @typedef {{ readonly script: string, readonly files: { readonly [file: string]: string } }} Manifest
 */

/**
 * The script that is kept, if nothing has changed since. Waits for nothing: most starts end here.
 *
 * @param {string} folder
 * @param {string} name
 */
const kept = (folder, name) => {
  try {
    const text = readFileSync(path.join(folder, `${name}.json`), 'utf8');
    const { script, files } = /** @type {Manifest} */ (JSON.parse(text));
    const file = path.join(folder, script);
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
    build.onLoad({ filter: /[/\\](labs|reference)[/\\].*\.m?[jt]s$/ }, async (args) => {
      const text = await readFile(args.path, 'utf8');
      if (!text.includes('import.meta.')) return undefined;
      const url = JSON.stringify(pathToFileURL(args.path).href);
      const contents = text.replaceAll('import.meta.url', url);
      return { contents, loader: args.path.endsWith('.ts') ? 'ts' : 'js' };
    });
  },
};

/** @param {string} contents a module that starts the program */
const build = async (contents) => {
  const startedMs = Date.now();
  const esbuild = await import('esbuild');
  const { outputFiles, metafile } = await esbuild.build({
    stdin: { contents, resolveDir: ROOT, sourcefile: '<program>', loader: 'ts' },
    absWorkingDir: ROOT,
    bundle: true,
    write: false,
    metafile: true,
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
    text: outputFiles[0]?.text ?? '',
    files: Object.fromEntries(files.map((file) => [file, signatureSince(file, startedMs)])),
  };
};

/** Another process may be about to load what was replaced. */
const SPARED_MS = 60_000;

/**
 * Removes the scripts that were replaced.
 *
 * @param {string} folder
 * @param {RegExp} isScript
 * @param {string} script the one that stays
 */
const tidy = (folder, isScript, script) => {
  for (const file of readdirSync(folder)) {
    const place = path.join(folder, file);
    const isOld = isScript.test(file) && file !== script;
    if (isOld && Date.now() - statSync(place).mtimeMs > SPARED_MS) rmSync(place, { force: true });
  }
};

/**
 * The file of a program, built anew if anything in it has changed.
 *
 * @param {string} name of the script
 * @param {string} contents a module that starts the program; it imports from the project's root
 * @param {string} [folder] where it is kept
 * @returns {Promise<string>} an absolute path
 * @throws {Error} if it cannot be built: the kit is at fault
 */
export const built = async (name, contents, folder = path.join(ROOT, '.state', 'built')) => {
  const found = kept(folder, name);
  if (found !== undefined) return found;
  const { text, files } = await build(contents);
  mkdirSync(folder, { recursive: true });
  const script = `${name}.${randomUUID()}.mjs`;
  writeFileSync(path.join(folder, script), text);
  // Another one may be reading it: the manifest is there whole, or not at all.
  const fresh = path.join(folder, `${script}.json`);
  writeFileSync(fresh, JSON.stringify({ script, files }));
  renameSync(fresh, path.join(folder, `${name}.json`));
  tidy(folder, new RegExp(`^${name.replaceAll('.', '\\.')}\\.[0-9a-f-]{36}\\.mjs$`), script);
  return path.join(folder, script);
};
