/**
 * The bytes of a pickle: a `Buffer` where there are Buffers, as on Node, and else a `Uint8Array`. TypeScript takes the former
 * where the types of Node are installed.
 */
export type PickledBytes = typeof globalThis extends { readonly Buffer: { alloc(size: number): infer B } }
  ? B
  : Uint8Array;
