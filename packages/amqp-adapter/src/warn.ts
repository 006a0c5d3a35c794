/** Tells whoever runs the process what nobody else listens for. */
export function warn(text: string): void {
  process.emitWarning(text, { code: "BRINE_AMQP" });
}
