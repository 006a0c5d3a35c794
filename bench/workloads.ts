/** What each workload of `corpus.py` is, in words for tables and charts. */
export const WORKLOADS: Readonly<Record<string, string>> = {
  a: "tiny Celery body",
  m: "Celery result",
  b: "task with 24 lines",
  c: "1,000 records of 10 keys",
  c2: "300 rows of 30 keys",
  k: "2,800 datetimes, Decimals, UUIDs, tuples",
  d: "290,000 ints",
  d2: "110,000 64-bit ints",
  e: "116,000 floats",
  f: "43,000 short strings",
  f2: "1,000 long strings",
  g: "6,000 strings in CJK, Cyrillic, emoji",
  i: "10,000 nested lists",
  j: "a dict of 100,000 keys",
  h: "16 MB of bytes",
};
