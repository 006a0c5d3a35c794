/** What workers answer to remote control, by name. */
import { checkArguments } from "./command-arguments.js";
import type { Command, CommandHost } from "./command-host.js";
import { controlCommands } from "./control-commands.js";
import { inspectCommands } from "./inspect-commands.js";

/** Names of before Celery 3, which tools still use. */
const ALIASES: Readonly<Record<string, string>> = {
  dump_active: "active",
  dump_reserved: "reserved",
  dump_schedule: "scheduled",
  dump_revoked: "revoked",
  dump_tasks: "registered",
  dump_conf: "conf",
};

export function workerCommands(host: CommandHost): ReadonlyMap<string, Command> {
  const commands = new Map<string, Command>();
  for (const [name, command] of Object.entries({ ...inspectCommands(host), ...controlCommands(host) })) {
    commands.set(name, (args, isSafe) => {
      checkArguments(name, args);
      return command(args, isSafe);
    });
  }
  for (const [alias, name] of Object.entries(ALIASES)) commands.set(alias, commands.get(name)!);
  return commands;
}
