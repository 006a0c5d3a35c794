"""Python 2.7: reads pickles of an old-style class with both modules, and writes back what it read, a JSON line of each."""
import base64
import cPickle
import json
import pickle
import sys
import types

app = types.ModuleType("app")
exec("class Node:\n    def __init__(self):\n        self.depth = 7\n", app.__dict__)
app.Node.__module__ = "app"
sys.modules["app"] = app

for text in json.load(sys.stdin):
    for module in (pickle, cPickle):
        node = module.loads(base64.b64decode(text))
        assert isinstance(node, app.Node) and node.itself[0] is node, node.__dict__
        assert node.name == u"root" and node.depth == 2, node.__dict__
        print(json.dumps([base64.b64encode(module.dumps(node, protocol)) for protocol in (0, 1, 2)]))
