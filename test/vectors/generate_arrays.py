"""Writes arrays.json: what CPython makes of an array in every machine format, for every type code.

    python3.13 test/vectors/generate_arrays.py

A row is {typecode, format, bytes in hex, repr}; repr is null where CPython refuses.
"""
import array
import json
import os
import sys
import warnings

warnings.simplefilter("ignore")
BYTES = {0: "00ff", 1: "00ff", 2: "0102ffff", 4: "0102ffff", 6: "01020304ffffffff", 8: "01020304ffffffff", 10: "0001020304050607ffffffffffffffff",
         12: "0001020304050607ffffffffffffffff", 14: "0000c03f000080bf", 16: "000000000000f83f000000000000f0bf", 18: "6100e900", 20: "6100000000f60100"}
BIG = {15: "3fc00000bf800000", 17: "3ff8000000000000bff0000000000000", 19: "006100e9", 21: "000000610001f600"}


def rows():
    for code in range(22):
        data = BIG.get(code) or BYTES.get(code) or BYTES[code - 1]
        for typecode in "bBhHiIlLqQfduw":
            try:
                shown = repr(array._array_reconstructor(array.array, typecode, code, bytes.fromhex(data)))
            except Exception:
                shown = None
            yield {"typecode": typecode, "format": code, "bytes": data, "repr": shown}


path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "arrays.json")
with open(path, "w", encoding="ascii", newline="\n") as file:
    file.write("[\n" + ",\n".join(json.dumps(row) for row in rows()) + "\n]\n")
print(path, sys.version.split()[0])
