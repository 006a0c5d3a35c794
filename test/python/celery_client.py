"""Celery's own client, kept running: sends tasks by name to queues where a Node worker listens, and reads results.

The environment is that of `celery_app.py`. Values come and go as Python expressions, evaluated with the standard library
and `models` at hand: this process is the test's own tool, on the test's own text.
"""

import collections
import datetime
import decimal
import fractions
import json
import uuid

import celery
import kombu
from celery.utils.nodenames import worker_direct
from celery.result import AsyncResult, GroupResult

import celery_app
import models
import values
from peer import class_name, serve, type_tree

# Seconds. Results and replies come late on a busy machine, and a worker drops a command that it meets later than that.
PATIENCE = 40

app = celery_app.app
apps = {}
sent = {}


def on(queue, signature):
    """The signature, or each task of a group, with that queue."""
    for task in signature.tasks if isinstance(signature, celery.group) else [signature]:
        task.set(queue=queue)
    return signature


scope = {
    "collections": collections,
    "datetime": datetime,
    "decimal": decimal,
    "fractions": fractions,
    "uuid": uuid,
    "models": models,
    "values": values,
    "app": app,
    "celery": celery,
    "kombu": kombu,
    "worker_direct": worker_direct,
    "signature": app.signature,
    "chain": celery.chain,
    "group": celery.group,
    "chord": celery.chord,
    "on": on,
    "xmap": celery.xmap,
    "xstarmap": celery.xstarmap,
    "chunks": celery.chunks,
    "linked": lambda sig, callback: (sig.link(callback), sig)[1],
    "error_linked": lambda sig, errback: (sig.link_error(errback), sig)[1],
}


def use(environment):
    """From now on everything goes through an app of that environment; results of others can still be read."""
    global app
    key = tuple(sorted(environment.items()))
    if key not in apps:
        apps[key] = celery_app.configured(celery.Celery("client", **celery_app.urls(environment)), environment)
    app = apps[key]
    app.set_current()
    app.set_default()
    scope["app"] = app
    scope["signature"] = app.signature


def evaluate(expression):
    return eval(expression, dict(scope))


def as_json(value):
    """For results that are JSON in Python too; None for others."""
    try:
        return json.dumps(value)
    except TypeError:
        return None


def described(value):
    return {"repr": repr(value), "types": type_tree(value)}


def send(task, args="()", kwargs="{}", options="{}"):
    """`send_task`; `options` are those of `apply_async`. Answers the id."""
    result = app.send_task(task, evaluate(args), evaluate(kwargs), **evaluate(options))
    sent[result.id] = result
    return result.id


def send_many(task, first, count):
    """Sends a task for each number from `first`, without results."""
    for n in range(first, first + count):
        app.send_task(task, (n,), ignore_result=True)


def canvas(expression, options="{}"):
    """Applies a signature, e.g. `chain(signature("add", (1, 2)), signature("add", (3,)))`."""
    result = evaluate(expression).apply_async(**evaluate(options))
    sent[result.id] = result
    return result.id


def get(id, timeout=PATIENCE, propagate=True, alone=False):
    """The result of what was sent; a failure is described, not raised, and without `alone` it may be that of a parent."""
    result = None if alone else sent.get(id)
    result = result or AsyncResult(id, app=app)
    try:
        # A group asks for one result after the other, and waits that long between two looks.
        value = result.get(timeout=timeout, propagate=propagate, disable_sync_subtasks=False, interval=0.02)
    except celery.exceptions.TimeoutError:
        raise
    except Exception as error:
        return {
            "state": "FAILURE",
            "class": class_name(type(error)),
            "args": [repr(arg) for arg in error.args],
            "message": str(error),
            "traceback": None if isinstance(result, GroupResult) else result.traceback,
        }
    state = "SUCCESS" if isinstance(result, GroupResult) else result.state
    return dict(described(value), state=state, json=as_json(value))


def state(id):
    result = sent.get(id) or AsyncResult(id, app=app)
    return {"state": result.state, "info": repr(result.info)}


def states(id, timeout=PATIENCE, tell=None):
    """Every state seen until the task ends, with its info. The task named `tell` is told of each PROGRESS: it is sent the id."""
    result = sent.get(id) or AsyncResult(id, app=app)
    seen = []

    def note(body):
        seen.append([body["status"], repr(body["result"])])
        if tell and body["status"] == "PROGRESS":
            app.send_task(tell, (id,), ignore_result=True)

    result.get(timeout=timeout, propagate=False, on_message=note)
    return seen


def revoke(id, terminate=False, signal="SIGTERM"):
    # As programs do it: a command without a timeout, which nobody answers.
    app.AsyncResult(id).revoke(terminate=terminate, signal=signal)


def inspect(method, destination=None, timeout=PATIENCE, args="()"):
    """`celery inspect METHOD`: the replies by node name, as repr-able data. With `destination`, once all of it has answered."""
    replies = getattr(app.control.inspect(destination=destination, timeout=timeout), method)(*evaluate(args))
    return described(replies) if replies is None else {node: described(reply) for node, reply in replies.items()}


def control(command, arguments="{}", destination=None, timeout=PATIENCE):
    """`app.control.broadcast` with replies; with `destination`, once all of it has answered."""
    replies = app.control.broadcast(
        command, arguments=evaluate(arguments), destination=destination, reply=True, timeout=timeout
    )
    return described(replies)


def ping(destination=None, timeout=PATIENCE):
    """The replies; with `destination`, once all of it has answered."""
    return app.control.ping(timeout=timeout, destination=destination)


def purge():
    return app.control.purge()


def events(wanted, timeout=10):
    """Listens until an event of each type in `wanted` has come; answers all events seen."""
    seen = []
    missing = set(wanted)

    def note(event):
        seen.append({key: value if isinstance(value, (str, int, float, type(None))) else repr(value) for key, value in event.items()})
        missing.discard(event["type"])
        receiver.should_stop = not missing

    with app.connection_for_read() as connection:
        receiver = app.events.Receiver(connection, handlers={"*": note})
        try:
            receiver.capture(limit=None, timeout=timeout, wakeup=True)
        except Exception as error:
            if class_name(type(error)) not in ("TimeoutError", "socket.timeout"):
                raise
    return seen


def python(expression):
    """Anything else."""
    return described(evaluate(expression))


if __name__ == "__main__":
    serve(
        {
            "use": use,
            "send": send,
            "send_many": send_many,
            "canvas": canvas,
            "get": get,
            "state": state,
            "states": states,
            "revoke": revoke,
            "inspect": inspect,
            "control": control,
            "ping": ping,
            "purge": purge,
            "events": events,
            "python": python,
        }
    )
