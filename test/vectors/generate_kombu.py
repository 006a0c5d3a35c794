"""Writes kombu-<version>.json: what a real kombu makes of values, in every serializer and compression it has.

    python3 test/vectors/generate_kombu.py        # with kombu on PYTHONPATH

Version is "5.2" or "5.6", of the kombu that is imported. A row is {name, serializer, contentType, contentEncoding, body},
the body in base64; or {name, serializer, error}. `compressed` has the same text under each compression, and what
Python's own modules make of it that kombu never writes but Brine may meet. `read` has bodies with the repr of what kombu
reads from them, or the name of the error. `bodies` has bodies that are no text, or under content encodings, in the same
form: {contentType, contentEncoding, accept, body in base64, repr or error}.
"""
import base64
import bz2
import datetime
import decimal
import gzip
import json
import lzma
import os
import uuid
import zlib

import kombu
from kombu import compression, serialization

UTC = datetime.timezone.utc
VALUES = {
    "none": None,
    "bools": [True, False],
    "ints": [0, 1, -1, 127, 128, 255, 256, 65535, 65536, -32, -33, -128, -129, -32768, -32769, 2**31, 2**32 - 1, 2**32, -(2**31) - 1, 2**53 - 1],
    "int64": [2**53 + 1, 2**63, 2**64 - 1, -(2**63)],
    "big": 2**70,
    "floats": [1.5, -0.0, 1e-05, 1.5e300, 5e-324],
    "whole-floats": [2.0, 1e16, 1e22],
    "infinities": [float("inf"), float("-inf")],
    "strs": ["", "abc", "caf\xe9", "\u20ac", "\U0001f600", "q\"\\/\b\f\n\r\t\x00\x7f"],
    "like-other-types": ["yes", "no", "null", "1", "1.5", "2024-01-02", "1:30", "~", "=", "<<", "1e3", "0x1F", "- a", "a: b", "#c"],
    "long-str": "x" * 70000,
    "list": [[], [[]], [1, [2, [3]]]],
    "tuple": [(1, 2), ()],
    "dict": {"a": 1, "b": {"c": None}},
    "proto": {"__proto__": {"polluted": 1}, "constructor": 2},
    "task": [["add", 2, 3], {"kw": "v"}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}],
    "int-keys": {1: "a", 2: "b"},
    "bytes": [b"", b"text", b"\xff\xfe"],
    "datetimes": [
        datetime.datetime(2024, 2, 29, 12, 30, 45, 123456),
        datetime.datetime(2024, 2, 29, 12, 30, 45, tzinfo=UTC),
        datetime.datetime(2024, 2, 29, 12, 30, 45, tzinfo=datetime.timezone(datetime.timedelta(hours=5, minutes=30))),
    ],
    "date-time": [datetime.date(2024, 2, 29), datetime.time(12, 30, 45, 5)],
    "decimal-uuid": [decimal.Decimal("1.10"), uuid.UUID("12345678-1234-5678-1234-567812345678")],
    "bytearray": bytearray(b"x"),
    "set": {1},
    "complex": 1j,
}

