"""A peer that uses RQ as a Python application does."""

import sys
from datetime import datetime, timedelta, timezone

import rq
import rq.command
import rq.suspension
import rq_jobs
from redis import Redis
from rq.job import Dependency, Job
from rq.registry import (
    CanceledJobRegistry,
    DeferredJobRegistry,
    FailedJobRegistry,
    FinishedJobRegistry,
    ScheduledJobRegistry,
    StartedJobRegistry,
)

from peer import serve

try:
    from rq.group import Group
    from rq.repeat import Repeat
except ImportError:  # rq 1
    pass

REGISTRIES = {
    "started": StartedJobRegistry,
    "finished": FinishedJobRegistry,
    "failed": FailedJobRegistry,
    "deferred": DeferredJobRegistry,
    "scheduled": ScheduledJobRegistry,
    "canceled": CanceledJobRegistry,
}
connection = Redis.from_url(sys.argv[1])


def work(queues, max_jobs=None):
    """Works until the queues are empty, or for so many jobs, in this process."""
    worker = rq.SimpleWorker([rq.Queue(name, connection=connection) for name in queues], connection=connection)
    # Signals are for the main program only.
    worker.work(burst=True, logging_level="WARNING", max_jobs=max_jobs)


def callback(given):
    """A callback as this version of RQ takes it: of a dotted name, or of one and a time."""
    name, timeout = (given["func"], given["timeout"]) if isinstance(given, dict) else (given, None)
    function = getattr(rq_jobs, name.split(".")[-1])
    return rq.Callback(function, timeout=timeout) if hasattr(rq, "Callback") else function


def dependency(given):
    """What a job depends on: ids, or a Dependency."""
    if not isinstance(given, dict):
        return given
    return Dependency(**{name: value for name, value in given.items() if value is not None})


MADE = {
    "retry": lambda given: rq.Retry(**given),
    "repeat": lambda given: Repeat(**given),
    "depends_on": dependency,
    "on_success": callback,
    "on_failure": callback,
    "on_stopped": callback,
}


def enqueue(queue, func, args=(), kwargs=None, at=None, seconds=None, group=None, **options):
    """Enqueues as options tell: at once, at a time, after some seconds, in a group."""
    options = {name: MADE.get(name, lambda given: given)(given) for name, given in options.items()}
    target = rq.Queue(queue, connection=connection)
    call = {"args": tuple(args), "kwargs": kwargs or {}}
    if group is not None:
        job = Group(connection, group).enqueue_many(target, [target.prepare_data(func, **call, **options)])[0]
    elif at is None and seconds is None:
        job = target.enqueue_call(func, **call, **options)
    else:
        if "timeout" in options:
            options["job_timeout"] = options.pop("timeout")
        if seconds is not None:
            job = target.enqueue_in(timedelta(seconds=seconds), func, **call, **options)
        else:
            job = target.enqueue_at(datetime.fromtimestamp(at, timezone.utc), func, **call, **options)
    return job.id


def enqueue_many(queue, calls):
    target = rq.Queue(queue, connection=connection)

    def prepared(func, args, kwargs, queue, **options):
        options = {name: MADE.get(name, lambda given: given)(given) for name, given in options.items()}
        return target.prepare_data(func, args=tuple(args), kwargs=kwargs, **options)

    return [job.id for job in target.enqueue_many([prepared(**call) for call in calls])]


def job(id):
    found = Job.fetch(id, connection=connection)
    result = found.latest_result() if hasattr(found, "latest_result") else None
    results = found.results() if hasattr(found, "results") else []
    return {
        "status": str(getattr(found.get_status(), "value", found.get_status())),
        "result": repr(result.return_value) if result is not None else repr(found.result),
        "traceback": result.exc_string if result is not None else None,
        "func": found.func_name,
        "args": repr(found.args),
        "kwargs": repr(found.kwargs),
        "meta": repr(found.meta),
        "description": found.description,
        "timeout": found.timeout,
        "worker": found.worker_name,
        "retries_left": found.retries_left,
        "number_of_retries": getattr(found, "number_of_retries", None),
        "results": [each.type.name for each in results],
        "origin": found.origin,
    }


def registry(queue, name):
    return REGISTRIES[name](queue, connection=connection).get_job_ids()


def workers():
    return [
        {
            "name": worker.name,
            "queues": worker.queue_names(),
            "successful": worker.successful_job_count,
            "failed": worker.failed_job_count,
            "state": worker.get_state(),
        }
        for worker in rq.Worker.all(connection=connection)
    ]


def clean(queue, timestamp):
    """As every worker does now and then, but as of another time."""
    StartedJobRegistry(queue, connection=connection).cleanup(timestamp)


def command(name, args):
    getattr(rq.command, f"send_{name}_command")(connection, *args)


if __name__ == "__main__":
    serve(
        {
            "work": work,
            "enqueue": enqueue,
            "enqueue_many": enqueue_many,
            "job": job,
            "cancel": lambda id, **options: Job.fetch(id, connection=connection).cancel(**options),
            "registry": registry,
            "workers": workers,
            "clean": clean,
            "command": command,
            "suspend": lambda: rq.suspension.suspend(connection),
            "resume": lambda: rq.suspension.resume(connection),
            "count": lambda queue: rq.Queue(queue, connection=connection).count,
            "version": lambda: rq.VERSION,
        }
    )
