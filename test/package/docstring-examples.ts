/** The `@example`s of the packages' doc strings as programs, with imports of the public names that they use. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { publicImports } from "./reference.js";
import { ROOT, sourcesOf } from "./sources.js";

export interface Example {
  /** Where it begins: `packages/codec/src/pickle/api-load.ts:47`. */
  readonly place: string;
  readonly packageName: string;
  /** As the doc string has it. */
  readonly code: string;
}

/** All examples of a package. */
export function examplesOf(packageName: string): Example[] {
  return sourcesOf(packageName).flatMap(({ path: file }) => {
    const text = readFileSync(path.join(ROOT, file), "utf8");
    return [...text.matchAll(/\/\*\*[\s\S]*?\*\//g)].flatMap(({ 0: comment, index }) => {
      const lines = comment.split("\n").map((line) => line.replace(/^\s*\*\/?$|^\s*\* ?|\s*\*\/$/, ""));
      const from = lines.indexOf("@example");
      if (from < 0) return [];
      const code = lines.slice(from + 1).filter((line) => !line.startsWith("```"));
      const line = text.slice(0, index).split("\n").length + from;
      return [{ place: `${file}:${line}`, packageName, code: code.join("\n").trimEnd() }];
    });
  });
}

/** What examples use of others, by name. */
const OTHERS: Readonly<Record<string, string>> = {
  createStorage: "unstorage",
  firstValueFrom: "rxjs",
  NestFactory: "@nestjs/core",
  readFileSync: "node:fs",
  Redis: "ioredis",
  ServiceBroker: "moleculer",
  timeout: "rxjs",
};

/** What the examples of a file have before them: what is only declared cannot be run. */
const GIVEN: Readonly<Record<string, string>> = {
  "amqp-adapter/src/nestjs/client.ts": 'declare const maths: import("@nestjs/microservices").ClientProxy;',
  "amqp-adapter/src/nestjs/server.ts": "class AppModule {}",
  "celery/src/client/canvas/canvas.ts": `
    const app = new Celery({ broker: "memory://" });
    const add = app.task<[number, number], number>("proj.add");
    const mul = app.task<[number, number], number>("proj.mul");`,
  "celery/src/client/results/group-result.ts": `
    const add = new Celery({ broker: "memory://" }).task<[number, number], number>("proj.add");`,
  "celery/src/client/task.ts": `
    const add = new Celery({ broker: "memory://" }).task<[number, number], number>("proj.add");`,
  "redis-adapter/src/cache/cache.ts": `
    const cache = createCache(pickled(new Redis()));
    const makeReport = async (id: number): Promise<object> => ({ id });
    const url = "data:application/json,{}";`,
  "redis-adapter/src/nestjs/client.ts": 'declare const maths: import("@nestjs/microservices").ClientProxy;',
  "redis-adapter/src/nestjs/server.ts": "class AppModule {}",
  "redis-adapter/src/rq/retry.ts": `
    declare const isReady: () => boolean;
    declare const send: () => Promise<void>;`,
  "redis-adapter/src/rq/worker.ts": `
    const { signal } = new AbortController();
    declare const build: (year: unknown) => Promise<string>;`,
};

/** What a reader of an example has before it; `""`: nothing. */
export function givenOf({ place }: Example): string {
  return GIVEN[place.replace(/^packages\/|:\d+$/g, "")] ?? "";
}

/** What makes connections. */
export const CONNECTS = /\b(?:Redis|amqp|connect)\(/;

/** Words that may be names: not those in strings, of properties, or before a colon. */
function wordsOf(code: string): string[] {
  const plain = code.replaceAll(/(?<!\$\{[^}]*)"(?:[^"\\\n]|\\.)*"|(?<=(?<!\.\.)\.)\w+|\w+(?=:)/g, "");
  return plain.match(/[A-Za-z_]\w*/g) ?? [];
}

/** An example behind the imports that it needs and what a reader has before it, whose names it may declare anew. */
export function programOfExample(example: Example): string {
  const { code, packageName, place } = example;
  const given = givenOf(example);
  const all = `${given}\n${code}`;
  const own = new Set(all.match(/(?<=\b(?:class|const|function|interface|import \{) )\w+/g));
  const entries = publicImports();
  const imports = [...new Set(wordsOf(all))].flatMap((name) => {
    if (own.has(name)) return [];
    const specifiers = entries.get(name) ?? [];
    const near = specifiers.filter((each) => each.startsWith(`@brine/${packageName}`));
    // Of the entry that the source belongs to, where several have the name.
    const nearest = near.find((each) => place.includes(`/src/${each.split("/")[2] ?? "index"}/`)) ?? near[0];
    const specifier = nearest ?? specifiers[0] ?? OTHERS[name];
    return specifier === undefined ? [] : [`import { ${name} } from "${specifier}";`];
  });
  const lines = code.split("\n");
  const isImport = (line: string) => line.startsWith("import ");
  const body = lines.filter((line) => !isImport(line)).join("\n");
  return `${[...imports, ...lines.filter(isImport)].join("\n")}\n${given}\n{\n${body}\n}\n`;
}
