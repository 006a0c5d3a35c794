/** Exceptions of programs that use tblib, as tblib 1.7 and 3.2 pickled them on CPython 3.11. */
import { expect, test } from "vitest";
import {
  ClassRegistry,
  dumps,
  loads,
  type PyException,
  type PyInstance,
  type PyObject,
  pyExceptions,
  tuple,
} from "../index.js";

/*
 * app.py:
 *   try:
 *       raise KeyError("k")
 *   except KeyError as error:
 *       raise Boom("b") from error
 * and so on; after `tblib.pickling_support.install()`, pickle.dumps(exception, 4)
 */
const BOOM_1 =
  "gASVmQIAAAAAAACMFnRibGliLnBpY2tsaW5nX3N1cHBvcnSUjBJ1bnBpY2tsZV9leGNlcHRpb26Uk5QojANhcHCUjARCb29tlJOUjAFilIWUaAIojAhidWlsdGluc5SMCEtleUVycm9ylJOUjAFrlIWUTmgAjBJ1bnBpY2tsZV90cmFjZWJhY2uUk5SMBXRibGlilIwFRnJhbWWUk5QpgZR9lCiMCGZfbG9jYWxzlH2UjAlmX2dsb2JhbHOUfZSMCF9fbmFtZV9flGgDc4wGZl9jb2RllGgPjARDb2RllJOUKYGUfZQojAtjb19maWxlbmFtZZSMBmFwcC5weZSMB2NvX25hbWWUjARmYWlslIwLY29fYXJnY291bnSUSwCMEWNvX2t3b25seWFyZ2NvdW50lEsAjAtjb192YXJuYW1lc5QpjApjb19ubG9jYWxzlEsAjAxjb19zdGFja3NpemWUSwCMCGNvX2ZsYWdzlEtAjA5jb19maXJzdGxpbmVub5RLAHVijAhmX2xpbmVub5RLE3ViSw5Oh5RSlHSUUpRoDmgRKYGUfZQoaBR9lGgWfZQoaBiMCF9fbWFpbl9flIwIX19maWxlX1+UjBEvc3J2L2FwcC90YXNrcy5weZR1aBloGymBlH2UKGgeaDRoIIwIPG1vZHVsZT6UaCJLAGgjSwBoJCloJUsAaCZLAGgnS0BoKEsAdWJoKUsldWJLImgPjAlUcmFjZWJhY2uUk5QpgZR9lCiMCHRiX2ZyYW1llGgRKYGUfZQoaBR9lGgWfZRoGGgDc2gZaBspgZR9lChoHmgfaCBoIWgiSwBoI0sAaCQpaCVLAGgmSwBoJ0tAaChLAHViaClLE3VijAl0Yl9saW5lbm+USxN1YoeUUpR0lFKULg==";
const CONTEXT_3 =
  "gASV1gIAAAAAAACMFnRibGliLnBpY2tsaW5nX3N1cHBvcnSUjB11bnBpY2tsZV9leGNlcHRpb25fd2l0aF9hdHRyc5STlCiMCGJ1aWx0aW5zlIwKVmFsdWVFcnJvcpSTlH2UKIwIX19kaWN0X1+UfZSMBGFyZ3OUjANiYWSUhZR1TmgAjBJ1bnBpY2tsZV90cmFjZWJhY2uUk5SMBXRibGlilIwFRnJhbWWUk5QpgZR9lCiMCGZfbG9jYWxzlH2UjAlmX2dsb2JhbHOUfZQojAhfX25hbWVfX5SMCF9fbWFpbl9flIwIX19maWxlX1+UjBEvc3J2L2FwcC90YXNrcy5weZR1jAZmX2NvZGWUaA6MBENvZGWUk5QpgZR9lCiMC2NvX2ZpbGVuYW1llGgajAdjb19uYW1llIwIPG1vZHVsZT6UjAtjb19hcmdjb3VudJRLAIwRY29fa3dvbmx5YXJnY291bnSUSwCMC2NvX3Zhcm5hbWVzlCmMCmNvX25sb2NhbHOUSwCMDGNvX3N0YWNrc2l6ZZRLAIwIY29fZmxhZ3OUS0CMDmNvX2ZpcnN0bGluZW5vlEsAdWKMCGZfbGluZW5vlEsldWJLImgOjAlUcmFjZWJhY2uUk5QpgZR9lCiMCHRiX2ZyYW1llGgQKYGUfZQoaBN9lGgVfZRoF4wDYXBwlHNoG2gdKYGUfZQoaCCMBmFwcC5weZRoIYwEZmFpbJRoI0sAaCRLAGglKWgmSwBoJ0sAaChLQGgpSwB1YmgqSxF1YowJdGJfbGluZW5vlEsRdWKHlFKUaAIoaAOMCEtleUVycm9ylJOUfZQoaAd9lGgJjAFrlIWUdU5oDWgQKYGUfZQoaBN9lGgVfZRoF2g0c2gbaB0pgZR9lChoIGg3aCFoOGgjSwBoJEsAaCUpaCZLAGgnSwBoKEtAaClLAHViaCpLEXViSw5Oh5RSlE6JTil0lFKUiU4pdJRSlC4=";
