/** What the compiler says of programs that users copy. */
import path from "node:path";
import ts from "typescript";
import { ROOT } from "./sources.js";

/** What the programs use and the types here do not know: files that are only in the compiler's memory. */
const ELSEWHERE: ReadonlyMap<string, string> = new Map([
  [path.join(ROOT, "test-results/untyped.d.ts"), 'declare module "jpickle";'],
  [
    path.join(ROOT, "test-results/newer.d.ts"), // than the types of Node 20
    'import "node:module"; declare module "node:module" { function enableCompileCache(): void; }',
  ],
]);

/**
 * Compiles programs as users do, against the built packages, in strict mode.
 *
 * @param places - what each file is called in a problem, by its path
 * @returns a line for each problem
 */
export function compilerProblems(places: ReadonlyMap<string, string>): string[] {
  const { config } = ts.readConfigFile(path.join(ROOT, "tsconfig.base.json"), ts.sys.readFile) as { config: object };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  const compilerOptions: ts.CompilerOptions = {
    ...options,
    lib: [...(options.lib ?? []), "lib.esnext.temporal.d.ts"],
    noEmit: true,
    customConditions: [],
    verbatimModuleSyntax: false,
    experimentalDecorators: true,
    erasableSyntaxOnly: false,
  };
  const host = ts.createCompilerHost(compilerOptions);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (file) => ELSEWHERE.has(file) || fileExists(file);
  host.readFile = (file) => ELSEWHERE.get(file) ?? readFile(file);
  host.getSourceFile = (file, ...rest) => {
    const text = ELSEWHERE.get(file);
    return text === undefined ? getSourceFile(file, ...rest) : ts.createSourceFile(file, text, rest[0]);
  };
  const program = ts.createProgram([...places.keys(), ...ELSEWHERE.keys()], compilerOptions, host);
  return ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const at = places.get(file?.fileName ?? "") ?? file?.fileName;
    const line = file?.text.slice(start).split("\n")[0];
    return `${at}: ${ts.flattenDiagnosticMessageText(messageText, " ")} (${line})`;
  });
}
