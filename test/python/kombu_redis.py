"""A peer that speaks to Redis through kombu, as Celery does."""

import socket
import sys

import kombu
from kombu import Connection, Consumer, Exchange, Producer, Queue

from peer import b64, serve, unb64

connections = {}
held = {}


def connection(url, options):
    key = (url, repr(sorted(options.items())))
    if key not in connections:
        connections[key] = Connection(url, transport_options=options)
        connections[key].connect()
    return connections[key]


def queue_of(queue, exchange="", type="direct", routing_key=None):
    key = queue if routing_key is None else routing_key
    if not exchange:
        return Queue(queue, routing_key=key)
    return Queue(queue, Exchange(exchange, type=type), routing_key=key)


def declare(url, queue, exchange="", type="direct", routing_key=None, options={}):
    with connection(url, options).channel() as channel:
        queue_of(queue, exchange, type, routing_key)(channel).declare()


def publish(url, body, routing_key, exchange="", type="direct", serializer="pickle", options={}, **properties):
    """`body` is an expression."""
    with connection(url, options).channel() as channel:
        target = Exchange(exchange, type=type)
        Producer(channel, target, serializer=serializer).publish(
            eval(body), routing_key=routing_key, declare=[target] if exchange else [], **properties
        )


def receive(url, queue, count=1, settle="ack", timeout=60, exchange="", type="direct", routing_key=None, options={}, accept=("pickle", "json", "text/plain")):
    """Takes `count` messages and settles each as `settle` says; "hold" keeps them and the channel."""
    messages = []

    def on_message(body, message):
        messages.append(
            {
                "body": repr(body),
                "raw": b64(message.body if isinstance(message.body, bytes) else message.body.encode()),
                "headers": repr(message.headers),
                "content_type": message.content_type,
                "content_encoding": message.content_encoding,
                "properties": repr(message.properties),
                "priority": message.properties.get("priority"),
                "redelivered": bool(message.delivery_info.get("redelivered")),
            }
        )
        if settle == "ack":
            message.ack()
        elif settle == "reject":
            message.reject()
        elif settle == "requeue":
            message.requeue()

    channel = connection(url, options).channel()
    source = queue_of(queue, exchange, type, routing_key)
    consumer = Consumer(channel, [source], callbacks=[on_message], accept=list(accept))
    channel.basic_qos(0, count, False)
    consumer.consume()
    try:
        while len(messages) < count:
            connection(url, options).drain_events(timeout=timeout)
    except socket.timeout:
        pass
    if settle == "hold":
        held[url] = channel
    else:
        consumer.cancel()
        channel.close()
    return messages


def abandon(url):
    """Forgets what is held, as a process that was killed."""
    channel = held.pop(url)
    channel.qos._delivered.clear()
    channel.qos.restore_at_shutdown = False


def restore(url, visibility_timeout, options={}):
    """One sweep of kombu over what was left unsettled."""
    with connection(url, dict(options, visibility_timeout=visibility_timeout)).channel() as channel:
        channel.qos.restore_visible(num=100, interval=1)


if __name__ == "__main__":
    serve(
        {
            "declare": declare,
            "publish": publish,
            "receive": receive,
            "abandon": abandon,
            "restore": restore,
            "versions": lambda: [kombu.__version__, sys.version.split()[0]],
        }
    )