READ = {
    "json": [
        "NaN", "[Infinity, -Infinity]", "-0", "-0.0", "1e400", "12345678901234567890", " [1 , 2 ] ", '{"a": 1, "a": 2}', '"\\ud800"',
        '{"__type__": "nope", "__value__": 1}', '{"__type__": "datetime"}', '{"__type__": "decimal", "__value__": "1", "x": 1}',
        '{"__\\u0074ype__": "decimal", "__value__": "1.50"}', '{"__type__": "decimal", "__value__": "x"}',
        '{"a": {"__type__": "bytes", "__value__": "caf\\u00e9"}}', '{"__type__": "base64", "__value__": "//4="}',
        '{"__type__": "decimal", "__value__": 12}', '{"__type__": "decimal", "__value__": -123456789012345678901234567890}', '{"__type__": "decimal", "__value__": null}',
        '{"__type__": "uuid", "__value__": {"hex": "12345678-1234-5678-1234-567812345678"}}', '{"__type__": "uuid", "__value__": {"int": 5}}', '{"__type__": "uuid", "__value__": {"int": -1}}',
        '{"__type__": "uuid", "__value__": {"hex": "12345678123456781234567812345678", "version": 9}}', '{"__type__": "uuid", "__value__": {"hex": "12345678123456781234567812345678", "int": 5}}',
        '{"__type__": "uuid", "__value__": {"hex": "12345678123456781234567812345678", "x": 5}}', '{"__type__": "uuid", "__value__": {}}', '{"__type__": "uuid", "__value__": null}', '{"__type__": "uuid", "__value__": "x"}',
        '{"__type__": ["date"], "__value__": "2024-02-29"}', '{"__type__": null, "__value__": 1}', '{"__type__": "date", "__value__": "2024-02-29T12:30:45"}', '{"__type__": "base64", "__value__": "Gk=1"}',
        '{"__type__": "base64", "__value__": "a Gk=x"}', '{"__type__": "base64", "__value__": {"__type__": "bytes", "__value__": "aGk="}}', '{"__type__": "x", "__type__": "bytes", "__value__": "a"}',
        "[1,]", "{1: 2}", "nul", "[1] x", '"\t"', "01", "+1", ".5", "1.", "'a'", "[", '{"a"', '"\\x"', "\ufeff1", "tru", "1e5", "1E+2",
    ],
    "yaml": [
        "yes", "y", "on", "1:30", "1:30.5", "0o7", "010", "0x1f", "0b11", "1_000", "1e3", "1.0e+3", ".5", "-.inf", ".nan", "null", "~",
        "a: 1\nb: [x, y]\n", "- 1\n- two\n", "!!binary aGk=", "!!set {a, b}", "? 1\n: 2\n", "<<: {a: 1}\nb: 2\n", "&a [1, *a2]", "&x [1]\n",
        "!!python/tuple [1]", "!!python/object/apply:os.system [id]", "a: b: c", "12345678901234567890", "'it''s'", "|\n  text\n  more\n",
        "2024-02-29", "2024-02-29 12:30:45", "2024-02-29T12:30:45.5Z", "2024-02-29 12:30:45.123456 +05:30",
        "2024-02-29 12:30:45.123456789012", "2024-02-29 12:30:45.",
        "!!float 1", "!!float 1e3", "!!float x", "!!float 0x1f", "!!float '-.inf'", "!!null x", "!!str 1", '!!int "3"', "!!int x",
        "!!omap [a: 1, b: [c]]", "!!omap [a]", "!!omap {a: 1}", "!!pairs [a: 1, a: 2]", "!!pairs [{a: 1, b: 2}]",
        "a: &p !!pairs [x: [1]]\nb: *p", "a\x00b", "a\x07b", "\ufeffa: 1", "a: 1\na: 2", "a: *u", "? [1]\n: 2", "--- 1\n--- 2",
        "2024-1-2", "2024-02-30", "0.", ".", "_1", "08", "0o10", "nULL",
        "!!timestamp 2024-1-2", "!!timestamp '2024-01-02'", "!!timestamp x", "!!timestamp 2024-13-1", "!!binary x", "!!binary a G k =",
        "!!binary caf\xe9", "!!binary Gk=1", "!!binary =aGk=x", "!!binary", "!!int 0o7", "!!int ' 5 '", "!!int ''", "!!int 1_0:30", "!!float ' 1.5 '", "!!float inf", "!!float nan",
        "a: 1\x85b: 2", "'a\x85b'", "# c\x85x", "<<: 1", "<<: [1]", "&a [*b]", "a: &a {x: 1}\nb: {<<: *a, y: 2}\n",
        "a: &a {x: 1}\nb: {<<: [*a, {x: 2, z: 3}], y: 2}\n", "[" * 5000, "- " * 5000 + "a",
    ],
}
JSON, YAML, MSGPACK, PICKLE = "application/json", "application/x-yaml", "application/x-msgpack", "application/x-python-serialize"
CODECS = [
    "utf-8", "UTF_8", "utf 8", "utf8", "u8", " utf-8", "us-ascii", "ascii", "646", "latin1", "latin_1", "latin 1", "l1", "8859", "ISO8859-1",
    "iso-8859-9", "iso8859-2", "iso-8859-15", "latin9", "cp1252", "windows-1252", "cp1251", "koi8_r", "cp932", "euc_kr", "euc-jp",
    "shift_jis", "big5", "gb18030", "tis-620", "utf-16-le", "utf-16-be", "nope", "constructor", "__proto__", "", "binary", "ASCII-8BIT",
]


