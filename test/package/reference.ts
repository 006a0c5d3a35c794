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

/** What an editor shows: the doc string of its own, else that of the class or interface that it comes from. */
function documentationOf(checker: ts.TypeChecker, symbol: ts.Symbol): string {
  return ts.displayPartsToString(symbol.getDocumentationComment(checker));
}

/** The sources that the entries lead to, as the compiler sees them. */
function programOf(all: readonly Entry[]): ts.Program {
  const config = ts.getParsedCommandLineOfConfigFile(path.join(ROOT, "tsconfig.json"), {}, {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: (problem) => {
      throw new Error(String(problem.messageText));
    },
  } as ts.ParseConfigFileHost);
  return ts.createProgram(
    all.map(({ source }) => source),
    { ...config?.options, noEmit: true },
  );
}

/** What an entry exports, as it is declared. */
function exportsOf(
  checker: ts.TypeChecker,
  file: ts.SourceFile,
): { readonly name: string; readonly named: ts.Symbol }[] {
  const symbol = checker.getSymbolAtLocation(file);
  if (symbol === undefined) throw new Error(`${file.fileName} exports nothing`);
  return checker.getExportsOfModule(symbol).map((exported) => ({
    name: exported.name,
    named: exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported,
  }));
}

function rowsOf(checker: ts.TypeChecker, file: ts.SourceFile): string[] {
  return exportsOf(checker, file)
    .map(({ name, named }) => {
      const options = isOfOptions(name) ? optionNames(checker, named) : [];
      const cell = [
        firstSentence(documentationOf(checker, named)),
        options.map((option) => `\`${option}\``).join(", "),
      ];
      return `| \`${name}\` | ${kindOf(named.flags)} | ${cell.filter((part) => part !== "").join(" ")} |`;
    })
    .sort((a, b) => a.localeCompare(b, "en"));
}

export function reference(): string {
  const all = entries();
  const program = programOf(all);
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

/**
 * The members that a class or an interface has for its users, with those of parents that are not public, by their names.
 * Symbols are for programs, not for people; what JavaScript's own classes have is in their documentation.
 */
function membersOf(checker: ts.TypeChecker, named: ts.Symbol, declaration: ts.Declaration): ts.Symbol[] {
  if (!ts.isClassDeclaration(declaration) && !ts.isInterfaceDeclaration(declaration)) return [];
  const instance = checker.getDeclaredTypeOfSymbol(named);
  const types = ts.isClassDeclaration(declaration) ? [instance, checker.getTypeOfSymbol(named)] : [instance];
  return types.flatMap((type) => checker.getPropertiesOfType(type)).filter(isForPeople);
}

function isForPeople({ declarations = [] }: ts.Symbol): boolean {
  return declarations.some((declaration) => {
    const name = ts.getNameOfDeclaration(declaration);
    if (name === undefined || ts.isPrivateIdentifier(name) || ts.isComputedPropertyName(name)) return false;
    if (ts.getCombinedModifierFlags(declaration) & ts.ModifierFlags.Private) return false;
    return declaration.getSourceFile().fileName.startsWith(path.join(ROOT, "packages"));
  });
}

/** The entries that export each public name, the first of a package's first. */
export function publicImports(): ReadonlyMap<string, readonly string[]> {
  imports ??= importsByName();
  return imports;
}

let imports: ReadonlyMap<string, readonly string[]> | undefined;

function importsByName(): ReadonlyMap<string, readonly string[]> {
  const all = entries();
  const program = programOf(all);
  const checker = program.getTypeChecker();
  const found = new Map<string, string[]>();
  for (const { specifier, source } of all) {
    for (const { name } of exportsOf(checker, program.getSourceFile(source)!)) {
      const known = found.get(name);
      if (known === undefined) found.set(name, [specifier]);
      else known.push(specifier);
    }
  }
  return found;
}

interface Documented {
  /** Where it is declared, and what it is: `packages/codec/src/python/builtins.ts: Range.start`. */
  readonly place: string;
  readonly documentation: string;
}

/** The codes of errors, by the name of their type: `PickleErrorCode` has `truncated`, ... */
export function errorCodes(): ReadonlyMap<string, readonly string[]> {
  const all = entries();
  const program = programOf(all);
  const checker = program.getTypeChecker();
  const codes = all
    .flatMap(({ source }) => exportsOf(checker, program.getSourceFile(source)!))
    .filter(({ name }) => name.endsWith("ErrorCode"))
    .map(({ name, named }) => {
      const type = checker.getDeclaredTypeOfSymbol(named);
      const types = type.isUnion() ? type.types : [type];
      return [name, types.filter((each) => each.isStringLiteral()).map(({ value }) => value)] as const;
    });
  return new Map(codes);
}

/** The public names of all entries, and the members of those that are classes and interfaces: each once. */
export function publicNames(): Documented[] {
  const all = entries();
  const program = programOf(all);
  const checker = program.getTypeChecker();
  const names = new Set(
    all.flatMap(({ source }) => exportsOf(checker, program.getSourceFile(source)!)).map(({ named }) => named),
  );
  const found = new Map<ts.Symbol, string>();
  for (const named of names) {
    for (const declaration of named.declarations ?? []) {
      const file = path.relative(ROOT, declaration.getSourceFile().fileName).replaceAll("\\", "/");
      // What a package passes on of another's is in the other's documentation.
      if (!file.startsWith("packages/")) continue;
      found.set(named, `${file}: ${named.name}`);
      for (const member of membersOf(checker, named, declaration))
        found.set(member, `${file}: ${named.name}.${member.name}`);
    }
  }
  return [...found].map(([symbol, place]) => ({ place, documentation: documentationOf(checker, symbol) }));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) writeFileSync(REFERENCE, reference());
