"""A peer that speaks to RabbitMQ through kombu: plain producers and consumers, and RPC both ways."""

import datetime
import decimal
import threading
import uuid

from kombu import Connection, Consumer, Producer, Queue

from peer import b64, serve, type_tree, unb64

connections = {}


def connection(url):
    if url not in connections:
        connections[url] = Connection(url)
        connections[url].connect()
    return connections[url]


def plain_queue(name):
    return Queue(name, durable=True)


def evaluate(expression):
    return eval(expression, {"datetime": datetime, "decimal": decimal, "uuid": uuid})


def publish(url, queue, body, serializer="pickle", compression=None, headers="{}", count=1, **properties):
    """To a queue that exists. `body` and `headers` are expressions. Without a serializer text and bytes go as they are."""
    with connection(url).channel() as channel:
        producer = Producer(channel)
        for _ in range(count):
            producer.publish(
                evaluate(body),
                routing_key=queue,
                serializer=serializer,
                compression=compression,
                headers=evaluate(headers),
                **properties
            )


def publish_bytes(url, queue, body, content_type, content_encoding, headers="{}"):
    """A body that is not what it says, as base64."""
    with connection(url).channel() as channel:
        Producer(channel).publish(
            unb64(body),
            routing_key=queue,
            content_type=content_type,
            content_encoding=content_encoding,
            headers=evaluate(headers),
        )


def get(url, queue, accept=("pickle", "json", "yaml", "msgpack", "text/plain", "application/data")):
    """One message, decoded as kombu does, and what it says of itself; `None` when the queue is empty."""
    with connection(url).channel() as channel:
        message = plain_queue(queue)(channel).get(accept=list(accept))
        if message is None:
            return None
        try:
            value = message.decode()
        except Exception:
            message.reject()
            raise
        message.ack()
        return {
            "repr": repr(value),
            "types": type_tree(value),
            "raw": b64(message.body if isinstance(message.body, bytes) else message.body.encode()),
            "content_type": message.content_type,
            "content_encoding": message.content_encoding,
            # By name: RabbitMQ 4 sorts them, 3 does not.
            "headers": repr(dict(sorted(message.headers.items()))),
            "header_types": type_tree(message.headers),
            "properties": repr({key: value for key, value in message.properties.items() if key != "application_headers"}),
            "delivery_mode": message.properties.get("delivery_mode"),
        }


def call(url, queue, body, serializer="pickle", timeout=60, count=1):
    """Sends `count` requests at once and gives the answers in the order of the requests."""
    answers = {}
    with connection(url).channel() as channel:
        reply_queue = Queue(str(uuid.uuid4()), exclusive=True, auto_delete=True, durable=False)(channel)
        reply_queue.declare()

        def on_message(answer, message):
            answers[message.properties["correlation_id"]] = {
                "repr": repr(answer),
                "error": message.headers.get("x-rpc-error"),
                "content_type": message.content_type,
            }
            message.ack()

        ids = [str(uuid.uuid4()) for _ in range(count)]
        with Consumer(channel, [reply_queue], callbacks=[on_message], accept=["pickle", "json"]):
            for i, correlation_id in enumerate(ids):
                Producer(channel).publish(
                    eval(body, {"i": i}),
                    routing_key=queue,
                    serializer=serializer,
                    reply_to=reply_queue.name,
                    correlation_id=correlation_id,
                )
            while len(answers) < count:
                connection(url).drain_events(timeout=timeout)
    return [answers[correlation_id] for correlation_id in ids]


def serve_calls(url, queue, function, count, serializer="pickle"):
    """Answers `count` requests with `function` of the body, an expression, in the background."""
    function = eval(function)
    ready = threading.Event()

    def run():
        with Connection(url) as own:
            channel = own.channel()
            producer = Producer(channel)
            left = [count]

            def on_message(body, message):
                producer.publish(
                    function(body),
                    exchange="",
                    routing_key=message.properties["reply_to"],
                    correlation_id=message.properties["correlation_id"],
                    serializer=serializer,
                )
                message.ack()
                left[0] -= 1

            requests = plain_queue(queue)(channel)
            requests.declare()
            with Consumer(channel, [requests], callbacks=[on_message], accept=["pickle", "json"]):
                ready.set()
                while left[0] > 0:
                    own.drain_events(timeout=80)

    threading.Thread(target=run, daemon=True).start()
    if not ready.wait(60):
        raise TimeoutError("no consumer")


serve(
    {
        "publish": publish,
        "publish_bytes": publish_bytes,
        "get": get,
        "call": call,
        "serve_calls": serve_calls,
    }
)
