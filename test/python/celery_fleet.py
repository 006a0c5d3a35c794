"""Several real Celery workers at the price of one start: imports Celery once, then forks a process for each environment.

    python -m celery_fleet '[{"BROKER": ..., "BACKEND": ..., "QUEUE": ...}, ...]'

The environments are those of `celery_app.py`; each worker has the pool `solo` and the node name `<QUEUE>@fleet`. Prints
`fleet ready` when all of them are. SIGTERM kills them all.
"""

import json
import os
import signal
import sys

# What a worker would import at its start; before the fork, so that it is paid once.
import celery.apps.worker  # noqa: F401
import celery.bin.worker  # noqa: F401
import celery.concurrency.solo  # noqa: F401
import celery.worker.consumer  # noqa: F401
import kombu.transport.pyamqp  # noqa: F401
import kombu.transport.redis  # noqa: F401
import redis  # noqa: F401


def work(environment, ready):
    os.environ.update(environment)
    import celery_app
    from celery.signals import worker_ready

    @worker_ready.connect(weak=False)
    def tell(**_):
        os.write(ready, b".")

    name = "%s@fleet" % environment["QUEUE"]
    options = ["--pool", "solo", "--loglevel", "WARNING", "--without-gossip", "--without-mingle"]
    celery_app.app.worker_main(["worker", "--hostname", name, "--queues", environment["QUEUE"]] + options)


def main():
    environments = json.loads(sys.argv[1])
    reading, writing = os.pipe()
    children = []
    for environment in environments:
        child = os.fork()
        if child == 0:
            try:
                work(environment, writing)
            finally:
                os._exit(1)
        children.append(child)

    def end(signum, frame):
        # Nothing they hold is wanted any more, and a warm shutdown of many takes seconds.
        for child in children:
            os.kill(child, signal.SIGKILL)
        os._exit(0)

    signal.signal(signal.SIGTERM, end)
    for _ in environments:
        os.read(reading, 1)
    print("fleet ready", flush=True)
    for child in children:
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
