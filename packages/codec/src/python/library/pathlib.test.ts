/** Paths of Windows, as CPython 3.12 and 3.13 take them apart; those before gave a server without a share up. */
import { describe, expect, it } from "vitest";
import { dumps, loads } from "../../index.js";
import { PurePosixPath, PureWindowsPath } from "./pathlib.js";

describe("a path of Windows", () => {
  it.each<[segments: string[], text: string, parts: string[], drive: string, root: string]>([
    [["//server"], "\\\\server", ["\\\\server"], "\\\\server", ""],
    [["//server/share"], "\\\\server\\share\\", ["\\\\server\\share\\"], "\\\\server\\share", "\\"],
    [["//"], "\\\\", ["\\\\"], "\\\\", ""],
    [["////"], "\\\\\\\\", ["\\\\\\\\"], "\\\\\\", "\\"],
    [["//server//share"], "\\\\server\\\\share", ["\\\\server\\\\", "share"], "\\\\server\\", "\\"],
    [["//server/"], "\\\\server\\", ["\\\\server\\"], "\\\\server\\", ""],
    [["\\\\?\\C:\\a"], "\\\\?\\C:\\a", ["\\\\?\\C:\\", "a"], "\\\\?\\C:", "\\"],
    [
      ["\\\\?\\UNC\\srv\\share\\a"],
      "\\\\?\\UNC\\srv\\share\\a",
      ["\\\\?\\UNC\\srv\\share\\", "a"],
      "\\\\?\\UNC\\srv\\share",
      "\\",
    ],
    [["\\\\?\\unc\\srv"], "\\\\?\\unc\\srv", ["\\\\?\\unc\\srv"], "\\\\?\\unc\\srv", ""],
    [["\\\\.\\COM1"], "\\\\.\\COM1", ["\\\\.\\COM1"], "\\\\.\\COM1", ""],
    [["C:foo"], "C:foo", ["C:", "foo"], "C:", ""],
    [["C:"], "C:", ["C:"], "C:", ""],
    [["C:.."], "C:..", ["C:", ".."], "C:", ""],
    [["1:foo"], "1:foo", ["1:", "foo"], "1:", ""],
    [["::"], "::", ["::"], "::", ""],
    [[""], ".", [], "", ""],
    [["."], ".", [], "", ""],
    [["..."], "...", ["..."], "", ""],
    [["a."], "a.", ["a."], "", ""],
    [["./C:a"], ".\\C:a", ["C:a"], "", ""],
    [["C:\\a/b\\.."], "C:\\a\\b\\..", ["C:\\", "a", "b", ".."], "C:", "\\"],
    [["//server", "share"], "\\\\server\\share\\", ["\\\\server\\share\\"], "\\\\server\\share", "\\"],
    [["//server", "share", "x"], "\\\\server\\share\\x", ["\\\\server\\share\\", "x"], "\\\\server\\share", "\\"],
    [["C:a", "c:b"], "c:a\\b", ["c:", "a", "b"], "c:", ""],
    [["C:/a", "C:b"], "C:\\a\\b", ["C:\\", "a", "b"], "C:", "\\"],
    [["C:/a", "/b"], "C:\\b", ["C:\\", "b"], "C:", "\\"],
    [["C:/a", "D:b"], "D:b", ["D:", "b"], "D:", ""],
    [["//srv/share/x", "\\\\srv\\share"], "\\\\srv\\share\\", ["\\\\srv\\share\\"], "\\\\srv\\share", "\\"],
    [["\\\\", "a", "b"], "\\\\a\\b\\", ["\\\\a\\b\\"], "\\\\a\\b", "\\"],
    [["//?/", "C:/a"], "C:\\a", ["C:\\", "a"], "C:", "\\"],
    [["a", "./C:b"], "a\\C:b", ["a", "C:b"], "", ""],
    [["😀:x"], "😀:x", ["😀:", "x"], "😀:", ""],
  ])("of %j is %s", (segments, text, parts, drive, root) => {
    const path = new PureWindowsPath(...segments);
    expect([path.toString(), path.parts, path.drive, path.root]).toEqual([text, parts, drive, root]);
    for (const python of ["3.12", "3.13"] as const) {
      const back = loads(dumps(path, { python })) as PureWindowsPath;
      // A name like `C:a` is written by Python 3.12, too, as if it were a path.
      if (python === "3.13" || !segments.some((segment) => segment.startsWith("./")))
        expect(back.toString()).toBe(text);
    }
  });

  it("within a POSIX path has slashes", () => {
    expect(new PurePosixPath("x", new PureWindowsPath("a\\b", "c")).toString()).toBe("x/a/b/c");
    expect(new PureWindowsPath("x", new PurePosixPath("a\\b", "c")).parts).toEqual(["x", "a", "b", "c"]);
  });
});
