/**
 * Options with their defaults filled in: once for each object that cannot change, which is how someone who pickles or unpickles
 * many values alike gives them, and each time for one that can.
 */
export function resolveOnce<O extends { readonly limits?: object | undefined }, R>(
  resolve: (options: O) => R,
): (options: O) => R {
  const known = new WeakMap<O, R>();
  return (options) => {
    const before = known.get(options);
    if (before !== undefined) return before;
    const resolved = resolve(options);
    const { limits } = options;
    if (Object.isFrozen(options) && (limits === undefined || Object.isFrozen(limits))) known.set(options, resolved);
    return resolved;
  };
}
