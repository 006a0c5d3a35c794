/** Typical cached values: plain data that JSON and msgpack can hold as well. */

/** One record of about 100 bytes. */
const record = (i: number) => ({
  id: 1000 + i,
  name: `user-${i}`,
  email: `user-${i}@example.org`,
  active: i % 3 !== 0,
  score: i * 1.5 + 0.25,
  tags: ["a", "b", `t${i % 7}`],
});

export const VALUES: Readonly<Record<string, unknown>> = {
  "text of 1 KB": "Lorem ipsum dolor sit amet. ".repeat(36),
  "records, 1 KB": Array.from({ length: 9 }, (_, i) => record(i)),
  "records, 10 KB": Array.from({ length: 90 }, (_, i) => record(i)),
  "records, 100 KB": Array.from({ length: 900 }, (_, i) => record(i)),
  "numbers, 10 KB": Array.from({ length: 1100 }, (_, i) => Math.sin(i) * 1e6),
};
