/**
 * Removes the containers and networks of a test run when standard input ends: when the process that started this one
 * has closed it (after writing "done"), or has died. Plain JavaScript, since it runs on Node alone, without the tests' loader.
 *
 * argv[2]: {"label": "name=value", "engine": {socketPath} or {protocol, host, port, ca, cert, key}}
 */
import http from "node:http";
import https from "node:https";

const { label, engine } = JSON.parse(process.argv[2]);
const client = engine.protocol === "https" ? https : http;
const { protocol: _, ...target } = engine;

function call(method, path) {
  return new Promise((resolve, reject) => {
    const request = client.request({ ...target, method, path }, async (response) => {
      let text = "";
      for await (const chunk of response.setEncoding("utf8")) text += chunk;
      resolve(text);
    });
    request.on("error", reject);
    request.end();
  });
}

// A signal to the whole foreground group (Ctrl-C) must not end the guard before its work is done.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => undefined);
let said = "";
for await (const chunk of process.stdin.setEncoding("utf8")) said += chunk;

const filters = encodeURIComponent(JSON.stringify({ label: [label] }));
async function removeAll() {
  const containers = JSON.parse(await call("GET", `/containers/json?all=true&filters=${filters}`));
  await Promise.all(containers.map(({ Id }) => call("DELETE", `/containers/${Id}?force=true&v=true`)));
  const networks = JSON.parse(await call("GET", `/networks?filters=${filters}`));
  await Promise.all(networks.map(({ Id }) => call("DELETE", `/networks/${Id}`)));
}

await removeAll();
// A run that was killed may have asked for a container that the engine was still making.
if (said !== "done") {
  await new Promise((resolve) => setTimeout(resolve, 3000));
  await removeAll();
}
