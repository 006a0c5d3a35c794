import ts from "typescript";
import { checked } from "./markdown.js";

const compilerOptions: ts.CompilerOptions = {
  module: ts.ModuleKind.ESNext,
  target: ts.ScriptTarget.ES2022,
  // Nest's.
  experimentalDecorators: true,
};

/**
 * The TypeScript of a page with its claims made checks, as JavaScript: a process that translates for itself takes five
 * times as long to start, and the pages have a hundred programs.
 */
export function javascriptOf(code: string): string {
  return ts.transpileModule(checked(code).code, { compilerOptions }).outputText;
}
