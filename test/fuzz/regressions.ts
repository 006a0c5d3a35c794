/** What the fuzzers found, once fixed: each must be decided as CPython decides it, or be refused by one of Brine's errors. */
export interface Regression {
  readonly name: string;
  /** Latin-1. */
  readonly pickle: string;
}

export const REGRESSIONS: readonly Regression[] = [
  { name: "an INT of 1 and a space is an int, not a bool", pickle: "I1 \n." },
  { name: "an INT of a space and 1 is a bool", pickle: "I 1\n." },
  { name: "a memo index ends at a NUL", pickle: "I5\np1\0x\ng1\0\n." },
  { name: "a float ends at a NUL", pickle: "F1.5\0x\n." },
  { name: "timezone() of a list", pickle: "cdatetime\ntimezone\n(]tR." },
  { name: "timezone() of an int", pickle: "cdatetime\ntimezone\n(K\x00tR." },
  { name: "timezone() of nothing", pickle: "cdatetime\ntimezone\n(tR." },
  { name: "time() of None", pickle: "cdatetime\ntime\n(NtR." },
  {
    name: "datetime() with a float for its hour",
    pickle: "cdatetime\ndatetime\n(K\x09K\x01K\x01G?\xf8\0\0\0\0\0\0tR.",
  },
  {
    name: "datetime() with a class for its zone",
    pickle: "cdatetime\ndatetime\n(C\x0a\x07\xe8\x05\x06\x07\x08\x09\x01\xe2\x40cbuiltins\ndict\ntR.",
  },
  { name: "the state of a deque", pickle: "ccollections\ndeque\n(tR}b." },
  { name: "a deque as a key", pickle: "}ccollections\ndeque\n)RNs." },
  {
    name: "an instance with an attribute called constructor",
    pickle: "capp\nPlain\n)\x81}\x8c\x0bconstructorK\x01sb.",
  },
  { name: "tuple() of a tuple is that tuple", pickle: "\x80\x02(K\x01tq\0cbuiltins\ntuple\nh\0\x85Rh\0\x86." },
  {
    name: "frozenset() of a frozenset is that frozenset",
    pickle: "cbuiltins\nfrozenset\n(](K\x01etRq\0cbuiltins\nfrozenset\nh\0\x85R\x86.",
  },
  { name: "object() with an argument", pickle: "cbuiltins\nobject\n(K\x01t\x81." },
  { name: "an INT that ends at a NUL at once is 0", pickle: "I\0\n." },
  { name: "an INT of a NUL and another character is a bool", pickle: "I\0x\n." },
  { name: "a memo index beyond 64 bits", pickle: "Np9223372036854775808\n." },
  { name: "the largest memo index", pickle: "Np9223372036854775807\n." },
  { name: "NEWOBJ_EX with None for keyword arguments", pickle: "capp\nPlain\n)N\x92." },
  { name: "an OrderedDict with slots", pickle: "ccollections\nOrderedDict\n)RN}\x8c\x01aK\x01s\x86b." },
  { name: "an OrderedDict with slots that are no dict", pickle: "ccollections\nOrderedDict\n)R}K\x01\x86b." },
  { name: "an instance with slots of None", pickle: "capp\nPlain\n)\x81}N\x86b." },
  {
    name: "a dict that is what one of its keys refers to",
    pickle: "}q\0capp\nPlain\n)\x81}\x8c\x01ah\0sbK\x01s.",
  },
  {
    name: "bytearray() with a class for its errors",
    pickle: "cbuiltins\nbytearray\n(\x8c\x01a\x8c\x07latin-1cbuiltins\nint\ntR.",
  },
  {
    name: "datetime() with a float for its zone",
    pickle: "cdatetime\ndatetime\n(C\x0a\x07\xe8\x05\x06\x07\x08\x09\x01\xe2\x40G\0\0\0\0\0\0\0\0tR.",
  },
  {
    name: "datetime() with a date for its zone",
    pickle:
      "cdatetime\ndatetime\n(C\x0a\x07\xe8\x05\x06\x07\x08\x09\x01\xe2\x40cdatetime\ndate\n(C\x04\x07\xe8\x05\x06tRtR.",
  },
];
