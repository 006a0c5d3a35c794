"""Writes types.json: what CPythons make of values of the standard library's types, at every protocol.

    python3 generate_types.py PYTHON [PYTHON ...]

Each PYTHON is an interpreter to ask. Runs on Python 2.7 and on 3.8 and later. Rows that an interpreter cannot
evaluate (a newer feature, a package that it does not have) are left out for it.
"""
import base64
import json
import os
import subprocess
import sys

from types_rows import ROWS, ROWS2
from types_rows_numpy import NUMPY_ROWS

HERE = os.path.dirname(os.path.abspath(__file__))


def source(name):
    with open(os.path.join(HERE, name)) as file:
        return file.read()


APP = source("types_app.py")
APP2 = source("types_app2.py")

PRELUDE = '''
import array, collections, datetime, decimal, fractions, functools, ipaddress, itertools, json, operator, pathlib, re, time
import types, typing, uuid, http, http.cookies, io, string, random, os
from datetime import date, datetime as dt, time as tm, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from collections import *
from app import *
import app
try:
    from zoneinfo import ZoneInfo
except ImportError:
    pass
def django_model(**values):
    from django.db import models
    class Order(models.Model):
        number = models.IntegerField()
        price = models.DecimalField(max_digits=9, decimal_places=2)
        paid_at = models.DateTimeField(null=True)
        class Meta:
            app_label = 'shop'
    return Order(**values)
def mail():
    from email.mime.application import MIMEApplication
    from email.mime.multipart import MIMEMultipart
    mail = MIMEMultipart(boundary='=')
    mail['Subject'] = 'hi'
    mail.attach(MIMEApplication(b'data'))
    return mail
def log_record():
    import logging
    record = logging.LogRecord('n', logging.INFO, '/p/f.py', 1, 'm %s', ('x',), None)
    # What another run, or a newer Python, has otherwise.
    record.__dict__.pop('taskName', None)
    record.__dict__.update(created=1.5, msecs=500.0, relativeCreated=2.0, thread=1, process=2)
    return record
'''

PRELUDE2 = '''
import array, collections, datetime, decimal, fractions, re, time, uuid, functools
from datetime import date, datetime as dt, time as tm, timedelta
from decimal import Decimal
from fractions import Fraction
from collections import *
from app import *
import app
'''

NO_REPR = (" at 0x", "<Swig", "<_io.")


def emit():
    """Runs in the interpreter asked: prints one JSON line a row."""
    import pickle
    import types

    two = sys.version_info[0] == 2
    app = types.ModuleType("app")
    sys.modules["app"] = app
    app.__dict__["__file__"] = "app.py"
    exec(compile(APP2 if two else APP, "app.py", "exec"), app.__dict__)
    try:
        from django.conf import settings
        settings.configure(USE_I18N=False)
        __import__("django").setup()
    except ImportError:
        pass
    scope = {}
    exec(compile(PRELUDE2 if two else PRELUDE, "prelude", "exec"), scope)
    for name, expression in ROWS2 if two else ROWS + NUMPY_ROWS:
        try:
            value = eval(expression, scope)
        except Exception:
            continue
        pickles = []
        for protocol in range(3 if two else 6):
            try:
                pickles.append(base64.b64encode(pickle.dumps(value, protocol)).decode())
            except Exception:
                pickles.append(None)
        try:
            text = repr(value)
        except Exception:
            text = None
        if text is not None and any(part in text for part in NO_REPR):
            text = None
        print(json.dumps([name, expression, text, pickles]))


# numpy 2 writes other names than numpy 1. They are to be read, and get a version of their own.
VERSIONS = """
import sys
try:
    import numpy
except ImportError:
    numpy = None
print("%d.%d" % sys.version_info[:2])
print("numpy 2" if numpy is not None and numpy.__version__.startswith("2.") else "%d.%d" % sys.version_info[:2])
"""


def ask(python):
    env = dict(os.environ, PYTHONHASHSEED="0", TZ="UTC", PYTHONWARNINGS="ignore", PYTHONDONTWRITEBYTECODE="1")
    version, numpy_version = subprocess.check_output([python, "-c", VERSIONS]).decode().splitlines()
    out = subprocess.check_output([python, os.path.abspath(__file__), "--emit"], env=env).decode()
    lines = [json.loads(line) for line in out.splitlines()]
    return [
        (version, [line for line in lines if not line[0].startswith("numpy ")]),
        (numpy_version, [line for line in lines if line[0].startswith("numpy ")]),
    ]


def merge(answers):
    rows = {}
    for version, lines in answers:
        for name, expression, text, pickles in lines:
            key = ("2.7 " if version == "2.7" else "") + name
            row = rows.setdefault(key, {"name": key, "python": expression, "repr": {}, "pickles": {}, "written": {}})
            if text is not None:
                row["repr"][version] = text
            if version not in row["written"]:
                row["written"][version] = pickles
            for protocol, data in enumerate(pickles):
                if data is not None:
                    seen = row["pickles"].setdefault(data, [])
                    origin = "%s:%d" % (version, protocol)
                    if origin not in seen:
                        seen.append(origin)
    result = []
    for row in rows.values():
        data = list(row["pickles"])
        written = {}
        for version in ("3.13", "3.12", "3.11", "numpy 2"):
            if version in row["written"] and (version in ("3.13", "3.12") or not written):
                written[version] = [None if d is None else data.index(d) for d in row["written"][version]]
        if written.get("3.13") == written.get("3.12"):
            written.pop("3.13", None)
        versions = sorted((v for v in row["repr"] if v[0].isdigit()), key=lambda v: [int(n) for n in v.split(".")])
        text = row["repr"].get("3.12", row["repr"][versions[-1]] if versions else None)
        result.append({
            "name": row["name"], "python": row["python"], "repr": text, "written": written,
            "pickles": [{"data": d, "from": row["pickles"][d]} for d in data],
        })
    return result


def main():
    if sys.argv[1:] == ["--emit"]:
        emit()
        return
    rows = merge([answer for python in sys.argv[1:] for answer in ask(python)])
    path = os.path.join(HERE, "types.json")
    with open(path, "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")
    print("%d rows, %d pickles" % (len(rows), sum(len(row["pickles"]) for row in rows)))


if __name__ == "__main__":
    main()
