"""A peer that stores and reads results through Celery's Redis backend, without a worker."""

import sys

from celery import Celery

from peer import b64, serve

app = Celery("peer", broker="memory://", backend=sys.argv[1])
app.conf.update(
    task_serializer="pickle",
    result_serializer="pickle",
    accept_content=["pickle", "json"],
    result_expires=3600,
)
if len(sys.argv) > 2:
    app.conf.result_backend_transport_options = {"global_keyprefix": sys.argv[2]}


def chord_part(group, task, index, value):
    """What a Python worker does at the end of a chord's part; the chord's size is set by its client."""
    backend = app.backend
    client = backend.client
    key = backend.get_key_for_group(group, ".j")
    with client.pipeline() as pipe:
        pipe.zadd(key, {backend.encode([1, task, "SUCCESS", value]): index}).zcount(key, "-inf", "+inf").get(
            backend.get_key_for_group(group, ".t")
        ).get(backend.get_key_for_group(group, ".s"))
        _, ready, extra, size = pipe.execute()
    return {"ready": ready, "extra": int(extra or 0), "size": None if size is None else int(size)}


if __name__ == "__main__":
    serve(
        {
            "store": lambda id, value: app.backend.store_result(id, value, "SUCCESS") and None,
            "encoded": lambda value: b64(app.backend.encode(value)),
            "get": lambda id, timeout=60: app.AsyncResult(id).get(timeout=timeout),
            "state": lambda id: app.AsyncResult(id).state,
            "set_chord_size": lambda group, size: app.backend.set_chord_size(group, size),
            "chord_part": chord_part,
        }
    )
