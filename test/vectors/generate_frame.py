"""Writes frame.pkl, a DataFrame that docs/guide/mapping.md reads.

    /usr/bin/python3 generate_frame.py

Needs pandas; frame.pkl was made with 1.5.3, Debian's python3-pandas.
"""
import os

import pandas

frame = pandas.DataFrame({
    "id": [1, 2, 3],
    "price": [1.5, 2.5, 4.0],
    "name": ["ada", "bob", "eve"],
    "at": pandas.to_datetime(["2024-01-01", "2024-01-02T03:04:05", None]),
    "paid": [True, False, True],
    "items": [4, 5, 6],
})
frame.to_pickle(os.path.join(os.path.dirname(os.path.abspath(__file__)), "frame.pkl"))
