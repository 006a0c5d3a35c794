"""Plain classes that both sides register: what a project's own classes look like on the wire."""

import collections
import dataclasses
import enum


class Point:
    """State in `__dict__`, by the default rules."""

    def __init__(self, x, y):
        self.x = x
        self.y = y

    def __eq__(self, other):
        return type(other) is type(self) and self.__dict__ == other.__dict__

    def __repr__(self):
        return "Point(x=%r, y=%r)" % (self.x, self.y)


class Account:
    """`__getstate__` and `__setstate__`: the connection does not travel."""

    def __init__(self, owner, balance):
        self.owner = owner
        self.balance = balance
        self.connection = "open"

    def __getstate__(self):
        return {"owner": self.owner, "balance": self.balance}

    def __setstate__(self, state):
        self.__dict__.update(state)
        self.connection = "reopened"

    def __eq__(self, other):
        return type(other) is type(self) and self.__getstate__() == other.__getstate__()

    def __repr__(self):
        return "Account(owner=%r, balance=%r, connection=%r)" % (self.owner, self.balance, self.connection)


class Slotted:
    """No `__dict__`: its state is the pair `(None, {slot: value})`."""

    __slots__ = ("left", "right")

    def __init__(self, left, right):
        self.left = left
        self.right = right

    def __eq__(self, other):
        return type(other) is type(self) and (self.left, self.right) == (other.left, other.right)

    def __repr__(self):
        return "Slotted(left=%r, right=%r)" % (self.left, self.right)


class Interval:
    """`__reduce__`: made again by a call."""

    def __init__(self, low, high):
        self.low = low
        self.high = high

    def __reduce__(self):
        return Interval, (self.low, self.high)

    def __eq__(self, other):
        return type(other) is type(self) and (self.low, self.high) == (other.low, other.high)

    def __repr__(self):
        return "Interval(low=%r, high=%r)" % (self.low, self.high)


class Tags(list):
    """A list with a name."""

    def __init__(self, items=(), name=None):
        super().__init__(items)
        self.name = name

    def __repr__(self):
        return "Tags(%r, name=%r)" % (list(self), self.name)


Size = collections.namedtuple("Size", ["width", "height"])


class Color(enum.Enum):
    RED = 1
    GREEN = 2


@dataclasses.dataclass
class Order:
    number: int
    customer: str
    lines: list = dataclasses.field(default_factory=list)


class AppError(Exception):
    """An error with more than a message."""

    def __init__(self, message, code):
        super().__init__(message, code)
        self.code = code

    def __str__(self):
        return "%s (code %s)" % (self.args[0], self.code)
