/** What `--help` says. */

export const COMMANDS = ["dis", "json", "scan", "optimize"] as const;
export type CommandName = (typeof COMMANDS)[number];

export const OVERVIEW = `brine looks into Python pickles. It never imports, calls or builds what they name.

Usage: brine <command> [options] [file ...]

  dis       print the opcodes, as python -m pickletools does
  json      print the value as JSON
  scan      list what loading would import and call, and judge it
  optimize  write a smaller pickle of the same value

Without a file, or with -, the pickle is read from standard input.

Examples:
  brine scan model.pkl && python train.py model.pkl
  redis-cli --no-raw get session:1 | brine json
  brine dis --annotate task.pkl | less

Exit codes: 0 fine; 1 something was found, or the pickle is damaged; 2 wrong usage; 3 a file cannot be read or written.
brine <command> --help tells more.
`;

export const HELP: Readonly<Record<CommandName, string>> = Object.freeze({
  dis: `Usage: brine dis [options] [file ...]

Prints one line for each opcode: its offset, its code, its name, its argument. The text is that of Python's pickletools.dis.
A pickle that does not fit together (an opcode that needs more than the stack holds, a memo entry that was never stored)
is printed up to the opcode at fault.

  -a, --annotate       say what each opcode does
      --indent <n>     spaces for each level of marks (default 4)
      --all            every pickle of the file, not only the first

Examples:
  brine dis task.pkl
  python3 -c 'import pickle, sys; pickle.dump([1, 2], sys.stdout.buffer)' | brine dis -a
`,
  json: `Usage: brine json [options] [file ...]

Prints the value as JSON. What JSON has no form for becomes an object with one key that starts with $:
  {"$tuple": [1, 2]}   {"$bytes": "aGk="}   {"$set": [1]}   {"$dict": [[1, "a"]]}   {"$datetime.datetime": "2024-02-29T12:30:00"}
A class that is not known is shown as what the pickle says of it, never built:
  {"$object": "app.models.User", "args": [], "state": {"name": "ada"}}      {"$global": "os.system"}
A value that is referred to twice is printed once, with an $id, and then as {"$ref": id}.

      --compact          no line breaks
      --all              every pickle of the file, one after another
      --encoding <name>  of Python 2's str: ASCII (default), latin1, utf-8 or bytes
      --strict           refuse classes that are not known (exit code 1)

Examples:
  brine json --compact session.pkl | jq .user
  brine json --encoding latin1 old-python2.pkl
`,
  scan: `Usage: brine scan [options] [file ...]

Lists what loading the pickle would import, call and change, in every pickle of the file and up to the first damaged byte,
and judges it: allowed (it only makes values), unknown, or dangerous (it runs code, reaches files or the network, or was
built to mislead). Only "allowed" is safe to load with Python's pickle. Exit code 0 for allowed, 1 for all else.

      --allow <name>   a global that is harmless: app.models.User, or app.models.* (repeatable)
      --deny <name>    a global that is dangerous (repeatable)
  -v, --verbose        list what is allowed too
  -q, --quiet          print nothing; the exit code tells
      --json           one report for each file, as a line of JSON

Examples:
  brine scan *.pkl
  brine scan --allow app.models.User --allow 'numpy.*' cache.pkl
  curl -s https://example.org/model.pkl | brine scan -q && echo harmless
`,
  optimize: `Usage: brine optimize [options] [file]

Writes the pickle without the memo entries that nothing refers to, as Python's pickletools.optimize does. The value is the
same. What follows the first pickle of the file is dropped.

  -o, --output <file>  where to; default standard output

Example:
  brine optimize -o small.pkl big.pkl
`,
});