def bodies():
    for encoding in CODECS:
        for body in (b"abc", b"caf\xc3\xa9!", b"\xe9", b"\x81\x81"):
            # A control character of iso-8859-9 or tis-620 is refused: TextDecoder reads code pages of Windows there.
            if not (encoding in ("iso-8859-9", "tis-620") and body[0] == 0x81):
                yield "text/plain", encoding, body, ["text/plain"]
    for code in (
        "c1 80 90 a0 c400 c403000102 d90161 a1ff a3eda080 cfffffffffffffffff d38000000000000000 ca7f800000 cb8000000000000000 "
        "82a16101a16102 82a16101c4016102 81c40161c0 819101c0 8181c0c0c0 91 9101c0 81a161 a461 c4ff c6ffffffff dfffffffff ddffffffff"
    ).split():
        yield MSGPACK, "binary", bytes.fromhex(code), [MSGPACK]
    for depth in (100, 900, 1025, 3000):
        yield MSGPACK, "binary", b"\x91" * depth, [MSGPACK]
    for content_type in (JSON, YAML, MSGPACK, PICKLE, "text/plain", "application/data", None):
        yield content_type, "utf-8", b"", ["json", YAML, "msgpack", "pickle", "text/plain"]
        for accept in (None, [], ["json"], ["pickle", YAML, "text/plain"], ["a/b"], ["nope"], [""]):
            yield content_type, None, b"\x80\x04K\x01." if content_type == PICKLE else b"1", accept
    for content_type, body in ((JSON, b"\x80\x04K\x01."), (YAML, b"\x80\x04K\x01."), (PICKLE, b"{}"), (MSGPACK, b"{}"), (JSON, b"\xff"), (JSON, b"\xef\xbb\xbf1")):
        yield content_type, "utf-8", body, [content_type]


def loaded():
    for content_type, encoding, body, accept in bodies():
        row = {"contentType": content_type, "contentEncoding": encoding, "accept": accept, "body": b64(body)}
        try:
            row["repr"] = repr(serialization.loads(body, content_type, encoding, accept=serialization.prepare_accept_content(accept)))
        except Exception as error:
            row["error"] = type(error).__name__
        yield row


TEXT = b"[[], {}, {\"callbacks\": null}]" * 40


def b64(data):
    return base64.b64encode(data if isinstance(data, bytes) else data.encode("utf-8")).decode("ascii")


def written():
    for name, value in VALUES.items():
        for serializer in ("json", "pickle", "yaml", "msgpack"):
            row = {"name": name, "serializer": serializer}
            try:
                content_type, encoding, body = serialization.dumps(value, serializer)
                row.update(contentType=content_type, contentEncoding=encoding, body=b64(body))
            except Exception as error:
                row["error"] = type(error).__name__
            yield row


def read():
    for serializer, bodies in READ.items():
        content_type = serialization.registry.name_to_type[serializer]
        for body in bodies:
            row = {"serializer": serializer, "body": body}
            try:
                row["repr"] = repr(serialization.loads(body.encode("utf-8"), content_type, "utf-8", accept={content_type}))
            except Exception as error:
                row["error"] = type(error).__name__
            yield row


def compressed():
    for name in ("gzip", "zlib", "bzip2", "bzip", "brotli", "lzma", "xz", "zstd", "zstandard"):
        try:
            body, content_type = compression.compress(TEXT, name)
        except KeyError:
            continue
        yield {"name": name, "contentType": content_type, "body": b64(body)}


