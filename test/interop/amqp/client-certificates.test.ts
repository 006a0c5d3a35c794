/** RabbitMQ and Redis that let nobody in without a certificate, and Celery's own settings for it on Python's side. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { amqp, connect } from "@brine/amqp-adapter";
import { Celery, type CelerySettings } from "@brine/celery";
import { redis, redisBackend } from "@brine/redis-adapter";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeEachGeneration } from "../../services/inject.js";
import { type Authority, type Certificate, makeAuthority } from "../../services/local/certificate.js";
import { freePort } from "../../services/local/executables.js";
import { type Service, startLocalRabbitmq } from "../../services/local/local-service.js";
import { startTlsRedis, type TlsRedis } from "../../services/redis-servers.js";

/** Who has to have signed, and certificates of all kinds: `node` is a user of RabbitMQ, `nobody` is none. */
interface Certificates {
  readonly authority: Authority;
  readonly server: Certificate;
  readonly node: Certificate;
  readonly nobody: Certificate;
  readonly expired: Certificate;
  readonly foreign: Certificate;
}

const NO_RABBITMQ = "rabbitmq-server or openssl is not installed on this machine";
const NO_REDIS = "redis-server or openssl is not installed on this machine";
const PYTHON_ELSEWHERE = "Python runs in a container, from where these servers are out of reach";

let folder: string;
let certificates: Certificates | undefined;
let rabbitmq: Service | undefined;
let server: TlsRedis | undefined;
let amqpsPort: number;

async function makeCertificates(): Promise<Certificates | undefined> {
  const authority = await makeAuthority(folder);
  const stranger = await makeAuthority(folder, "stranger");
  if (authority === undefined || stranger === undefined) return undefined;
  const [localhost, node, nobody, expired, foreign] = [
    await authority.issue("localhost"),
    await authority.issue("node"),
    await authority.issue("nobody"),
    await authority.issue("node", { isExpired: true }),
    await stranger.issue("node"),
  ];
  return { authority, server: localhost, node, nobody, expired, foreign };
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "brine-clients-"));
  certificates = await makeCertificates();
  if (certificates === undefined) return;
  const files = { certificate: certificates.server, clientAuthority: certificates.authority };
  amqpsPort = await freePort();
  const listener = { port: amqpsPort, certifiedUser: "node", ...files };
  [rabbitmq, server] = await Promise.all([startLocalRabbitmq(listener), startTlsRedis(files)]);
});

afterAll(async () => {
  await Promise.all([rabbitmq?.dispose(), server?.dispose()]);
  await rm(folder, { recursive: true, force: true });
});

/** What is given to `tls.connect`. */
const tlsOf = ({ authority }: Certificates, own?: Certificate) => ({
  ca: [authority.cert],
  ...(own && { cert: own.cert, key: own.key }),
});

/** Both versions: TLS 1.3 tells of a refusal only after the client's handshake is done. */
const VERSIONS = ["TLSv1.2", "TLSv1.3"] as const;

