/**
 * The compiler beside the run: prints the first type error of a learner's file as one line of JSON, or
 * nothing. Started with the folder and the names of the files; see types.ts.
 */
import { join } from 'node:path';
import ts from 'typescript';
import { ROOT } from '#start/built.mjs';
import type { TypeProblem } from './types.ts';

/**
 * The project's own strictness, with two differences: what is unused is no error while somebody is still
 * writing, and a folder that lies elsewhere finds the project's modules as one inside does.
 */
const readOptions = (): ts.CompilerOptions => {
  const read = (name: string): unknown => {
    const { config } = ts.readConfigFile(join(ROOT, name), (path) => ts.sys.readFile(path)) as {
      readonly config: unknown;
    };
    return config;
  };
  const { options } = ts.parseJsonConfigFileContent(
    { ...(read('tsconfig.json') as object), files: [], include: [] },
    ts.sys,
    ROOT,
  );
  const { imports } = read('package.json') as { readonly imports: { [name: string]: string } };
  return {
    ...options,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    noUnusedLocals: false,
    noUnusedParameters: false,
    typeRoots: [join(ROOT, 'node_modules/@types')],
    paths: Object.fromEntries(
      Object.entries(imports).map(([name, path]) => [name, [join(ROOT, path)]]),
    ),
  };
};

const firstProblem = (folder: string, files: readonly string[]): TypeProblem | undefined => {
  const options = readOptions();
  const roots = files.map((file) => join(folder, file));
  const program = ts.createProgram(roots, options);
  const found = files.flatMap((file, index) => {
    const source = program.getSourceFile(roots[index]!);
    if (!source) return [];
    const all = [
      ...program.getSyntacticDiagnostics(source),
      ...program.getSemanticDiagnostics(source),
    ];
    return all.map((diagnostic) => ({ file, source, diagnostic }));
  });
  const [first] = found;
  if (!first) return undefined;
  const { file, source, diagnostic } = first;
  const { line } = source.getLineAndCharacterOfPosition(diagnostic.start ?? 0);
  const text = ts
    .flattenDiagnosticMessageText(diagnostic.messageText, '\n')
    .split('\n')
    .map((part) => part.trim())
    .join(' ');
  return { file, line: line + 1, text, others: found.length - 1 };
};

const [folder = '', ...files] = process.argv.slice(2);
const problem = firstProblem(folder, files);
if (problem) process.stdout.write(`${JSON.stringify(problem)}\n`);
