/** What is no setting is refused, with what to write instead. */
import { expect, test } from "vitest";
import { isCeleryError } from "../../errors.js";
import { resolveSettings } from "./settings.js";

test.each([
  ["taskSerialiser", 'there is no "taskSerialiser"; did you mean taskSerializer?'],
  ["acceptcontent", 'there is no "acceptcontent"; did you mean acceptContent?'],
  ["task_serializer", '"task_serializer" is written taskSerializer here'],
  ["task_serialiser", 'there is no "task_serialiser"; did you mean taskSerializer?'],
  ["CELERY_TASK_SERIALIZER", '"CELERY_TASK_SERIALIZER" is written taskSerializer here'],
  ["CELERY_ACKS_LATE", '"CELERY_ACKS_LATE" is written taskAcksLate here'],
  ["CELERYD_CONCURRENCY", '"CELERYD_CONCURRENCY" is written workerConcurrency here'],
  ["broker_url", '"broker_url" is not supported: write broker'],
  ["BROKER_URL", '"BROKER_URL" is not supported: write broker'],
  ["resultBackend", '"resultBackend" is not supported: write backend'],
  ["broker_transport_options", "it belongs to the transport"],
  ["result_backend_transport_options", "the options of redisBackend()"],
  ["beat_schedule", "celery beat sends to these workers too"],
  ["task_always_eager", 'start a worker on broker "memory://"'],
  ["__proto__x", 'there is no "__proto__x"'],
  ["x", 'there is no "x"'],
])("%s", (name, message) => {
  const settings = Object.fromEntries([[name, undefined]]);
  try {
    resolveSettings(settings);
    expect.unreachable();
  } catch (error) {
    expect(isCeleryError(error) && error.code).toBe("bad-option");
    expect((error as Error).message).toContain(message);
    if (message.endsWith('"')) expect((error as Error).message.endsWith(message)).toBe(true);
  }
});

test("the names in a retry policy too", () => {
  const taskPublishRetryPolicy = { max_retries: 3 } as object;
  expect(() => resolveSettings({ taskPublishRetryPolicy })).toThrow(
    'Cannot use taskPublishRetryPolicy: "max_retries" is written maxRetries here',
  );
});
