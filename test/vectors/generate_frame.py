"""Writes frame.pkl and nullable.pkl, DataFrames that docs/guide/mapping.md reads.

    /usr/bin/python3 generate_frame.py

Needs pandas; they were made with 1.5.3, Debian's python3-pandas.
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
nullable = pandas.DataFrame({
    "id": pandas.array([1, None, 3], dtype="Int64"),
    "name": pandas.array(["ada", None, "eve"], dtype="string"),
    "paid": pandas.array([True, False, None], dtype="boolean"),
    "size": pandas.Categorical(["S", "M", None], categories=["S", "M"]),
})

folder = os.path.dirname(os.path.abspath(__file__))
frame.to_pickle(os.path.join(folder, "frame.pkl"))
nullable.to_pickle(os.path.join(folder, "nullable.pkl"))
