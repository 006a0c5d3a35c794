export type Direction = "decode" | "encode";

/** What each workload of `corpus.py` is, in words for tables and charts. */
export interface Workload {
  readonly title: string;
  /** Decoded without copying its bytes, so that no ratio says much. */
  readonly isZeroCopy?: boolean;
}

export const WORKLOADS: Readonly<Record<string, Workload>> = {
  a: { title: "tiny Celery body" },
  m: { title: "Celery result" },
  b: { title: "task with 24 lines" },
  c: { title: "1,000 records of 10 keys" },
  c2: { title: "300 rows of 30 keys" },
  k: { title: "2,800 datetimes, Decimals, UUIDs, tuples" },
  d: { title: "290,000 ints" },
  d2: { title: "110,000 64-bit ints" },
  e: { title: "116,000 floats" },
  f: { title: "43,000 short strings" },
  f2: { title: "1,000 long strings" },
  g: { title: "6,000 strings in CJK, Cyrillic, emoji" },
  i: { title: "10,000 nested lists" },
  j: { title: "a dict of 100,000 keys" },
  h: { title: "16 MB of bytes" },
  "h-view": { title: "16 MB of bytes, not copied", isZeroCopy: true },
  l: { title: "8 MB out of band", isZeroCopy: true },
};
