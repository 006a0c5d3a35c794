/** What is no option of pickle. */
import { describe, expect, it } from "vitest";
import { dumps } from "./api-dump.js";
import { loads } from "./api-load.js";

describe("options of pickle", () => {
  it("names options that there are not", () => {
    const misspelt = (options: object) => () => dumps(1, options);
    expect(misspelt({ protcol: 2 })).toThrow(
      'Cannot use options of pickle: there is no "protcol"; did you mean protocol?',
    );
    expect(misspelt({ fix_imports: true })).toThrow('"fix_imports" is written fixImports here');
    expect(misspelt({ limits: { maxbytes: 1 } })).toThrow(
      'Cannot use limits of pickle: there is no "maxbytes"; did you mean maxBytes?',
    );
    expect(misspelt({ protocol: "2" })).toThrow('Cannot use option protocol "2": must be an integer from 0 to 5');
    expect(misspelt({ tuple: "array", encoding: "latin1" })).not.toThrow(); // one object may be given to `loads` too
  });

  it("refuses limits that are no bound, of decoder and encoder alike", () => {
    for (const [value, text] of [
      [Number.NaN, "NaN"],
      [-1, "-1"],
      ["10", '"10"'],
      [null, "null"],
      [Object.create(null), "that is an object"],
    ]) {
      const options = { limits: { maxDepth: value } };
      const message = `Cannot use option limits.maxDepth ${text}: must be a number from 0`;
      const refused = expect.objectContaining({ name: "PickleError", code: "bad-option", message });
      expect(() => loads(dumps(1), options as never)).toThrow(refused);
      expect(() => dumps(1, options as never)).toThrow(refused);
    }
  });

  it("refuses options that are none", () => {
    for (const options of [null, 2, "latin1", []]) {
      expect(() => dumps(1, options as never)).toThrow(expect.objectContaining({ code: "bad-option" }));
      expect(() => loads(dumps(1), options as never)).toThrow(expect.objectContaining({ code: "bad-option" }));
    }
  });
});
