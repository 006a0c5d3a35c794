"""Exceptions of the standard library's modules, pickled: what CPython says of them. JSON out.

Of those that CPython can pickle and unpickle without a change.

Out: [[module, name and arguments, base64 of the pickle, repr, str], ...]
"""

import base64
import importlib
import json
import pickle
import warnings

MODULES = """
_csv _lzma _pickle _queue asyncio.exceptions asyncio.queues binascii concurrent.futures._base concurrent.futures.process
concurrent.futures.thread configparser copy decimal email.errors ftplib graphlib gzip http.client http.cookies io ipaddress
json.decoder multiprocessing.context poplib queue re shutil smtplib socket sqlite3 ssl statistics struct subprocess tarfile
threading tomllib urllib.error xml.etree.ElementTree xml.parsers.expat zipfile zlib zoneinfo._common
""".split()

ARGUMENTS = [
    (),
    ("m",),
    (5,),
    ("m", "n"),
    (2, "m"),
    (2, "m", "f"),
    (2, "m", "f", None, "g"),
    ("a", "b", "c", "d"),
    ("it's", ["l"], "s"),
    (b"part", 10),
    (b"part", None),
    (b"it's",),
    (1, ["ls", "-l"]),
    (-9, "x"),
    (-99, ("x", b"y")),
    (0, "c", "o", "e"),
    ("cmd", 1.5),
    ({"a@b": (550, b"no")},),
    (OSError(-2, "Name or service not known"),),
    ("x" * 1200, 3),
    ("f.cfg", 3, "a\nb"),
    (550, b"no", "a@b"),
    (1, "[SSL: X] it's"),
]


def text(show, value):
    try:
        return show(value)
    except Exception:
        return None


warnings.simplefilter("ignore")
rows = []
for module in MODULES:
    try:
        classes = vars(importlib.import_module(module))
    except ImportError:
        continue
    for name, cls in sorted(classes.items()):
        if not (isinstance(cls, type) and issubclass(cls, BaseException) and cls.__module__ == module):
            continue
        if name != cls.__qualname__ or name.startswith("_"):
            continue
        for args in ARGUMENTS:
            try:
                value = cls(*args)
                data = pickle.dumps(value, 4)
                again = pickle.loads(data)
            except Exception:
                continue
            shown = text(repr, value), text(str, value)
            if None not in shown and shown == (text(repr, again), text(str, again)):
                rows.append([module, "%s%r" % (name, args), base64.b64encode(data).decode(), *shown])
print(json.dumps(rows))
