/** Writing references to classes and functions. CPython 3.12 `_pickle.c` `save_global`. */
import { encodeUtf8Loop } from "../../../bytes/utf8-encode.js";
import type { PicklingError } from "../../../errors.js";
import type { ClassRegistryView } from "../../../globals/registry.js";
import { PyGlobal } from "../../../python/objects/objects.js";
import { reverseFixImport } from "../../fix-imports.js";
import * as op from "../../opcodes.js";
import { BytesWriter } from "./bytes-writer.js";

const GETATTR = new PyGlobal("builtins", "getattr");

/** More parts than any class has; each costs a level of recursion. */
const MAX_NAME_PARTS = 64;
/** Up to here a scan is cheaper than a Map. */
const MAX_SCAN = 16;

export abstract class GlobalWriter extends BytesWriter {
  abstract readonly registry: ClassRegistryView;
  python: "3.12" | "3.13" = "3.12";
  fixImports = true;

  /** Globals written so far, which are one object in Python however many stand for it here. */
  private globals: { readonly module: string; readonly name: string; readonly index: number }[] = [];
  private globalsByName: Map<string, Map<string, number>> | undefined;
  private readonly moduleStrings = new Map<string, number>();

  abstract failure(code: PicklingError["code"], message: string, cause?: unknown): Error;

  override clearMemos(): void {
    super.clearMemos();
    if (this.globals.length > 0) this.globals = [];
    this.globalsByName = undefined;
    if (this.moduleStrings.size > 0) this.moduleStrings.clear();
  }

  private findGlobal(module: string, name: string): number {
    if (this.globalsByName !== undefined) return this.globalsByName.get(module)?.get(name) ?? -1;
    for (const known of this.globals) if (known.name === name && known.module === module) return known.index;
    return -1;
  }

  private rememberGlobal(module: string, name: string, index: number): void {
    if (this.isFast) return;
    if (this.globalsByName === undefined) {
      this.globals.push({ module, name, index });
      if (this.globals.length <= MAX_SCAN) return;
      this.globalsByName = new Map();
      for (const known of this.globals) this.rememberGlobal(known.module, known.name, known.index);
      return;
    }
    let names = this.globalsByName.get(module);
    if (names === undefined) {
      names = new Map();
      this.globalsByName.set(module, names);
    }
    names.set(name, index);
  }

  /** Writes `global`. `object` is what stands for it in the data. */
  saveGlobal(global: PyGlobal, object: object = global): void {
    const { module, name } = global;
    const known = this.findGlobal(module, name);
    if (known >= 0) {
      this.objectMemo.findOrAdd(object, known);
      this.get(known);
      return;
    }
    if (this.protocol >= 2) {
      const code = this.registry.extensionCode(module, name);
      if (code !== undefined) {
        this.writeExtension(code);
        return;
      }
      if (this.protocol >= 4) this.writeStackGlobal(global);
      else this.writeGlobal(global);
    } else {
      this.writeGlobal(global);
    }
    this.rememberGlobal(module, name, this.memoCount);
    this.memoize(object);
  }

  /** A global that the encoder itself refers to. */
  saveOwnGlobal(global: PyGlobal): void {
    this.ready();
    const known = this.findGlobal(global.module, global.name);
    if (known >= 0) this.get(known);
    else this.saveGlobal(global);
  }

  private writeExtension(code: number): void {
    if (code < 0x100) {
      this.buf[this.pos++] = op.EXT1;
      this.buf[this.pos++] = code;
    } else if (code < 0x10000) {
      this.buf[this.pos++] = op.EXT2;
      this.view.setUint16(this.pos, code, true);
      this.pos += 2;
    } else {
      this.buf[this.pos++] = op.EXT4;
      this.view.setInt32(this.pos, code, true);
      this.pos += 4;
    }
  }

