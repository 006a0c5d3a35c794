/** The path to where an error happened, collected from the inside out. */

/** Segments kept at either end; what is between is left out. */
const MAX_SEGMENTS = 32;

export class Trail {
  private inner: string[] = [];
  private outer: string[] = [];
  private isCut = false;

  note(segment: string): void {
    if (segment === "") return;
    if (this.inner.length < MAX_SEGMENTS) {
      this.inner.push(segment);
      return;
    }
    this.outer.push(segment);
    if (this.outer.length > MAX_SEGMENTS) {
      this.outer.shift();
      this.isCut = true;
    }
  }

  path(): string {
    const outer = this.outer.reverse().join("");
    return `${outer}${this.isCut ? "..." : ""}${this.inner.reverse().join("")}`;
  }

  clear(): void {
    if (this.inner.length === 0) return;
    this.inner = [];
    this.outer = [];
    this.isCut = false;
  }
}

/** `.name` or `["odd name"]`. */
export function keySegment(key: unknown): string {
  if (typeof key === "string") {
    if (/^[A-Za-z_$][\w$]*$/.test(key) && key.length <= 100) return `.${key}`;
    return `[${JSON.stringify(key.length > 100 ? `${key.slice(0, 100)}...` : key)}]`;
  }
  if (typeof key === "object" && key !== null) return `[${Array.isArray(key) ? "(...)" : "{...}"}]`;
  return `[${String(key)}]`;
}
