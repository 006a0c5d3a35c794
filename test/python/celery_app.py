"""A Celery application as a Python team would have it. Configured by environment, so that one file serves every test:

BROKER, BACKEND         URLs
QUEUE                   default queue
SERIALIZER              task serializer; RESULT_SERIALIZER, default the same
ACCEPT                  accepted serializers, comma-separated
CONFIG                  JSON object merged into `app.conf`
BROADCAST               name of a broadcast queue, beside the default one
MARKS                   `<redis URL> <key>` of the hash in which `mark` counts
SEEN                    redis URL where clients tell what they have seen
"""

import json
import os
import time

import redis
from celery import Celery
from celery.exceptions import Ignore, Reject
from kombu import Queue
from kombu.common import Broadcast

import models
import values
from peer import type_tree

def urls(environment):
    return {"broker": environment.get("BROKER"), "backend": environment.get("BACKEND")}


def configured(app, environment):
    serializer = environment.get("SERIALIZER", "pickle")
    accept = environment.get("ACCEPT", "pickle,json").split(",")
    app.conf.update(
        task_default_queue=environment.get("QUEUE", "celery"),
        task_serializer=serializer,
        result_serializer=environment.get("RESULT_SERIALIZER", serializer),
        accept_content=accept,
        result_accept_content=accept,
        broker_connection_retry_on_startup=True,
        enable_utc=True,
        timezone="UTC",
        worker_hijack_root_logger=False,
    )
    app.conf.update(json.loads(environment.get("CONFIG", "{}")))
    if "BROADCAST" in environment:
        app.conf.task_queues = [Queue(app.conf.task_default_queue), Broadcast(environment["BROADCAST"])]
    return app


app = configured(Celery("celery_app", **urls(os.environ)), os.environ)


connections = {}


def redis_at(url):
    if url not in connections:
        connections[url] = redis.Redis.from_url(url)
    return connections[url]


def wait_until_seen(task_id):
    """Until its client has seen what the task reported last: one that is late finds only the last state there is."""
    if redis_at(os.environ["SEEN"]).blpop("seen-%s" % task_id, timeout=60) is None:
        raise TimeoutError("no client has said that it has seen it")


@app.task(name="noop")
def noop(*args, **kwargs):
    return None


@app.task(name="add")
def add(x, y):
    return x + y


@app.task(name="mul")
def mul(x, y):
    return x * y


@app.task(name="xsum")
def xsum(numbers):
    return sum(numbers)


@app.task(name="echo")
def echo(*args, **kwargs):
    """What arrived goes back: `(args, kwargs)`."""
    return args, kwargs


@app.task(name="identity")
def identity(value):
    return value


@app.task(name="kinds")
def kinds():
    return values.rich()


@app.task(name="types_of")
def types_of(*args, **kwargs):
    """What exactly arrived, in text that any serializer carries: repr and the tree of classes."""
    return {
        "args": [{"repr": repr(arg), "types": type_tree(arg)} for arg in args],
        "kwargs": {name: {"repr": repr(arg), "types": type_tree(arg)} for name, arg in kwargs.items()},
    }


@app.task(name="fail")
def fail(message="bad value", kind="ValueError"):
    if kind == "AppError":
        raise models.AppError(message, 42)
    if kind == "Chained":
        try:
            {}["missing"]
        except KeyError as error:
            raise RuntimeError(message) from error
    raise {"ValueError": ValueError, "KeyError": KeyError, "RuntimeError": RuntimeError}[kind](message)


@app.task(name="sleep")
def sleep(seconds, value=None):
    time.sleep(seconds)
    return value


@app.task(name="progress", bind=True)
def progress(self, steps):
    """Goes on when its client has seen each step."""
    for step in range(steps):
        self.update_state(state="PROGRESS", meta={"step": step, "of": steps})
        wait_until_seen(self.request.id)
    return steps


@app.task(name="retry", bind=True, max_retries=5)
def retry(self, failures, countdown=0, seen=False):
    """Fails that many times, then returns how many retries it took. With `seen`, each waits until its client has seen the RETRY."""
    if seen and self.request.retries:
        wait_until_seen(self.request.id)
    if self.request.retries < failures:
        raise self.retry(exc=ValueError("attempt %d" % self.request.retries), countdown=countdown)
    return self.request.retries


@app.task(name="reject", bind=True, acks_late=True)
def reject(self, requeue=False):
    raise Reject("not wanted", requeue=requeue)


@app.task(name="ignore")
def ignore():
    raise Ignore()


@app.task(name="request_of", bind=True)
def request_of(self, *args, **kwargs):
    """The context as the worker understood the message."""
    request = self.request
    names = ["id", "root_id", "parent_id", "group", "retries", "eta", "expires", "timelimit", "correlation_id",
             "reply_to", "origin", "headers", "priority", "argsrepr", "kwargsrepr", "ignore_result"]
    context = {name: getattr(request, name, None) for name in names}
    context["delivery_info"] = dict(request.delivery_info or {})
    return json.loads(json.dumps(context, default=repr))


@app.task(name="came_from", bind=True)
def came_from(self):
    """When it ran, in seconds since the epoch, and the exchange that it was delivered from."""
    return {"at": time.time(), "exchange": self.request.delivery_info["exchange"]}


@app.task(name="on_error")
def on_error(*args):
    """As an errback: proves that it was called by what it returns."""
    return repr(args)


@app.task(name="mark", acks_late=True, ignore_result=True)
def mark(n):
    """Counts that it ran, in the hash that MARKS names."""
    url, key = os.environ["MARKS"].split()
    redis_at(url).hincrby(key, n, 1)
