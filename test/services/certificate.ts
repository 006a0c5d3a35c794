import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { findExecutable } from "./executables.js";

export interface Certificate {
  readonly keyFile: string;
  readonly certFile: string;
  readonly cert: Buffer;
}

/** A self-signed certificate for localhost, written to `folder`. `undefined`: there is no openssl. */
export async function makeCertificate(folder: string): Promise<Certificate | undefined> {
  const openssl = await findExecutable(["openssl"]);
  if (openssl === undefined) return undefined;
  const [keyFile, certFile] = [path.join(folder, "key.pem"), path.join(folder, "cert.pem")];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  const output = ["-keyout", keyFile, "-out", certFile, "-days", "1", "-nodes"];
  await promisify(execFile)(openssl, ["req", "-x509", "-newkey", "rsa:2048", ...output, ...subject]);
  return { keyFile, certFile, cert: await readFile(certFile) };
}
