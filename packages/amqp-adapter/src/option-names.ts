/** The check of options by name, before they are ignored without a word. */
import { optionChecker } from "@brine/codec/options";
import { AmqpError } from "./errors.js";

/** @throws AmqpError `bad-option` for what is no object, and for a name that is not among `names`, with what to write instead */
export const checkNames = optionChecker((message) => new AmqpError(message, { code: "bad-option" }));