/** `Lost(2, "gone", "a.txt", extra=1)`, below OSError, with an `__init__` of its own. */
const LOST_3 =
  "gASVCwMAAAAAAACMFnRibGliLnBpY2tsaW5nX3N1cHBvcnSUjB11bnBpY2tsZV9leGNlcHRpb25fd2l0aF9hdHRyc5STlCiMA2FwcJSMBExvc3SUk5R9lCiMCF9fZGljdF9flH2UjAVleHRyYZRLAXOMBGFyZ3OUSwKMBGdvbmWUhpSMBWVycm5vlEsCjAhzdHJlcnJvcpRoC4wIZmlsZW5hbWWUjAVhLnR4dJR1TmgAjBJ1bnBpY2tsZV90cmFjZWJhY2uUk5SMBXRibGlilIwFRnJhbWWUk5QpgZR9lCiMCGZfbG9jYWxzlH2UjAlmX2dsb2JhbHOUfZQojAhfX25hbWVfX5SMCF9fbWFpbl9flIwIX19maWxlX1+UjBEvc3J2L2FwcC90YXNrcy5weZR1jAZmX2NvZGWUaBOMBENvZGWUk5QpgZR9lCiMC2NvX2ZpbGVuYW1llGgfjAdjb19uYW1llIwIPG1vZHVsZT6UjAtjb19hcmdjb3VudJRLAIwRY29fa3dvbmx5YXJnY291bnSUSwCMC2NvX3Zhcm5hbWVzlCmMCmNvX25sb2NhbHOUSwCMDGNvX3N0YWNrc2l6ZZRLAIwIY29fZmxhZ3OUS0CMDmNvX2ZpcnN0bGluZW5vlEsAdWKMCGZfbGluZW5vlEsldWJLImgTjAlUcmFjZWJhY2uUk5QpgZR9lCiMCHRiX2ZyYW1llGgVKYGUfZQoaBh9lGgafZRoHGgDc2ggaCIpgZR9lChoJYwGYXBwLnB5lGgmjARmYWlslGgoSwBoKUsAaCopaCtLAGgsSwBoLUtAaC5LAHViaC9LFXVijAl0Yl9saW5lbm+USxV1YoeUUpRoAiiMCGJ1aWx0aW5zlIwIS2V5RXJyb3KUk5R9lChoB32UaAqMAWuUhZR1TmgSaBUpgZR9lChoGH2UaBp9lGgcaANzaCBoIimBlH2UKGglaDtoJmg8aChLAGgpSwBoKiloK0sAaCxLAGgtS0BoLksAdWJoL0sVdWJLDk6HlFKUTolOKXSUUpSITil0lFKUaAhiLg==";
