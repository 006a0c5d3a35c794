"""What Python does beside the frameworks of Node: values in Redis, packets over pub/sub."""

import pickle
import sys
from argparse import Namespace  # a class that nobody registered

from redis import Redis

from peer import serve

connection = Redis.from_url(sys.argv[1])


def get(key):
    """As Django's cache reads: digits are ints."""
    raw = connection.get(key)
    try:
        return repr(int(raw))
    except ValueError:
        return repr(pickle.loads(raw))


def set_(key, value):
    connection.set(key, pickle.dumps(eval(value)))


def next_message(pubsub):
    for _ in range(300):
        message = pubsub.get_message(timeout=0.2)
        if message is not None:
            return pickle.loads(message["data"])
    raise TimeoutError("no message")


def ask(pattern, data):
    """Asks a server and gives all that it answers."""
    pubsub = connection.pubsub()
    pubsub.subscribe(pattern + ".reply")
    assert pubsub.get_message(timeout=60)["type"] == "subscribe"
    publish(pattern, repr({"pattern": pattern, "data": eval(data), "id": "from-python"}))
    answers = []
    while not answers or not answers[-1].get("isDisposed"):
        answer = next_message(pubsub)
        if answer["id"] == "from-python":
            answers.append(answer)
    pubsub.close()
    return repr(answers)


def answer(pattern, count):
    """Is the server of a pattern: sums."""
    pubsub = connection.pubsub()
    pubsub.subscribe(pattern)
    assert pubsub.get_message(timeout=60)["type"] == "subscribe"
    for _ in range(count):
        packet = next_message(pubsub)
        reply = {"id": packet["id"], "isDisposed": True}
        try:
            reply["response"] = sum(packet["data"])
        except TypeError as error:
            reply["err"] = error
        connection.publish(pattern + ".reply", pickle.dumps(reply))
    pubsub.close()


def answer_once(pattern, answer):
    """Answers one request with the bytes that `answer`, an expression, makes of its id."""
    pubsub = connection.pubsub()
    pubsub.subscribe(pattern)
    assert pubsub.get_message(timeout=60)["type"] == "subscribe"
    packet = next_message(pubsub)
    connection.publish(pattern + ".reply", eval(answer, {**globals(), "id": packet["id"]}))
    pubsub.close()


def publish(channel, value):
    connection.publish(channel, pickle.dumps(eval(value)))


if __name__ == "__main__":
    serve({"get": get, "set": set_, "ask": ask, "answer": answer, "answer_once": answer_once, "publish": publish})
