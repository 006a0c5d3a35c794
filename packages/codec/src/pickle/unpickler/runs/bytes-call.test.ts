/** Dates and times that are read where they stand must be what the opcodes say one by one, whatever surrounds them. */
import { describe, expect, it } from "vitest";
import { isPickleError } from "../../../errors.js";
import { Tuple } from "../../../python/containers/sequences.js";
import { PyDate, PyDateTime, PyTime, TimeZone } from "../../../python/datetime/datetime.js";
import { dumps } from "../../api-dump.js";
import { loads } from "../../api-load.js";

const latin1 = (text: string): Buffer => Buffer.from(text, "latin1");
const DATE = "cdatetime\ndate\n";
const MEMOISED_DATE = `${DATE}\x94`;
/** 2024-05-06 */
const STATE = "C\x04\x07\xe8\x05\x06";
const day = new PyDate(2024, 5, 6);

function refusal(pickle: string, options: Parameters<typeof loads>[1] = {}): unknown {
  try {
    return loads(latin1(pickle), options);
  } catch (error) {
    if (!isPickleError(error)) throw error;
    return [error.code, error.offset, error.opcode];
  }
}

describe("a date or time", () => {
  it("is read at each protocol, memoised or not", () => {
    const values = [day, new PyTime(7, 8, 9, 10, null, 1), new PyDateTime(2024, 5, 6, 7, 8, 9, 999_999, null, 1)];
    for (const protocol of [3, 4, 5] as const) {
      const read = loads(dumps(values, { protocol })) as typeof values;
      expect(read.map(String)).toEqual(["2024-05-06", "07:08:09.000010", "2024-05-06T07:08:09.999999"]);
    }
    expect(loads(latin1(`${DATE}${STATE}\x85R.`))).toEqual(day);
    expect(loads(latin1(`${DATE}${STATE}\x94\x85\x94R\x94.`))).toEqual(day);
    expect(loads(latin1(`${DATE}${STATE}q\x00\x85q\x01Rq\x02.`))).toEqual(day);
    expect(loads(latin1(`${DATE}q\x03${STATE}q\x07\x85q\x08Rq\x02.`))).toEqual(day);
  });

  it("has the zone that was met before", () => {
    const noon = new PyDateTime(2024, 5, 6, 12, 0, 0, 0, TimeZone.utc);
    const [first, second, clock] = loads(dumps([noon, noon.date(), new PyTime(1, 2, 3, 4, TimeZone.utc)])) as [
      PyDateTime,
      PyDate,
      PyTime,
    ];
    expect(second).toEqual(day);
    expect([first.tzinfo, clock.tzinfo]).toEqual([TimeZone.utc, TimeZone.utc]);
    const later = new PyDateTime(2024, 5, 6, 13, 0, 0, 0, TimeZone.utc);
    expect(String(loads(dumps([noon, later])))).toBe("2024-05-06T12:00:00+00:00,2024-05-06T13:00:00+00:00");
  });

  it("has arguments that the pickle may ask for again, each the same object every time", () => {
    const pickle = `${MEMOISED_DATE}${STATE}\x94\x85\x94R\x94h\x01h\x02h\x03\x87h\x01h\x02\x86\x86.`;
    const [[bytes, args, value], again] = loads(latin1(pickle)) as [[Buffer, Tuple, PyDate], [Buffer, Tuple]];
    expect(bytes).toEqual(latin1("\x07\xe8\x05\x06"));
    expect(args).toBeInstanceOf(Tuple);
    expect(args[0]).toBe(bytes);
    expect(value).toEqual(day);
    expect(again[0]).toBe(bytes);
    expect(again[1]).toBe(args);
  });

  it("is made item by item when other opcodes follow", () => {
    const bytes = latin1("\x07\xe8\x05\x06");
    expect(loads(latin1(`(${DATE}${STATE}l.`))).toEqual([expect.anything(), bytes]);
    expect(loads(latin1(`(${DATE}${STATE}\x94\x85l.`))).toEqual([expect.anything(), Tuple.of(bytes)]);
    expect(loads(latin1(`${DATE}${STATE}\x94\x85R.`))).toEqual(day);
    expect(loads(latin1(`${DATE}${STATE}\x85\x94R.`))).toEqual(day);
    expect(loads(latin1(`${DATE}(${STATE}tR.`))).toEqual(day);
    expect(loads(latin1(`${DATE}(K\x01${STATE}000${STATE}\x85R.`))).toEqual(day);
  });

  it("that is none is refused where it is called", () => {
    expect(refusal(`${DATE}C\x04\x07\xe8\x0d\x06\x85R.`)).toEqual(["construct-failed", 22, "REDUCE"]);
    expect(refusal(`${DATE}C\x03\x07\xe8\x05\x85R.`)).toEqual(["construct-failed", 21, "REDUCE"]);
    expect(refusal(`I1\nq\x000${DATE}${STATE}h\x00\x86R.`)).toEqual(["construct-failed", 30, "REDUCE"]);
    expect(refusal(`${DATE}${STATE}h\x00\x86R.`)).toEqual(["bad-memo", 21, "BINGET"]);
  });

  it("is bounded as its opcodes are", () => {
    expect(refusal(`${DATE}${STATE}\x85R.`, { limits: { maxDepth: 1 } })).toEqual(["limit-exceeded", 21, "TUPLE1"]);
    const memoised = `${MEMOISED_DATE}${STATE}\x94\x85\x94R.`;
    expect(refusal(memoised, { limits: { maxMemo: 2 } })).toEqual(["limit-exceeded", 24, "MEMOIZE"]);
    expect(loads(latin1(memoised), { limits: { maxMemo: 3 } })).toEqual(day);
  });

  it("ends where its frame does", () => {
    const frame = (text: string): string => `\x95${String.fromCharCode(text.length)}${"\0".repeat(7)}${text}`;
    expect(loads(latin1(`\x80\x04${frame(`${DATE}${STATE}`)}${frame("\x85R.")}`))).toEqual(day);
    expect(refusal(`\x80\x04${frame(`${DATE}${STATE}\x85`)}`)).toEqual(["truncated", 33, undefined]);
  });
});
