/** The doc string of each option says what happens without it. */
import { readFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript";
import { expect, it } from "vitest";
import { ROOT, sourcesOf } from "./sources.js";

/** Facts that an error carries are no options, although they are given in the same way. */
const isOfOptions = (name: string) => /(?:Options|Settings|Policy)$/.test(name) && !name.endsWith("ErrorOptions");

/** `file: Interface.field` of each optional field of an exported interface of options. */
function optionsOf(file: string): { readonly name: string; readonly documentation: string }[] {
  const text = readFileSync(path.join(ROOT, file), "utf8");
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  return source.statements
    .filter((statement) => ts.isInterfaceDeclaration(statement))
    .filter(({ name, modifiers }) => isOfOptions(name.text) && modifiers?.[0]?.kind === ts.SyntaxKind.ExportKeyword)
    .flatMap(({ name: { text: owner }, members }) =>
      members
        .filter((member) => ts.isPropertySignature(member) && member.questionToken !== undefined)
        .map((member) => ({
          name: `${file}: ${owner}.${member.name?.getText(source)}`,
          documentation: ts
            .getJSDocCommentsAndTags(member)
            .map((comment) => comment.getText(source))
            .join("\n"),
        })),
    );
}

it.each(["codec", "amqp-adapter", "redis-adapter", "celery"])("%s", (name) => {
  const options = sourcesOf(name).flatMap((file) => optionsOf(file.path));
  expect(options.length).toBeGreaterThan(15);
  expect(options.filter(({ documentation }) => !/\bdefault/i.test(documentation)).map((option) => option.name)).toEqual(
    [],
  );
});
