"""Functions that jobs of RQ name."""

import datetime
import os
import signal
import time

from rq import Retry, get_current_job


def add(a, b=0):
    return a + b


def describe(**kwargs):
    return {"kwargs": kwargs, "when": datetime.date(2024, 1, 1), "pair": (1, "x")}


def nothing():
    return None


def fail(message):
    raise ValueError(message)


def again(max, interval=0):
    """To rq 2, a job that is to be run again."""
    return Retry(max=max, interval=interval)


def done(job, connection, result):
    """A callback of success."""
    connection.rpush("done", f"{job.id} {result}")


def slow(job, connection, result):
    """A callback of success that takes its time."""
    time.sleep(5)


def undone(job, connection, kind, value, traceback):
    """A callback of failure."""
    connection.rpush("done", f"{job.id} {kind.__name__} {value}")


def halted(job, connection):
    """A callback of a job that was stopped."""
    connection.rpush("done", f"{job.id} stopped")


def hold():
    """Runs until it is let go, or two minutes."""
    get_current_job().connection.blpop("go", 120)


def die():
    """Kills the worker, and the process of its own that a job has, as a machine does that goes down."""
    os.kill(os.getppid(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)
