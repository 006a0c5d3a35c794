/** What is said of a global that nobody registered, and what is made of it when it is let through. */
import { describe, expect, test } from "vitest";
import { ClassRegistry } from "../../../globals/default-registry.js";
import { registerNumpy } from "../../../numpy/index.js";
import { tuple } from "../../../python/containers/sequences.js";
import { PyGlobal, PyObject } from "../../../python/objects/objects.js";
import { dumps } from "../../api-dump.js";
import { loads } from "../../api-load.js";
import { failure, raw } from "../written-by-hand.js";

describe("a global that nobody registered", () => {
  test("an unregistered class is an error, or an opaque object that says all", () => {
    const pickle = raw("\x80\x02cm\nC\nq\x00(K\x01tq\x01\x81q\x02}q\x03X\x01\x00\x00\x00xK\x02sb.");
    const error = failure(() => loads(pickle));
    expect([error.code, error.offset, error.opcode]).toEqual(["unregistered-global", 2, "GLOBAL"]);
    const object = loads(pickle, { unregistered: "opaque" }) as PyObject;
    expect(object).toBeInstanceOf(PyObject);
    expect(object.kind).toBe("newobj");
    expect(String(object.callable)).toBe("m.C");
    expect(object.args).toStrictEqual(tuple(1));
    expect(object.state).toStrictEqual({ x: 2 });
  });

  test("an unregistered class says the line that registers it", () => {
    expect(failure(() => loads(raw("capp.models\nA\n."))).message).toBe(
      'Cannot decode GLOBAL: app.models.A is not registered; register it with registry.register("app.models.A", A), or pass unregistered: "opaque"',
    );
    expect(failure(() => loads(raw("capp\nErrorLog\n."))).message).toContain('register("app.ErrorLog", ErrorLog)');
    expect(failure(() => loads(raw("capp\n<lambda>\n."))).message).toContain('register("app.<lambda>", YourClass)');
  });

  test.each([
    ["app", "A"],
    ["app.models", "Outer.Inner"],
    ["app.tasks", "send_mail"],
    ["app.errors", "PaymentError"],
    ["app.models", "User.DoesNotExist"],
  ])("the line that registers %s.%s does so", (module, name) => {
    const pickle = dumps(new PyGlobal(module, name));
    const line = /register it with registry\.(\w+)\((.*)\), or pass/.exec(failure(() => loads(pickle)).message)!;
    const registry = new ClassRegistry();
    const names = ["A", "Inner", "DoesNotExist"];
    new Function("registry", ...names, `registry.${line[1]}(${line[2]})`)(registry, ...names.map(() => class {}));
    expect(String(loads(pickle, { registry }))).toBe(`${module}.${name}`);
  });

  test("numpy's names say which entry knows them", () => {
    const error = failure(() => loads(raw("cnumpy.core.multiarray\n_reconstruct\n.")));
    expect(error.message).toContain("register it with registerNumpy(registry), of @brine/codec/numpy, or pass");
    const registry = registerNumpy(new ClassRegistry());
    const other = failure(() => loads(raw("cnumpy\nmean\n."), { registry }));
    expect(other.message).toContain('register it with registry.registerFunction("numpy.mean"), or pass');
  });

  test("names of libraries that build on numpy say how to read their arrays", () => {
    const frame = raw("cpandas.core.frame\nDataFrame\n.");
    expect(failure(() => loads(frame)).message).toBe(
      'Cannot decode GLOBAL: pandas.core.frame.DataFrame is not registered; pass unregistered: "opaque" to read its arrays, with registerNumpy(registry), of @brine/codec/numpy, or have Python send plain data',
    );
    const registry = registerNumpy(new ClassRegistry());
    expect(failure(() => loads(frame, { registry })).message).toBe(
      'Cannot decode GLOBAL: pandas.core.frame.DataFrame is not registered; pass unregistered: "opaque" to read its arrays, or have Python send plain data',
    );
    for (const module of ["scipy.sparse._csr", "sklearn.linear_model._base"])
      expect(failure(() => loads(raw(`c${module}\nA\n.`))).message).toContain("have Python send plain data");
    // What a task that fails sends.
    expect(failure(() => loads(raw("cpandas.errors\nParserError\n."))).message).toContain(
      'register it with registry.registerException("pandas.errors.ParserError"), or pass',
    );
    expect(failure(() => loads(raw("cpandas_app\nA\n."))).message).toContain("register it with registry.register(");
    // A date of pandas, which is made of a number.
    expect(failure(() => loads(raw("cpandas._libs.tslibs.timestamps\n_unpickle_timestamp\n."))).message).toMatch(
      /is not registered; register it with registry\.registerFunction\("pandas\._libs\.tslibs\.timestamps\._unpickle_timestamp"\)/,
    );
    // How joblib 1.2 dumps an array.
    expect(failure(() => loads(raw("cjoblib.numpy_pickle\nNumpyArrayWrapper\n."))).message).toBe(
      "Cannot decode GLOBAL: joblib.numpy_pickle.NumpyArrayWrapper is not registered; joblib.dump() of arrays is no pickle: have Python use pickle.dump()",
    );
  });

  test("is no opaque data where joblib goes on with bytes that are no pickle, or another one, which would be all that is read", () => {
    // joblib.dump({"x": numpy.array(["a"], object), "b": 1}, file) of joblib 1.2
    const dumped = Buffer.from(
      "gASV0gAAAAAAAAB9lCiMAXiUjBNqb2JsaWIubnVtcHlfcGlja2xllIwRTnVtcHlBcnJheVdyYXBwZXKUk5QpgZR9lCiMCHN1YmNsYXNzlIwFbnVtcHmUjAduZGFycmF5lJOUjAVzaGFwZZRLAYWUjAVvcmRlcpSMAUOUjAVkdHlwZZRoCGgPk5SMAk84lImIh5RSlChLA4wBfJROTk5K/////0r/////Sz90lGKMCmFsbG93X21tYXCUiYwbbnVtcHlfYXJyYXlfYWxpZ25tZW50X2J5dGVzlEsQdWKAAmNudW1weS5jb3JlLm11bHRpYXJyYXkKX3JlY29uc3RydWN0CnEAY251bXB5Cm5kYXJyYXkKcQFLAIVxAmNfY29kZWNzCmVuY29kZQpxA1gBAAAAYnEEWAYAAABsYXRpbjFxBYZxBlJxB4dxCFJxCShLAUsBhXEKY251bXB5CmR0eXBlCnELWAIAAABPOHEMiYiHcQ1ScQ4oSwNYAQAAAHxxD05OTkr/////Sv////9LP3RxEGKJXXERWAEAAABhcRJhdHETYi6VCAAAAAAAAACMAWKUSwF1Lg==",
      "base64",
    );
    const { message, code } = failure(() => loads(dumped, { unregistered: "opaque" }));
    expect(code).toBe("unregistered-global");
    expect(message).toContain("joblib.dump() of arrays is no pickle");
  });
});
