/** A TLS listener of RabbitMQ's own, with a certificate made for the test: who trusts it gets in, who does not stays out. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type AmqpConnection, amqp, connect, pickled } from "@brine/amqp-adapter";
import { Celery } from "@brine/celery";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Certificate, makeCertificate } from "../../services/local/certificate.js";
import { freePort } from "../../services/local/executables.js";
import { type Service, startLocalRabbitmq } from "../../services/local/local-service.js";

let folder: string;
let service: Service | undefined;
let trusted: Certificate | undefined;
let stranger: Certificate | undefined;
let url: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "brine-tls-"));
  trusted = await makeCertificate(folder);
  if (trusted === undefined) return;
  stranger = await makeCertificate(await mkdtemp(path.join(folder, "stranger-")));
  const port = await freePort();
  service = await startLocalRabbitmq({ port, certificate: trusted });
  url = `amqps://guest:guest@localhost:${port}`;
});

afterAll(async () => {
  await service?.dispose();
  await rm(folder, { recursive: true, force: true });
});

const ONCE = { maxConnectAttempts: 1 } as const;

test("amqps to RabbitMQ's own listener: a certificate that is trusted only", async (context) => {
  if (trusted === undefined) return context.skip("openssl is not installed");
  if (service === undefined) return context.skip("rabbitmq-server is not installed on this machine");
  // Without a limit of attempts: what trying again does not help fails at once.
  const refused = (socket: object, address = url) =>
    connect(address, { socket }).then(
      (connection) => connection.close().then(() => "connected"),
      (error: { readonly code: string; readonly message: string }) => `${error.code}: ${error.message}`,
    );
  expect(await refused({})).toMatch(/^tls-failed: .*`socket.ca`.*self-signed/);
  expect(await refused({ ca: [stranger!.cert] })).toMatch(/^tls-failed: .*self-signed/);

  const other = { ca: [trusted.cert], servername: "broker.example" };
  expect(await refused(other)).toMatch(/^tls-failed: .*`socket.servername`/);
  const plainPort = service.url.replace("amqp:", "amqps:");
  expect(await refused({}, plainPort)).toMatch(/^tls-failed: .*does not speak TLS/);
  const plain = connect(url.replace("amqps:", "amqp:"), ONCE);
  await expect(plain).rejects.toMatchObject({ code: "unreachable", message: expect.stringContaining("amqps://") });

  const connection: AmqpConnection = await connect(url, { ...ONCE, socket: { ca: [trusted.cert] } });
  try {
    const channel = pickled(await connection.createChannel());
    const { queue } = await channel.assertQueue("", { exclusive: true });
    await channel.sendToQueue(queue, ["secret", 7n], { mandatory: true });
    const message = await channel.get(queue);
    expect(message).toMatchObject({ value: ["secret", 7] });
    if (message) message.ack();
    // What is more than one TLS record and one frame of AMQP.
    const large = Buffer.alloc(300_000, 7);
    await channel.sendToQueue(queue, large);
    const second = await channel.get(queue);
    expect(second && Buffer.from(second.value as Uint8Array).equals(large)).toBe(true);
  } finally {
    await connection.close();
  }
});

test("tasks and their results over amqps", async (context) => {
  if (service === undefined || trusted === undefined) return context.skip("no RabbitMQ with TLS: see above");
  const app = new Celery({
    broker: amqp(url, { socket: { ca: [trusted.cert] } }),
    backend: "rpc://",
    taskDefaultQueue: "tls-tasks",
    taskSerializer: "pickle",
    resultSerializer: "pickle",
    acceptContent: ["pickle"],
  });
  try {
    const add = app.task("add", (_, x: number, y: number) => x + y);
    await app.worker({ mingle: false, gossip: false, remoteControl: false }).start();
    const sent = await Promise.all([1, 2, 3].map((n) => add.delay(n, n)));
    expect(await Promise.all(sent.map((result) => result.get({ timeoutMs: 60_000 })))).toEqual([2, 4, 6]);
  } finally {
    await app.close();
  }
});
