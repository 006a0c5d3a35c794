/** Content types as keys: kombu compares them as they are, Brine without parameters and in lower case. */

/** What a body without a content type is taken for. kombu `serialization.py` loads. */
export const DEFAULT_CONTENT_TYPE = "application/data";

/** Always let through, whatever the accept list says: nothing is decoded for them. kombu `serialization.py` TRUSTED_CONTENT. */
export const TRUSTED_CONTENT: ReadonlySet<string> = new Set(["application/data", "application/text"]);

/**
 * The media type without parameters, in lower case: `"Application/JSON; charset=utf-8"` becomes `"application/json"`.
 * The result is only ever looked up in a `Map`, so any text is safe.
 */
export function normalizeContentType(contentType: string): string {
  const semicolon = contentType.indexOf(";");
  return (semicolon < 0 ? contentType : contentType.slice(0, semicolon)).trim().toLowerCase();
}

/** Whether it is a content type, not the name of a serializer. */
export function isContentType(nameOrType: string): boolean {
  return nameOrType.includes("/");
}
