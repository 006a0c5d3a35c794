import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { findExecutable } from "./executables.js";

export interface Certificate {
  readonly keyFile: string;
  readonly certFile: string;
  readonly key: Buffer;
  readonly cert: Buffer;
}

/** Signs certificates; whoever trusts `certFile` trusts them. */
export interface Authority extends Certificate {
  /** A certificate of `commonName`, for localhost if a server shows it. `isExpired`: since years. */
  issue(commonName: string, options?: { readonly isExpired?: boolean }): Promise<Certificate>;
}

const RSA = ["-newkey", "rsa:2048", "-nodes"];
const NAMES = "subjectAltName=DNS:localhost,IP:127.0.0.1";

async function run(openssl: string, args: readonly string[]): Promise<void> {
  await promisify(execFile)(openssl, args);
}

async function readPair(folder: string, name: string): Promise<Certificate> {
  const { keyFile, certFile } = pathsOf(folder, name);
  return { keyFile, certFile, key: await readFile(keyFile), cert: await readFile(certFile) };
}

function pathsOf(folder: string, name: string) {
  return { keyFile: path.join(folder, `${name}.key.pem`), certFile: path.join(folder, `${name}.pem`) };
}

async function makeSelfSigned(folder: string, commonName: string, extensions: readonly string[]): Promise<Certificate> {
  const openssl = (await findExecutable(["openssl"]))!;
  const { keyFile, certFile } = pathsOf(folder, commonName);
  const output = ["-keyout", keyFile, "-out", certFile, "-days", "1", "-subj", `/CN=${commonName}`];
  await run(openssl, ["req", "-x509", ...RSA, ...output, ...extensions]);
  return readPair(folder, commonName);
}

/** A self-signed certificate for localhost, written to `folder`. `undefined`: there is no openssl. */
export async function makeCertificate(folder: string): Promise<Certificate | undefined> {
  if ((await findExecutable(["openssl"])) === undefined) return undefined;
  return makeSelfSigned(folder, "localhost", ["-addext", NAMES]);
}

/** An authority that keeps its files in `folder`. `undefined`: there is no openssl. */
export async function makeAuthority(folder: string, commonName = "authority"): Promise<Authority | undefined> {
  const openssl = await findExecutable(["openssl"]);
  if (openssl === undefined) return undefined;
  const own = await makeSelfSigned(folder, commonName, []);
  const home = path.join(folder, `${commonName}-issued`);
  const file = (name: string) => path.join(home, name);
  await mkdir(home);
  await writeFile(file("index.txt"), "");
  const settings = {
    database: file("index.txt"),
    new_certs_dir: home,
    certificate: own.certFile,
    private_key: own.keyFile,
    rand_serial: "yes",
    unique_subject: "no",
    default_md: "sha256",
    policy: "any",
    x509_extensions: "leaf",
  };
  const lines = [
    "[ca]",
    "default_ca = own",
    "[own]",
    ...Object.entries(settings).map(([name, value]) => `${name} = ${value}`),
    "[any]",
    "commonName = supplied",
    "[leaf]",
    "basicConstraints = CA:FALSE",
    NAMES.replace("=", " = "),
  ];
  await writeFile(file("openssl.cnf"), `${lines.join("\n")}\n`);
  const issue: Authority["issue"] = async (name, { isExpired = false } = {}) => {
    const folderOfOne = path.join(home, isExpired ? `${name}-expired` : name);
    await mkdir(folderOfOne);
    const { keyFile, certFile } = pathsOf(folderOfOne, name);
    const request = path.join(folderOfOne, "request.pem");
    await run(openssl, ["req", "-new", ...RSA, "-keyout", keyFile, "-out", request, "-subj", `/CN=${name}`]);
    const period = isExpired ? ["-startdate", "20200101000000Z", "-enddate", "20200102000000Z"] : ["-days", "1"];
    const output = ["-in", request, "-out", certFile, "-notext", ...period];
    await run(openssl, ["ca", "-batch", "-config", file("openssl.cnf"), ...output]);
    return readPair(folderOfOne, name);
  };
  return { ...own, issue };
}
