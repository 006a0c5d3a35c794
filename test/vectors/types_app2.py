"""The module `app` of types.json, on Python 2."""
from collections import namedtuple
Point = namedtuple("Point", "x y")
class Plain(object):
    pass
def plain(**kw):
    p = Plain(); p.__dict__.update(kw); return p
class Old:
    pass
class Items(list):
    pass
class Table(dict):
    pass
class Boom(Exception):
    pass
class State(object):
    def __init__(self):
        self.a = 1
    def __getstate__(self):
        return {"kept": self.a}
    def __setstate__(self, state):
        self.a = state["kept"]
