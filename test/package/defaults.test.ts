/** The doc string of each option says what happens without it. */
import { expect, it } from "vitest";
import { optionsOf } from "./options.js";
import { sourcesOf } from "./sources.js";

it.each(["codec", "amqp-adapter", "redis-adapter", "celery"])("%s", (name) => {
  const options = sourcesOf(name)
    .flatMap(({ path }) => optionsOf(path).map((option) => ({ path, ...option })))
    .filter(({ isOptional }) => isOptional);
  expect(options.length).toBeGreaterThan(15);
  const silent = options.filter(({ documentation }) => !/\bdefault/i.test(documentation));
  expect(silent.map((option) => `${option.path}: ${option.owner}.${option.name}`)).toEqual([]);
});
