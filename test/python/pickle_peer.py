"""CPython's pickle, kept running. Needs only the standard library of any Python 3.7 or later."""

import collections
import datetime
import decimal
import enum
import fractions
import io
import pathlib
import pickle
import pickletools
import sys
import uuid

import models
import values
from peer import b64, serve, type_tree, unb64

scope = {
    module.__name__: module
    for module in (collections, datetime, decimal, enum, fractions, io, pathlib, pickle, sys, uuid, models, values)
}
scope["pickle"] = pickle


def loads(data, buffers=None, fix_imports=True, encoding="ASCII", errors="strict"):
    """Decodes: repr and classes of the value. `encoding` is what byte strings of Python 2 are read as."""
    options = {"fix_imports": fix_imports, "encoding": encoding, "errors": errors}
    if buffers is not None:
        options["buffers"] = [unb64(buffer) for buffer in buffers]
    value = pickle.loads(unb64(data), **options)
    return {"repr": repr(value), "types": type_tree(value)}


def dumps(expression, protocol=None, fix_imports=True):
    """Encodes the value of a Python expression with the C pickler."""
    return b64(pickle.dumps(eval(expression, dict(scope)), protocol=protocol, fix_imports=fix_imports))


def equals(data, expression, same_types=True):
    """Whether the pickle's value equals the expression's: the strongest claim about what Node wrote."""
    value, expected = pickle.loads(unb64(data)), eval(expression, dict(scope))
    return bool(value == expected) and (not same_types or type_tree(value) == type_tree(expected))


def redumps(data, protocol=None):
    """Decodes and encodes again."""
    return b64(pickle.dumps(pickle.loads(unb64(data)), protocol=protocol))


def dis(data):
    """`pickletools.dis`'s text."""
    out = io.StringIO()
    pickletools.dis(unb64(data), out=out)
    return out.getvalue()


def optimize(data):
    return b64(pickletools.optimize(unb64(data)))


def version():
    return sys.version.split()[0]


if __name__ == "__main__":
    sys.setrecursionlimit(100000)
    serve(
        {
            "loads": loads,
            "dumps": dumps,
            "equals": equals,
            "redumps": redumps,
            "dis": dis,
            "optimize": optimize,
            "version": version,
        }
    )
