/**
 * Writes `docs/reference.md`: every public name of every entry, with the first sentence of its doc string, and the names of
 * the options.
 * `npx tsx test/package/reference.ts` writes it anew.
 */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import ts from "typescript";
import { isOfOptions } from "./options.js";
import { ROOT } from "./sources.js";

export const REFERENCE = path.join(ROOT, "docs/reference.md");
const PACKAGES = ["codec", "celery", "amqp-adapter", "redis-adapter"];

interface Entry {
  /** As it is imported: `"@brine/codec/tools"`. */
  readonly specifier: string;
  readonly source: string;
}

export function entries(): Entry[] {
  return PACKAGES.flatMap((name) => {
    const manifest = JSON.parse(readFileSync(path.join(ROOT, "packages", name, "package.json"), "utf8")) as {
      readonly exports: Readonly<Record<string, string | { readonly "brine-source": string }>>;
    };
    return Object.entries(manifest.exports).flatMap(([entry, target]) =>
      typeof target === "string"
        ? []
        : [
            {
              specifier: `@brine/${name}${entry.slice(1)}`,
              source: path.join(ROOT, "packages", name, target["brine-source"]),
            },
          ],
    );
  });
}

function kindOf(flags: ts.SymbolFlags): string {
  if (flags & ts.SymbolFlags.Class) return "class";
  if (flags & ts.SymbolFlags.Function) return "function";
  if (flags & (ts.SymbolFlags.Interface | ts.SymbolFlags.TypeAlias)) return "type";
  return "value";
}

/** Plain text in one cell: links by name, no line ends, no pipes. */
function firstSentence(text: string): string {
  const plain = text
    .replaceAll(/\{@link ([\w.]+) *\}/g, "`$1`")
    .replaceAll(/\s+/g, " ")
    .trim();
  const sentence = /^.*?[.:](?= [A-Z`@]|$)/.exec(plain)?.[0] ?? plain;
  return sentence.replaceAll("|", "\\|").replace(/:$/, ".");
}

/** Those of our own: what a driver takes is in its own documentation. */
function optionNames(checker: ts.TypeChecker, symbol: ts.Symbol): string[] {
  const declared = checker.getDeclaredTypeOfSymbol(symbol);
  const names = (declared.isUnion() ? declared.types : [declared])
    .flatMap((type) => checker.getPropertiesOfType(type))
    .filter(({ declarations = [] }) =>
      declarations.some((each) => each.getSourceFile().fileName.startsWith(path.join(ROOT, "packages"))),
    )
    .map(({ name }) => name);
  return [...new Set(names)];
}

function rowsOf(checker: ts.TypeChecker, file: ts.SourceFile): string[] {
  const symbol = checker.getSymbolAtLocation(file);
  if (symbol === undefined) throw new Error(`${file.fileName} exports nothing`);
  return checker
    .getExportsOfModule(symbol)
    .map((exported) => {
      const named = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      const text = ts.displayPartsToString(named.getDocumentationComment(checker));
      const options = isOfOptions(exported.name) ? optionNames(checker, named) : [];
      const cell = [firstSentence(text), options.map((name) => `\`${name}\``).join(", ")].filter((part) => part !== "");
      return `| \`${exported.name}\` | ${kindOf(named.flags)} | ${cell.join(" ")} |`;
    })
    .sort((a, b) => a.localeCompare(b, "en"));
}

export function reference(): string {
  const config = ts.getParsedCommandLineOfConfigFile(path.join(ROOT, "tsconfig.json"), {}, {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: (problem) => {
      throw new Error(String(problem.messageText));
    },
  } as ts.ParseConfigFileHost);
  const all = entries();
  const program = ts.createProgram(
    all.map(({ source }) => source),
    { ...config?.options, noEmit: true },
  );
  const checker = program.getTypeChecker();
  const sections = all.map(({ specifier, source }) => {
    const rows = rowsOf(checker, program.getSourceFile(source)!);
    return `## ${specifier}\n\n| name | | |\n| --- | --- | --- |\n${rows.join("\n")}\n`;
  });
  return `# Reference

Every public name, by the entry it is imported from, and of options what there is to be said. Signatures, defaults and examples are in
the types: your editor shows them, and the [guides](guide/pickle.md) show them at work. Where a name is new to you, [values](guide/mapping.md),
[Celery](guide/celery.md), [RabbitMQ](guide/amqp.md) and [Redis](guide/redis.md) say what it is for.

${sections.join("\n")}`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) writeFileSync(REFERENCE, reference());
