"""What CPython makes of paths: JSON out. Of Windows paths none before Python 3.12, which knows servers and devices.

Out: [[class, segments, str, parts, base64 of the pickle], ...]
"""

import base64
import json
import pathlib
import pickle
import random
import sys

random.seed(20240507)

SEGMENTS = """
//server //server/share //server/share/ \\\\server \\\\ // /// //// //server//share //server/ \\\\?\\C:\\a \\\\?\\C: \\\\?\\UNC\\srv\\share\\a
\\\\?\\unc\\srv \\\\?\\UNC\\ //?/C:/a \\\\.\\COM1 \\\\.\\pipe\\x //./ //.//a C:foo C: C:/ c:\\ C:.. 1:foo : :: a:b:c . .. ... a. a/./b a//b a/../b
./a ./C:a ../x a/ /a \\a / \\ ///a ///a/b/c //a/b //a/ //a//b //a/. //a/.. //? //?/UNC //?/UNC/a/b/c //?/Volume{x}/a NUL ~ a/C:/x a/C:x
""".split() + [
    "",
    " ",
    "a. ",
    "it's",
    "\U0001f600:x",
]

rows = []
for name in ("PurePosixPath",) if sys.version_info < (3, 12) else ("PurePosixPath", "PureWindowsPath"):
    cls = getattr(pathlib, name)
    cases = [(segment,) for segment in SEGMENTS] + [()]
    cases += [tuple(random.choices(SEGMENTS, k=random.randint(2, 3))) for _ in range(1500)]
    for segments in cases:
        path = cls(*segments)
        data = pickle.dumps(path, 4)
        rows.append([name, segments, str(path), path.parts, base64.b64encode(data).decode()])
print(json.dumps(rows))