def foreign():
    yield {"name": "lzma two streams", "contentType": "application/x-lzma", "body": b64(lzma.compress(TEXT) + lzma.compress(b"more"))}
    yield {"name": "lzma crc32", "contentType": "application/x-lzma", "body": b64(lzma.compress(TEXT, check=lzma.CHECK_CRC32))}
    yield {"name": "lzma no check", "contentType": "application/x-lzma", "body": b64(lzma.compress(TEXT, check=lzma.CHECK_NONE))}
    yield {"name": "bzip2 two streams", "contentType": "application/x-bz2", "body": b64(bz2.compress(TEXT) + bz2.compress(b"more"))}
    yield {"name": "bzip2 level 1", "contentType": "application/x-bz2", "body": b64(bz2.compress(TEXT, 1))}
    yield {"name": "real gzip", "contentType": "application/x-gzip", "body": b64(gzip.compress(TEXT, mtime=0)), "refused": True}
    yield {"name": "raw deflate", "contentType": "application/x-gzip", "body": b64(zlib.compress(TEXT)[2:-4]), "refused": True}
    for name, module in (("application/x-gzip", zlib), ("application/x-bz2", bz2), ("application/x-lzma", lzma)):
        body = module.compress(TEXT)
        yield {"name": "cut " + name, "contentType": name, "body": b64(body[:-6]), "refused": True}
        yield {"name": "bomb " + name, "contentType": name, "body": b64(module.compress(bytes(20_000_000))), "bomb": True}


def followed():
    magics = {"application/x-bz2": b"BZh", "application/x-lzma": b"\xfd7zXZ\x00"}
    for content_type in compression.encoders():
        body = compression.compress(TEXT, content_type)[0]
        empty = compression.compress(b"", content_type)[0]
        magic = magics.get(content_type, body[:3])
        rows = {
            "nothing at all": b"", "empty": empty, "two": body + body, "empty first": empty + body, "empty last": body + empty,
            "three": body + empty + body, "zeros": body + bytes(32), "zeros between": body + bytes(32) + body, "a letter": body + b"x", "garbage": body + b"garbage! garbage! garbage!",
            "garbage first": b"x" + body, "half": body[: len(body) // 2], "no last byte": body[:-1], "half of a second": body + body[: len(body) // 2],
            "start of a magic number": body + magic[:2], "whole magic number": body + magic,
        }
        for name, data in rows.items():
            try:
                result = b64(compression.decompress(data, content_type))
            except Exception:
                result = None
            yield {"name": name, "contentType": content_type, "body": b64(data), "result": result}


def registered():
    def error(call, *args, **kwargs):
        try:
            call(*args, **kwargs)
        except Exception as caught:
            return type(caught).__name__

    registry = serialization.registry
    return {
        "compressors": {name: compression._aliases[name] for name in sorted(compression._aliases)},
        "serializers": {name: registry.name_to_type[name] for name in sorted(registry.name_to_type)},
        "disabled": sorted(registry._disabled_content_types),
        "default": registry._default_content_type,
        "unregistered": {
            "dumps": error(serialization.dumps, 1, "nope"),
            "accept": error(serialization.prepare_accept_content, ["nope"]),
            "unregister": error(registry.unregister, "nope"),
            "loads": error(serialization.loads, b"x", "application/x-nope", "utf-8", accept={"application/x-nope"}),
        },
    }


def main():
    version = ".".join(kombu.__version__.split(".")[:2])
    table = {"kombu": kombu.__version__, "text": TEXT.decode(), "written": list(written()), "read": list(read()), "bodies": list(loaded()), "compressed": list(compressed()), "foreign": list(foreign()), "followed": list(followed()), "registered": registered()}
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "kombu-%s.json" % version)
    with open(path, "w", encoding="ascii", newline="\n") as file:
        json.dump(table, file, indent=0)
        file.write("\n")
    print(path, kombu.__file__)


if __name__ == "__main__":
    main()
