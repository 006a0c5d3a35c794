/** Python expressions; each is stored by Python, read here, written back here, and must then be the same to Python. */
export const VALUES = [
  "None",
  "True",
  "False",
  "0",
  "-7",
  "42",
  "2**31",
  "2**53 + 1",
  "-2**63",
  "2**200",
  "1.5",
  "5.0",
  "-0.0",
  "inf",
  "nan",
  "''",
  "'42'",
  "'h\\u00e9llo \\U0001f600'",
  "'\\ud800'",
  "'x' * 300",
  "b'\\x00\\xff\\x80bin'",
  "bytearray(b'ba')",
  "[1, 2.0, 3, (4+6j)]",
  "()",
  "('a', b'b', None)",
  "{'a': 1, 2: 'b', (1, 2): None}",
  "{'nested': {'list': [1, [2, [3]]], 'none': None}}",
  "{1, 2, 3}",
  "frozenset(['x'])",
  "datetime.datetime(2024, 2, 29, 12, 30, 45, 123456)",
  "datetime.datetime(2024, 2, 29, 12, 30, 45, tzinfo=datetime.timezone.utc)",
  "datetime.datetime(2024, 10, 27, 2, 30, fold=1)",
  "datetime.date(2024, 2, 29)",
  "datetime.time(1, 2, 3, 4)",
  "datetime.timedelta(days=-1, seconds=5, microseconds=6)",
  "Decimal('1.10')",
  "Fraction(1, 3)",
  "UUID('12345678-1234-5678-1234-567812345678')",
  "collections.OrderedDict([('z', 1), ('a', 2)])",
  "collections.Counter('aab')",
  "collections.deque([1, 2], maxlen=3)",
  "range(1, 10, 2)",
  "ValueError('boom', 1)",
] as const;

/** CPython 3.12 writes an OrderedDict as a dict, earlier ones as a list of pairs. */
export function since312(text: string): string {
  if (!text.startsWith("OrderedDict([")) return text;
  return text
    .replaceAll(/\(('\w+'), (\d+)\)/g, "$1: $2")
    .replace("[", "{")
    .replace("]", "}");
}
