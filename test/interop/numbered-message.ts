/** A message that is a number, for counting what arrives. */
export const numberedMessage = (index: number) => ({
  body: Buffer.from(String(index)),
  contentType: "text/plain",
  contentEncoding: "utf-8",
  headers: {},
  properties: { deliveryMode: 2 as const, correlationId: String(index), replyTo: "" },
});

/** An acknowledgement that never arrives: its message comes again, and is counted as a duplicate. */
export const untold = (): void => {};
