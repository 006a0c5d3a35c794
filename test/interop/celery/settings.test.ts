/** Every setting that Celery has is read here, or refused with a reason. */
import { Celery, isCeleryError } from "@brine/celery";
import { expect, test } from "vitest";
import { describeEachGeneration } from "../../services/inject.js";

/** What `new Celery` says to a setting without a value: nothing, or why not. */
function refusal(name: string): string | undefined {
  try {
    new Celery({ broker: "memory://", ...Object.fromEntries([[name, undefined]]) });
    return undefined;
  } catch (error) {
    if (!isCeleryError(error)) throw error;
    return error.message;
  }
}

describeEachGeneration("Celery's settings", (set) => {
  test("each is written in camelCase, or is not supported and says what to do instead", async () => {
    const script = "import json; from celery.app.defaults import DEFAULTS; print(json.dumps(list(DEFAULTS)))";
    const names = JSON.parse((await set.python.run(script)).stdout.toString()) as string[];
    expect(names.length).toBeGreaterThan(150);
    const answers = names.map((name) => [name, refusal(name)] as const);
    const isAnswer = (answer = ""): boolean => / is (written \w+ here|not supported: \w.+)$/.test(answer);
    expect(answers.filter(([, answer]) => !isAnswer(answer))).toEqual([]);
    const supported = answers.filter(([, answer]) => answer?.includes("is written"));
    expect(supported.length).toBeGreaterThan(40);
    for (const [name] of supported) {
      const camelCase = name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
      expect([name, refusal(camelCase)]).toEqual([name, undefined]);
    }
  });

  test("Celery's names of before 4.0 too", async () => {
    const script = "import json; from celery.app.defaults import _TO_NEW_KEY; print(json.dumps(list(_TO_NEW_KEY)))";
    const names = JSON.parse((await set.python.run(script)).stdout.toString()) as string[];
    expect(names.length).toBeGreaterThan(150);
    // Some were renamed beyond recognition; what is not recognized is refused all the same.
    expect(names.filter((name) => refusal(name) === undefined)).toEqual([]);
    expect(names.filter((name) => / is (written|not supported)/.test(refusal(name)!)).length).toBeGreaterThan(140);
  });
});
