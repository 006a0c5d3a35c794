"""A peer that uses RQ as a Python application does."""

import sys

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

REGISTRIES = {
    "started": StartedJobRegistry,
    "finished": FinishedJobRegistry,
    "failed": FailedJobRegistry,
    "deferred": DeferredJobRegistry,
    "scheduled": ScheduledJobRegistry,
    "canceled": CanceledJobRegistry,
}
connection = Redis.from_url(sys.argv[1])


def work(queues):
    """Works until the queues are empty, in this process."""
    worker = rq.SimpleWorker([rq.Queue(name, connection=connection) for name in queues], connection=connection)
    # Signals are for the main program only.
    worker.work(burst=True, logging_level="WARNING")


def callback(name):
    """A callback as this version of RQ takes it."""
    function = getattr(rq_jobs, name)
    return rq.Callback(function) if hasattr(rq, "Callback") else function


def enqueue(queue, func, args=(), kwargs=None, retry=None, depends_on=None, allow_failure=False, **options):
    if retry is not None:
        options["retry"] = rq.Retry(**retry)
    if depends_on is not None:
        options["depends_on"] = Dependency(depends_on, allow_failure=True) if allow_failure else depends_on
    for name in ("on_success", "on_failure"):
        if name in options:
            options[name] = callback(options[name])
    job = rq.Queue(queue, connection=connection).enqueue_call(func, args=tuple(args), kwargs=kwargs or {}, **options)
    return job.id


def job(id):
    found = Job.fetch(id, connection=connection)
    result = found.latest_result() if hasattr(found, "latest_result") else None
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
    getattr(rq.command, {"kill_horse": "send_kill_horse_command", "shutdown": "send_shutdown_command"}[name])(
        connection, *args
    )


if __name__ == "__main__":
    serve(
        {
            "work": work,
            "enqueue": enqueue,
            "job": job,
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
