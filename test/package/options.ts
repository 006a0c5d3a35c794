/** The options that the packages take, as their sources declare them. */
import { readFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript";
import { ROOT } from "./sources.js";

/** Facts that an error carries are no options, although they are given in the same way. */
export const isOfOptions = (name: string): boolean =>
  /(?:Options|Settings|Policy)$/.test(name) && !name.endsWith("ErrorOptions");

export interface DeclaredOption {
  /** The interface. */
  readonly owner: string;
  readonly name: string;
  readonly isOptional: boolean;
  readonly documentation: string;
}

/** The fields of the exported interfaces of options of a file. */
export function optionsOf(file: string): DeclaredOption[] {
  const text = readFileSync(path.join(ROOT, file), "utf8");
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  return source.statements
    .filter((statement) => ts.isInterfaceDeclaration(statement))
    .filter(({ name, modifiers }) => isOfOptions(name.text) && modifiers?.[0]?.kind === ts.SyntaxKind.ExportKeyword)
    .flatMap(({ name: { text: owner }, members }) =>
      members
        .filter((member) => ts.isPropertySignature(member))
        .map((member) => ({
          owner,
          name: member.name.getText(source),
          isOptional: member.questionToken !== undefined,
          documentation: ts
            .getJSDocCommentsAndTags(member)
            .map((comment) => comment.getText(source))
            .join("\n"),
        })),
    );
}
