/** `ipaddress`: an IPv4Address is its number, the others their text; before Python 3.12 an IPv6Address was a number too. */
import { exceptionEntry } from "../globals/entries/exception-entry.js";
import { globalOfEntry } from "../globals/global-of.js";
import type { GlobalEntry } from "../globals/registry.js";
import { bigintOf } from "../python/coerce.js";
import {
  IPv4Address,
  IPv4Interface,
  IPv4Network,
  IPv6Address,
  IPv6Interface,
  IPv6Network,
} from "../python/library/ipaddress.js";
import { exceptionClass, pyExceptions } from "../python/objects/builtin-exceptions.js";

const module = "ipaddress";

type Address = IPv4Address | IPv6Address | IPv4Network | IPv6Network | IPv4Interface | IPv6Interface;

const MAPPED = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})(?=$|[/%])/;

/** As Python 3.13 writes an IPv6 address that stands for an IPv4 one: `::ffff:192.0.2.1`. */
function dotted(text: string): string {
  return text.replace(MAPPED, (_text, high: string, low: string) => {
    const [a, b] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
    return `::ffff:${a >> 8}.${a & 255}.${b >> 8}.${b & 255}`;
  });
}

function entryOf(name: string, jsClass: new (value: never) => Address): GlobalEntry {
  const isAddress = jsClass === (IPv4Address as unknown) || jsClass === (IPv6Address as unknown);
  const entry: GlobalEntry<Address> = {
    module,
    name,
    target: jsClass,
    call(args, context) {
      const [value] = args;
      const number = isAddress ? bigintOf(value) : undefined;
      if (args.length !== 1 || (typeof value !== "string" && number === undefined)) {
        throw context.fail(`Cannot make an ${name}: needs its text`);
      }
      try {
        return new jsClass((number ?? value) as never);
      } catch (error) {
        throw context.fail((error as Error).message, error);
      }
    },
    reduce(object, context) {
      const callable = globalOfEntry(entry as unknown as GlobalEntry);
      if (object instanceof IPv4Address) return { kind: "reduce", callable, args: [Number(object.int)] };
      const text = object.toString();
      return { kind: "reduce", callable, args: [context.python === "3.13" ? dotted(text) : text], ownsFirst: true };
    },
  };
  return entry as unknown as GlobalEntry;
}

export function ipaddressEntries(): readonly GlobalEntry[] {
  return [
    // Python's names are written out: a bundler may rename a class.
    ...Object.entries({ IPv4Address, IPv6Address, IPv4Network, IPv6Network, IPv4Interface, IPv6Interface }).map(
      ([name, jsClass]) => entryOf(name, jsClass as new (value: never) => Address),
    ),
    ...["AddressValueError", "NetmaskValueError"].map((name) =>
      exceptionEntry({ module, name }, exceptionClass(`${module}.${name}`, pyExceptions.ValueError) as never),
    ),
  ];
}
