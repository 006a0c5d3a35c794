/** The check of options by name, before they are ignored without a word. */
import { optionChecker } from "@brine/codec/options";
import { RedisAdapterError } from "./errors.js";

/** @throws RedisAdapterError `bad-option` for what is no object, and for a name that is not among `names`, with what to write instead */
export const checkNames = optionChecker((message) => new RedisAdapterError(message, { code: "bad-option" }));
