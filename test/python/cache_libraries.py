"""A peer that uses caches and sessions of Python libraries other than Django's."""

import asyncio
import collections
import datetime
import decimal
import fractions
import importlib
import uuid

from peer import serve, type_tree

NAMES = {
    "collections": collections,
    "datetime": datetime,
    "Decimal": decimal.Decimal,
    "Fraction": fractions.Fraction,
    "UUID": uuid.UUID,
    "inf": float("inf"),
    "nan": float("nan"),
}
MODULES = {
    "cachelib": "cachelib",
    "dogpile": "dogpile.cache",
    "beaker": "beaker.cache",
    "aiocache": "aiocache",
    "flask-session": "flask_session",
    "redis-py": "redis",
}
caches = {}
locks = {}


def evaluate(expression):
    return eval(expression, dict(NAMES))


class Cachelib:
    def __init__(self, url, **options):
        import cachelib
        import redis

        self.cache = cachelib.RedisCache(redis.Redis.from_url(url), **options)

    def get(self, key):
        return self.cache.get(key)

    def set(self, key, value, timeout=None):
        return self.cache.set(key, value, timeout)

    def incr(self, key, by):
        return self.cache.inc(key, by)


class Dogpile:
    def __init__(self, url, expiration_time=None, sha1=False, **arguments):
        from dogpile.cache import make_region
        from dogpile.cache.util import sha1_mangle_key

        mangler = (lambda key: sha1_mangle_key(key.encode())) if sha1 else None
        self.region = make_region(key_mangler=mangler).configure(
            "dogpile.cache.redis", expiration_time=expiration_time, arguments=dict(arguments, url=url)
        )

    def get(self, key):
        from dogpile.cache.api import NO_VALUE

        value = self.region.get(key)
        return "NO_VALUE" if value is NO_VALUE else value

    def set(self, key, value):
        self.region.set(key, value)

    def lock(self, key):
        mutex = self.region.backend.get_mutex(key)

        class Adapter:
            def acquire(self, blocking):
                return mutex.acquire(wait=blocking)

            def release(self):
                mutex.release()

        return Adapter()


class Beaker:
    def __init__(self, url, namespace="ns", expire=None):
        from beaker.cache import CacheManager
        from beaker.util import parse_cache_config_options

        options = {"cache.type": "ext:redis", "cache.url": url}
        manager = CacheManager(**parse_cache_config_options(options))
        self.cache = manager.get_cache(namespace, expire=expire) if expire else manager.get_cache(namespace)

    def get(self, key):
        try:
            return self.cache.get(key)
        except KeyError:
            return "KeyError"

    def set(self, key, value):
        self.cache.put(key, value)

    def lock(self, key):
        creation_lock = self.cache.namespace.get_creation_lock(key)

        class Adapter:
            def acquire(self, blocking):
                return creation_lock.acquire(wait=blocking)

            def release(self):
                creation_lock.release()

        return Adapter()


class Aiocache:
    def __init__(self, url, namespace=None):
        from urllib.parse import urlparse

        from aiocache import RedisCache
        from aiocache.serializers import PickleSerializer

        parsed = urlparse(url)
        self.cache = RedisCache(
            endpoint=parsed.hostname,
            port=parsed.port,
            db=int(parsed.path.strip("/") or 0),
            namespace=namespace,
            serializer=PickleSerializer(),
        )
        self.loop = asyncio.new_event_loop()

    def get(self, key):
        return self.loop.run_until_complete(self.cache.get(key))

    def set(self, key, value, ttl=None):
        self.loop.run_until_complete(self.cache.set(key, value, ttl=ttl))


class FlaskSession:
    """Each key is a session id; a value is what the session holds under "value"."""

    def __init__(self, url):
        import flask
        import flask_session
        import redis

        self.app = flask.Flask("peer")
        self.app.config.update(SECRET_KEY="secret", SESSION_TYPE="redis", SESSION_REDIS=redis.Redis.from_url(url))
        flask_session.Session(self.app)
        self.cookie = self.app.config.get("SESSION_COOKIE_NAME", "session")
        # Flask-Session 0.3 still uses an attribute that Flask 2.3 dropped.
        if not hasattr(self.app, "session_cookie_name"):
            self.app.session_cookie_name = self.cookie

    def context(self, key):
        return self.app.test_request_context("/", headers={"Cookie": "%s=%s" % (self.cookie, key)})

    def get(self, key):
        import flask

        with self.context(key):
            return dict(flask.session).get("value")

    def set(self, key, value):
        import flask

        with self.context(key):
            flask.session["value"] = value
            flask.session.sid = key
            self.app.session_interface.save_session(self.app, flask.session, flask.Response())


class RedisPy:
    def __init__(self, url):
        import redis

        self.client = redis.Redis.from_url(url)

    def lock(self, key):
        return self.client.lock(key, timeout=10)


KINDS = {
    "cachelib": Cachelib,
    "dogpile": Dogpile,
    "beaker": Beaker,
    "aiocache": Aiocache,
    "flask-session": FlaskSession,
    "redis-py": RedisPy,
}


def available():
    found = []
    for kind, module in MODULES.items():
        try:
            importlib.import_module(module)
            found.append(kind)
        except ImportError:
            pass
    return found


def open_cache(name, kind, url, **options):
    caches[name] = KINDS[kind](url, **options)


def get(name, key):
    value = caches[name].get(key)
    return {"repr": repr(value), "types": type_tree(value)}


def hold(name, key):
    """Takes a lock without waiting; whether it got it."""
    lock = caches[name].lock(key)
    if not lock.acquire(blocking=False):
        return False
    locks[name, key] = lock
    return True


if __name__ == "__main__":
    serve(
        {
            "available": available,
            "open": open_cache,
            "set": lambda name, key, value, **options: caches[name].set(key, evaluate(value), **options) and None,
            "get": get,
            "incr": lambda name, key, by=1: caches[name].incr(key, by),
            "lock": hold,
            "unlock": lambda name, key: locks.pop((name, key)).release(),
        }
    )