/** `ExceptionGroup("g", [ValueError(1), Boom("x")])` */
const GROUP_1 =
  "gASVeQIAAAAAAACMFnRibGliLnBpY2tsaW5nX3N1cHBvcnSUjBJ1bnBpY2tsZV9leGNlcHRpb26Uk5QojAhidWlsdGluc5SMDkV4Y2VwdGlvbkdyb3VwlJOUjAFnlF2UKGgCKIwIYnVpbHRpbnOUjApWYWx1ZUVycm9ylJOUSwGFlE5OdJRSlGgCKIwDYXBwlIwEQm9vbZSTlIwBeJSFlE5OdJRSlGWGlE5oAIwSdW5waWNrbGVfdHJhY2ViYWNrlJOUjAV0YmxpYpSMBUZyYW1llJOUKYGUfZQojAhmX2xvY2Fsc5R9lIwJZl9nbG9iYWxzlH2UKIwIX19uYW1lX1+UjAhfX21haW5fX5SMCF9fZmlsZV9flIwRL3Nydi9hcHAvdGFza3MucHmUdYwGZl9jb2RllGgYjARDb2RllJOUKYGUfZQojAtjb19maWxlbmFtZZRoJIwHY29fbmFtZZSMCDxtb2R1bGU+lIwLY29fYXJnY291bnSUSwCMEWNvX2t3b25seWFyZ2NvdW50lEsAjAtjb192YXJuYW1lc5QpjApjb19ubG9jYWxzlEsAjAxjb19zdGFja3NpemWUSwCMCGNvX2ZsYWdzlEtAjA5jb19maXJzdGxpbmVub5RLAHVijAhmX2xpbmVub5RLJXViSyJoGIwJVHJhY2ViYWNrlJOUKYGUfZQojAh0Yl9mcmFtZZRoGimBlH2UKGgdfZRoH32UaCFoDnNoJWgnKYGUfZQoaCqMBmFwcC5weZRoK4wEZmFpbJRoLUsAaC5LAGgvKWgwSwBoMUsAaDJLQGgzSwB1Ymg0Sxd1YowJdGJfbGluZW5vlEsXdWKHlFKUdJRSlC4=";

const registry = new ClassRegistry();
const Boom = registry.registerException("app.Boom");
registry.registerException("app.Lost", undefined, { extends: pyExceptions.OSError });
const load = (pickle: string) => loads(Buffer.from(pickle, "base64"), { registry }) as PyException;

test("an exception arrives as what it is, with its cause, and with its traceback as data", () => {
  const boom = load(BOOM_1);
  expect(boom).toBeInstanceOf(Boom);
  expect([...boom.args]).toEqual(["b"]);
  expect(boom.cause).toBeInstanceOf(pyExceptions.KeyError);
  expect(Object.keys(boom)).toEqual(["args"]);
  const traceback = (boom as unknown as { __traceback__: PyInstance }).__traceback__;
  expect(traceback.args[1]).toBe(34);
});

test("what it was raised during the handling of is its cause, as a traceback shows it", () => {
  const error = load(CONTEXT_3);
  expect(error).toBeInstanceOf(pyExceptions.ValueError);
  expect(error.message).toBe("bad");
  expect(error.cause).toBeInstanceOf(pyExceptions.KeyError);
});

test("an exception whose class has an __init__ has its arguments, the names of files and its attributes", () => {
  const lost = load(LOST_3);
  expect([lost.pythonClass, ...lost.args]).toEqual(["app.Lost", 2, "gone", "a.txt"]);
  expect(lost).toMatchObject({ extra: 1, message: "[Errno 2] gone: 'a.txt'" });
  expect(lost.cause).toBeUndefined();
});

test("it is written back as an exception, for a Python that may not have tblib", () => {
  const written = dumps(load(BOOM_1), { registry });
  expect(Buffer.from(written).equals(dumps(new Boom("b"), { registry }))).toBe(true);
});

test("one of a class that is not registered is kept as the call that it is", () => {
  const kept = loads(Buffer.from(BOOM_1, "base64"), { unregistered: "opaque" }) as PyObject;
  expect(String(kept.callable)).toBe("tblib.pickling_support.unpickle_exception");
  expect([String(kept.args[0]), kept.args[1]]).toEqual(["app.Boom", tuple("b")]);
});

test("a group may have members of classes that are not registered", () => {
  const group = loads(Buffer.from(GROUP_1, "base64"), { unregistered: "opaque" }) as PyException;
  expect(group).toBeInstanceOf(pyExceptions.ExceptionGroup);
  expect(group.message).toBe("g (2 sub-exceptions)");
});

test("nothing but classes of exceptions is called", () => {
  for (const callable of ["cbuiltins\nlist\n", "ctblib.pickling_support\nunpickle_exception\n", "I1\n"]) {
    const pickle = `ctblib.pickling_support\nunpickle_exception\n(${callable}(NtNNtR.`;
    expect(() => loads(Buffer.from(pickle))).toThrow(/no class of exceptions/);
  }
  expect(() =>
    loads(Buffer.from("ctblib.pickling_support\nunpickle_exception\n(cexceptions\nKeyError\nI1\nNNtR.")),
  ).toThrow(/its arguments are no tuple/);
});
