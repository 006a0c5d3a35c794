/** `@brine/codec/tools`: looking into pickles without building anything. Public names only; no logic. */
export type { ArgumentName, OpcodeInfo, StackObject } from "../pickle/opcodes.js";
export { ARGUMENTS, type ArgumentDescriptor } from "./args.js";
export { type DisOptions, dis } from "./dis.js";
export { genops, type PickleOp } from "./genops.js";
export type { OpcodeArgument } from "./literal.js";
export { OPCODES } from "./opcode-table.js";
export { optimize } from "./optimize.js";
export type { ScanPolicy, Verdict } from "./scan/policy.js";
export type { FindingKind, ScanFinding, ScanReport } from "./scan/report.js";
export { type ScanOptions, scan } from "./scan/scan.js";
