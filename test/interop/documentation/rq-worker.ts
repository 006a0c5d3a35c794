/** `rq worker` beside a module that a page shows, as its reader would have saved it. */
import type { PythonProcess, PythonSide } from "../../services/index.js";

const PROGRAM = `
import sys, types

name, code = sys.argv.pop(1), sys.argv.pop(1)
module = sys.modules[name] = types.ModuleType(name)
exec(code, vars(module))

from rq.cli import main
main()
`;

/** What a module's first line says: where to save it, and how to start the worker that imports it. */
const FIRST_LINE = /^# (\w+)\.py: rq worker (.+)\n/;

/** Resolves when the worker listens. @throws `Error` for code without its first line */
export async function startRqWorker(python: PythonSide, redisUrl: string, code: string): Promise<PythonProcess> {
  const [, module, args] = FIRST_LINE.exec(code) ?? [];
  if (module === undefined || args === undefined) throw new Error("Its first line is not `# MODULE.py: rq worker ...`");
  const worker = await python.start(["-c", PROGRAM, module, code, "worker", "--url", redisUrl, ...args.split(" ")]);
  await worker.waitForLog(/Listening on/);
  return worker;
}