describe("RabbitMQ that wants a certificate", () => {
  const attempt = (own: object, options: object = {}) =>
    connect(`amqps://localhost:${amqpsPort}`, { socket: own, ...options }).then(
      (connection) => connection.close().then(() => "connected"),
      (error: { readonly code: string; readonly message: string }) => `${error.code}: ${error.message}`,
    );

  test.for(VERSIONS)("says at once what is wrong with it (%s)", async (maxVersion, context) => {
    if (certificates === undefined || rabbitmq === undefined) return context.skip(NO_RABBITMQ);
    const given = (own?: Certificate) => ({ ...tlsOf(certificates!, own), maxVersion });
    const { authority, node, nobody, expired, foreign } = certificates;
    expect(await attempt(given(node))).toBe("connected");
    expect(await attempt(given())).toMatch(/^tls-failed: .*Give `socket.cert` and `socket.key`/);
    expect(await attempt(given(expired))).toMatch(/^tls-failed: .*has expired. Renew what `socket.cert` has/);
    expect(await attempt(given(foreign))).toMatch(/^tls-failed: .*`ssl_options.cacertfile` signed/);
    expect(await attempt({ ...given(node), key: nobody.key })).toMatch(/^tls-failed: .*not the key of `socket.cert`/);
    const paths = { ca: [authority.cert], cert: node.certFile, key: node.keyFile };
    expect(await attempt(paths)).toMatch(/^tls-failed: .*Give the file's content, not its path/);
    const renamed = { ...given(node), servername: "broker.example" };
    expect(await attempt(renamed)).toMatch(/^tls-failed: .*`socket.servername`/);
  });

  test("lets in whom the certificate names, as EXTERNAL", async (context) => {
    if (certificates === undefined || rabbitmq === undefined) return context.skip(NO_RABBITMQ);
    const { node, nobody } = certificates;
    const external = { loginMethod: "EXTERNAL" };
    expect(await attempt(tlsOf(certificates, node), external)).toBe("connected");
    expect(await attempt(tlsOf(certificates, nobody), external)).toMatch(/^access-refused: .*ssl_cert_login_from/);
    // Without TLS nobody is named, and RabbitMQ does not offer it.
    const plain = connect(rabbitmq.url, { loginMethod: "EXTERNAL", maxConnectAttempts: 1 });
    await expect(plain).rejects.toMatchObject({ code: "access-refused" });
    await expect(connect(rabbitmq.url, { loginMethod: "LDAP" as "PLAIN" })).rejects.toMatchObject({
      code: "bad-option",
      message: expect.stringContaining('want "PLAIN" or "EXTERNAL"'),
    });
  });
});

describe("Redis that wants a certificate", () => {
  test.for([redis, redisBackend])("says what is wrong with it (%o)", async (make, context) => {
    if (certificates === undefined || server === undefined) return context.skip(NO_REDIS);
    const { url } = server;
    const attempt = async (tls: object) => {
      const client = make(url, { connection: { tls }, connectTimeoutMs: 30_000 });
      try {
        await client.connect();
        return "connected";
      } catch (error) {
        const { code, message } = error as { readonly code: string; readonly message: string };
        return `${code}: ${message}`;
      } finally {
        await client.close();
      }
    };
    const { authority, node, nobody, expired, foreign } = certificates;
    // Redis ends the connection with its alert; under TLS 1.3 the client may be writing by then, and hear of a reset only.
    const given = (own?: Certificate) => ({ ...tlsOf(certificates!, own), maxVersion: "TLSv1.2" });
    expect(await attempt(tlsOf(certificates, node))).toBe("connected");
    expect(await attempt(given())).toMatch(/^unavailable: .*`connection.tls.cert` and `connection.tls.key`/);
    expect(await attempt(given(expired))).toMatch(/^unavailable: .*Renew what `connection.tls.cert` has/);
    expect(await attempt(given(foreign))).toMatch(/^unavailable: .*`tls-ca-cert-file` signed/);
    expect(await attempt(tlsOf(certificates, foreign))).toMatch(/^unavailable: .*`connection.tls.cert`/);
    expect(await attempt({ ...given(node), key: nobody.key })).toMatch(/not the key of `connection.tls.cert`/);
    expect(await attempt({ cert: node.cert, key: node.key })).toMatch(/`connection.tls.ca`/);
    expect(await attempt({ ...given(node), servername: "redis.example" })).toMatch(/`connection.tls.servername`/);
    expect(await attempt({ ca: [authority.cert], cert: node.certFile, key: node.keyFile })).toMatch(/not its path/);
  });
});

/** Three certificates and a URL; `{ca}`, `{cert}` and `{key}` in the URL become the names of their files. */
const SCRIPT = `
import ssl
import sys
import tempfile
from celery import Celery

url, scheme, *texts = sys.argv[1:]

def write(text):
    with tempfile.NamedTemporaryFile("w", suffix=".pem", delete=False) as file:
        file.write(text)
    return file.name

ca, cert, key = map(write, texts)
if scheme == "amqps":
    app = Celery(broker=url, backend="rpc://")
    app.conf.broker_use_ssl = {
        "ca_certs": ca, "certfile": cert, "keyfile": key, "cert_reqs": ssl.CERT_REQUIRED, "server_hostname": "localhost",
    }
    app.conf.broker_login_method = "EXTERNAL"
else:
    url = url.format(ca=ca, cert=cert, key=key)
    app = Celery(broker=url, backend=url)
print(app.send_task("add", (20, 22), queue="certified").get(timeout=60))
`;

describeEachGeneration("Python and Node, each with its certificate,", (set) => {
  const answer = async (settings: CelerySettings, url: string, scheme: string) => {
    const { authority, node } = certificates!;
    const app = new Celery({ ...settings, taskDefaultQueue: "certified" });
    try {
      app.task("add", (_, x: number, y: number) => x + y);
      await app.worker({ mingle: false, gossip: false, remoteControl: false }).start();
      const texts = [authority, node].map((one) => one.cert.toString());
      const run = await set.python.run(SCRIPT, [url, scheme, ...texts, node.key.toString()]);
      expect(run.exitCode, run.stderr).toBe(0);
      return run.stdout.toString().trim();
    } finally {
      await app.close();
    }
  };

  test("meet over RabbitMQ, as broker_use_ssl and broker_login_method have it", async (context) => {
    if (certificates === undefined || rabbitmq === undefined) return context.skip(NO_RABBITMQ);
    if (set.mode !== "local") return context.skip(PYTHON_ELSEWHERE);
    const socket = tlsOf(certificates, certificates.node);
    const broker = amqp(`amqps://localhost:${amqpsPort}`, { socket, loginMethod: "EXTERNAL" });
    const settings = { broker, backend: "rpc://" };
    expect(await answer(settings, `amqp://localhost:${amqpsPort}//`, "amqps")).toBe("42");
  });

  test("meet over Redis, by the same URL with its ssl_ parameters", async (context) => {
    if (certificates === undefined || server === undefined) return context.skip(NO_REDIS);
    if (set.mode !== "local") return context.skip(PYTHON_ELSEWHERE);
    const { authority, node } = certificates;
    const url = `${server.url}?ssl_cert_reqs=CERT_REQUIRED&ssl_ca_certs={ca}&ssl_certfile={cert}&ssl_keyfile={key}`;
    const own = url.replace("{ca}", authority.certFile).replace("{cert}", node.certFile).replace("{key}", node.keyFile);
    const settings = { broker: redis(own), backend: redisBackend(own) };
    expect(await answer(settings, url, "rediss")).toBe("42");
  });
});
