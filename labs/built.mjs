/**
 * Programs of the kit as single scripts, built once and kept under `.state/built/`.
 *
 * Started file by file through a loader, the command line takes longer than a whole verdict may (0.25 s
 * of 0.6 s); as one script it takes 0.05 s. The last line of a script lists the files it was made of, with their
 * sizes and times of change: it is built anew as soon as one of them differs, and only then.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The project's root. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Files that decide how the others are built. */
const ALWAYS = ['package.json', 'package-lock.json', 'labs/built.mjs'];

/** What stands before the list of files. */
const MANIFEST = '\n// ';

/** Packages with native code or files of their own beside them stay where they are. */
const EXTERNAL = ['@chainsafe/*', 'classic-level', 'esbuild', 'multicast-dns', 'tsx', 'typescript'];

/** @param {string} file from the root */
const signatureOf = async (file) => {
  const { size, mtimeMs } = await stat(path.join(ROOT, file));
  return `${size} ${mtimeMs}`;
};

/** @param {string} script the text of a kept script */
const isCurrent = async (script) => {
  const manifest = script.slice(script.lastIndexOf(MANIFEST) + MANIFEST.length);
  /** @type {{ readonly [file: string]: string }} */
  const files = JSON.parse(manifest);
  const same = Object.entries(files).map(
    async ([file, signature]) => (await signatureOf(file)) === signature,
  );
  return (await Promise.all(same)).every(Boolean);
};

/** @param {string} file a kept script */
const isKept = async (file) => {
  try {
    return await isCurrent(await readFile(file, 'utf8'));
  } catch {
    return false;
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
      js: `import { createRequire as $create } from 'node:module';\nconst require = $create(${JSON.stringify(pathToFileURL(ROOT).href)});`,
    },
  });
  const inputs = Object.keys(metafile.inputs).filter((file) => file !== '<program>');
  const files = [...new Set([...ALWAYS, ...inputs])];
  const signed = files.map(async (file) => [file, await signatureOf(file)]);
  return (
    (outputFiles[0]?.text ?? '') +
    MANIFEST +
    JSON.stringify(Object.fromEntries(await Promise.all(signed)))
  );
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
  const file = path.join(folder, `${name}.mjs`);
  if (await isKept(file)) return file;
  const script = await build(contents);
  await mkdir(folder, { recursive: true });
  // Another one may be reading it: it is there whole, or not at all.
  const fresh = path.join(folder, `${name}.${randomUUID()}`);
  await writeFile(fresh, script);
  await rename(fresh, file);
  return file;
};
