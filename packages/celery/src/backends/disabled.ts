/** No results: nothing is stored, and asking for one is an error. Celery's `DisabledBackend`. */
import { CeleryError } from "../errors.js";
import type { ChordOutcome, ResultBackend } from "./backend.js";

export class DisabledBackend implements ResultBackend {
  readonly type = "disabled";
  readonly description = "disabled://";
  readonly hasChords = false;

  async replyTo(): Promise<string> {
    return "";
  }

  async get(): Promise<never> {
    throw noBackend();
  }

  async watch(): Promise<never> {
    throw noBackend();
  }

  async store(): Promise<void> {}

  async forget(): Promise<void> {}

  async saveGroup(): Promise<never> {
    throw noBackend();
  }

  async restoreGroup(): Promise<never> {
    throw noBackend();
  }

  async deleteGroup(): Promise<void> {}

  async setChordSize(): Promise<never> {
    throw noBackend();
  }

  async growChord(): Promise<never> {
    throw noBackend();
  }

  async addChordPart(): Promise<ChordOutcome> {
    throw noBackend();
  }

  async clearChord(): Promise<void> {}

  async close(): Promise<void> {}
}

function noBackend(): CeleryError {
  return new CeleryError('Cannot get a result: the app has no backend; give it one, such as backend: "rpc://"', {
    code: "no-backend",
  });
}
