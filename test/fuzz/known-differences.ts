/** Where Brine is meant to differ from CPython, each with its reason. What is not listed here is a finding. */
import type { BrineVerdict } from "./brine.js";
import type { Oracle, Verdict } from "./oracle.js";

interface Case {
  readonly pickle: Buffer;
  readonly brine: BrineVerdict;
  readonly cpython: Verdict;
  readonly oracle: Oracle;
  /** Code and opcode of Brine's error. */
  readonly code: string | undefined;
  readonly opcode: string | undefined;
  readonly message: string;
}

interface Difference {
  readonly name: string;
  readonly reason: string;
  readonly matches: (found: Case) => boolean | Promise<boolean>;
}

const CALLS = new Set(["REDUCE", "NEWOBJ", "NEWOBJ_EX", "INST", "OBJ"]);

/** Canonical text of instances with their bytes for names as text. */
function withTextNames(text: string): string {
  return text.replace(
    /(?<=[{,])b([0-9a-f]*):/g,
    (_, hex: string) => `${JSON.stringify(Buffer.from(hex, "hex").toString("latin1"))}:`,
  );
}

export const KNOWN_DIFFERENCES: readonly Difference[] = [
  {
    name: "frames",
    reason:
      "C readers before 3.13.15 and 3.14.7 let an opcode straddle the end of a frame; Brine and pickle.py refuse it, " +
      "because two readers that disagree on where values are can be played off against each other",
    matches: async ({ pickle, code, oracle }) => {
      if (code !== "bad-frame") return false;
      const [pure] = await oracle.verdicts([pickle], "pure");
      return pure !== undefined && !("value" in pure);
    },
  },
  {
    name: "calls",
    reason: "a registered class takes the arguments that picklers write, not all that its constructor would take",
    matches: ({ code, opcode }) => CALLS.has(opcode ?? "") && (code === "construct-failed" || code === "bad-operand"),
  },
  {
    name: "states",
    reason: "a state that would leave an object with values its class cannot have, such as a UUID of -1, is refused",
    matches: ({ code, opcode }) => opcode === "BUILD" && code === "construct-failed",
  },
  {
    name: "names in bytes",
    reason:
      'names of attributes are bytes where Python 2 wrote them and encoding is "bytes"; CPython keeps them so in a __dict__, ' +
      "where nothing finds them, and refuses them for slots; Brine takes them for text",
    matches: ({ brine, cpython }) =>
      "error" in cpython
        ? cpython.error.includes("attribute name must be string, not 'bytes'")
        : "value" in cpython && "value" in brine && withTextNames(cpython.value) === brine.value,
  },
  {
    name: "special slots",
    reason: "a slot named __class__ or __dict__ would change the instance's own; to Brine it is a property like others",
    matches: ({ pickle, cpython, brine }) =>
      "value" in brine &&
      /__class__|__dict__/.test(pickle.toString("latin1")) &&
      ("value" in cpython || /__(class|dict)__ must be set to/.test("error" in cpython ? cpython.error : "")),
  },
  {
    name: "set order",
    reason: "a sequence made from a set has the order of CPython's hash table, which is not reproduced",
    matches: ({ brine, cpython }) => {
      if (!("value" in brine) || !("value" in cpython)) return false;
      const parts = (text: string) =>
        text
          .split(/[(){}[\],:]/)
          .sort()
          .join();
      return /s[0-9]+\{|[tl][0-9]+[([]|deque/.test(brine.value) && parts(brine.value) === parts(cpython.value);
    },
  },
  {
    name: "pairs of surrogates",
    reason:
      "two surrogates that UNICODE escapes one by one are two characters in Python, and in a string of JavaScript the " +
      "character that the pair stands for, to which they are equal",
    matches: ({ pickle, brine, cpython }) =>
      "value" in brine &&
      "value" in cpython &&
      /\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}/.test(pickle.toString("latin1")),
  },
  {
    name: "classes",
    reason: "BUILD on a class would change it for every later pickle; Brine refuses it even when the state is empty",
    matches: ({ opcode, message }) => opcode === "BUILD" && message.includes("would change"),
  },
  {
    name: "bytearray items",
    reason:
      "bytearray has append(), extend() and items by index, which no pickler uses; Brine adds items to lists and " +
      "registered classes",
    matches: ({ opcode, message }) =>
      /^(APPEND|SETITEM)/.test(opcode ?? "") && message.includes("bytearray takes no items"),
  },
  {
    name: "list slices",
    reason: "SETITEM with a slice replaces a part of a list, which no pickler uses; Brine takes an index",
    matches: ({ opcode, message }) =>
      opcode?.startsWith("SETITEM") === true && message.includes("list index is no int"),
  },
  {
    name: "slice keys",
    reason: "slices are hashable since 3.12; the CPython asked may be older",
    matches: ({ cpython }) => "error" in cpython && cpython.error.includes("unhashable type: 'slice'"),
  },
  {
    name: "UUID without state",
    reason: "a UUID whose state never came is 0 to Brine; in Python it has no number, which shows when it is hashed",
    matches: ({ cpython }) => "error" in cpython && cpython.error.includes("'UUID' object has no attribute 'int'"),
  },
  {
    name: "factory",
    reason: "what a defaultdict would call is data to Brine, which never calls it",
    matches: ({ cpython }) => "error" in cpython && cpython.error.includes("first argument must be callable"),
  },
];

/** The name of the difference that explains this one. */
export async function knownDifference(
  pickle: Buffer,
  brine: BrineVerdict,
  cpython: Verdict,
  oracle: Oracle,
): Promise<string | undefined> {
  const error = "error" in brine ? brine.error : undefined;
  const found: Case = {
    pickle,
    brine,
    cpython,
    oracle,
    code: error?.code,
    opcode: error?.opcode,
    message: error?.message ?? "",
  };
  for (const difference of KNOWN_DIFFERENCES) if (await difference.matches(found)) return difference.name;
  return undefined;
}