  private writeStackGlobal(global: PyGlobal): void {
    const entry = PyGlobal.entryOf(global) ?? this.registry.find(global.module, global.name);
    // Types written in C make a new string of their name each time it is asked for; builtins without an entry are functions.
    const named =
      entry?.nameStrings ?? (global.module !== "builtins" ? "interned" : entry ? "static-name" : "function");
    const strings = typeof named === "string" ? named : named[this.python];
    this.ready();
    if (strings === "fresh") this.saveFreshStr(global.module);
    else if (strings === "function" || strings === "submodule") this.saveModuleStr(global.module);
    else this.saveSharedStr(global.module);
    this.ready();
    if (strings === "interned" || strings === "submodule") this.saveSharedStr(global.name);
    else this.saveFreshStr(global.name);
    this.buf[this.pos++] = op.STACK_GLOBAL;
  }

  /** The module's own string of its name, which what is in it refers to and nothing else does. */
  private saveModuleStr(module: string): void {
    const known = this.moduleStrings.get(module);
    if (known !== undefined) {
      this.get(known);
      return;
    }
    if (this.strings !== "none" && !this.isFast) this.moduleStrings.set(module, this.memoCount);
    this.saveFreshStr(module);
  }

  private writeGlobal(global: PyGlobal): void {
    const { module, name } = global;
    if (!name.includes(".")) {
      this.writeTopLevelGlobal(module, name);
      return;
    }
    const parts = name.split(".");
    if (parts.length > MAX_NAME_PARTS) {
      throw this.failure("unpicklable", `Cannot pickle ${module}.${name.slice(0, 64)}...: its name has too many parts`);
    }
    if (this.python === "3.12") this.writeAttribute(module, parts);
    else this.writeAttributes(module, parts);
  }

  /** `getattr(parent, name)` as a call whose parts are objects of their own. CPython up to 3.12. */
  private writeAttribute(module: string, parts: readonly string[]): void {
    this.saveOwnGlobal(GETATTR);
    if (this.protocol < 2) this.buf[this.pos++] = op.MARK;
    this.saveParent(new PyGlobal(module, parts.slice(0, -1).join(".")));
    this.ready();
    this.saveFreshStr(parts[parts.length - 1]!);
    this.buf[this.pos++] = this.protocol < 2 ? op.TUPLE : op.TUPLE2;
    this.put();
    this.buf[this.pos++] = op.REDUCE;
  }

  /** The class that an attribute is taken from. */
  protected saveParent(parent: PyGlobal): void {
    this.ready();
    this.saveGlobal(parent);
  }

  /** The same without remembering what is in between. CPython 3.13 `_pickle.c` `save_global`. */
  private writeAttributes(module: string, parts: readonly string[]): void {
    for (let i = 1; i < parts.length; i++) {
      this.saveOwnGlobal(GETATTR);
      if (this.protocol < 2) this.buf[this.pos++] = op.MARK;
    }
    this.ready();
    this.writeTopLevelGlobal(module, parts[0]!);
    for (let i = 1; i < parts.length; i++) {
      this.ready();
      this.saveFreshStr(parts[i]!);
      this.buf[this.pos++] = this.protocol < 2 ? op.TUPLE : op.TUPLE2;
      this.buf[this.pos++] = op.REDUCE;
    }
  }

  private writeTopLevelGlobal(module: string, name: string): void {
    const names = this.fixImports && this.protocol < 3 ? reverseFixImport(module, name) : [module, name];
    this.buf[this.pos++] = op.GLOBAL;
    for (const part of names) {
      this.room(part.length * 3);
      const start = this.pos;
      this.pos = encodeUtf8Loop(part, this.buf, start);
      if (part.includes("\n") || (this.protocol < 3 && this.pos - start !== part.length)) {
        throw this.failure(
          "protocol-too-low",
          `Cannot pickle global ${JSON.stringify(`${module}.${name}`)} at protocol ${this.protocol}: its name is not plain ASCII`,
        );
      }
      this.buf[this.pos++] = 0x0a;
    }
  }
}
