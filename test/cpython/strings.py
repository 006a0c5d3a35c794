"""Decodes pickles of one Python 2 `str` each: JSON in, JSON out.

In:  [[base64, encoding, errors], ...]
Out: [text, {"bytes": hex} or null for an error, ...]
"""

import base64
import json
import pickle
import sys


def decoded(data, encoding, errors):
    try:
        value = pickle.loads(base64.b64decode(data), encoding=encoding, errors=errors)
    except UnicodeDecodeError:
        return None
    return {"bytes": value.hex()} if isinstance(value, bytes) else value


print(json.dumps([decoded(*row) for row in json.load(sys.stdin)]))
