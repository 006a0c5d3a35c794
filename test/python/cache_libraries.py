"""A peer that uses caches and sessions of Python libraries other than Django's."""

import asyncio
import collections
import datetime
import decimal
import fractions
import functools
import hashlib
import importlib
import inspect
import pickle
import uuid

from peer import serve, type_tree

NAMES = {
    "collections": collections,
    "datetime": datetime,
    "reduce": functools.reduce,
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
    "beaker-session": "beaker.session",
    "flask-caching": "flask_caching",
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

        self.target = self.cache = cachelib.RedisCache(redis.Redis.from_url(url), **options)

    def get(self, key):
        return self.cache.get(key)

    def set(self, key, value, timeout=None):
        return self.cache.set(key, value, timeout)

    def incr(self, key, by):
        return self.cache.inc(key, by)


class FlaskCaching(Cachelib):
    def __init__(self, url, **config):
        import flask
        import flask_caching

        app = flask.Flask("peer")
        app.config.update(config, CACHE_TYPE="RedisCache", CACHE_REDIS_URL=url)
        extension = flask_caching.Cache(app)
        with app.app_context():
            self.target = self.cache = extension.cache


class Dogpile:
    def __init__(self, url, expiration_time=None, sha1=False, **arguments):
        from dogpile.cache import make_region
        from dogpile.cache.util import sha1_mangle_key

        mangler = (lambda key: sha1_mangle_key(key.encode())) if sha1 else None
        self.target = self.region = make_region(key_mangler=mangler).configure(
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
        self.target = self.cache

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


class BeakerSession:
    """Each key is a session id; a value is the session's dict."""

    def __init__(self, url, **options):
        self.options = dict(options, type="ext:redis", url=url, use_cookies=False)

    def open(self, key):
        from beaker.session import Session

        return Session({}, id=key, **self.options)

    def get(self, key):
        return {name: value for name, value in self.open(key).items() if not name.startswith("_")}

    def set(self, key, value):
        session = self.open(key)
        session.update(value)
        session.save()


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
        self.target = self.cache
        self.loop = asyncio.new_event_loop()

    def get(self, key):
        return self.loop.run_until_complete(self.cache.get(key))

    def set(self, key, value, ttl=None):
        self.loop.run_until_complete(self.cache.set(key, value, ttl=ttl))


class FlaskSession:
    """Each key is a session id; a value is what the session holds under "value"."""

    def __init__(self, url, **config):
        import flask
        import flask_session
        import redis

        self.app = flask.Flask("peer")
        self.app.config.update(
            config, SECRET_KEY="secret", SESSION_TYPE="redis", SESSION_REDIS=redis.Redis.from_url(url)
        )
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
            response = flask.Response()
            self.app.session_interface.save_session(self.app, flask.session, response)
            self.cookies = response.headers.getlist("Set-Cookie")


class RedisPy:
    def __init__(self, url):
        import redis

        self.client = redis.Redis.from_url(url)

    def lock(self, key):
        return self.client.lock(key, timeout=60)


KINDS = {
    "cachelib": Cachelib,
    "dogpile": Dogpile,
    "flask-caching": FlaskCaching,
    "beaker": Beaker,
    "beaker-session": BeakerSession,
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


def call(name, method, args, kwargs):
    """What a method of the library's own object returned, or the class of what it raised; arguments are expressions."""
    try:
        function = getattr(caches[name].target, method)
        result = function(*map(evaluate, args), **{key: evaluate(value) for key, value in kwargs.items()})
        if inspect.isawaitable(result):
            result = caches[name].loop.run_until_complete(result)
        # Its address is no part of what it says.
        return type(result).__name__ if " object at 0x" in repr(result) else repr(result)
    except Exception as error:
        return type(error).__name__


def attempt(name, key):
    """As `get`, or the class of what it raised."""
    try:
        return repr(caches[name].get(key))
    except Exception as error:
        return type(error).__name__


def fill(name, values):
    for key, expression in values.items():
        caches[name].set(key, evaluate(expression))


def digest(name, key):
    """Of values that are too long to be shown."""
    return hashlib.sha256(pickle.dumps(caches[name].get(key), 4)).hexdigest()


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
            "evaluate": lambda value: {"repr": repr(evaluate(value))},
            "get": get,
            "get_all": lambda name, keys: [get(name, key) for key in keys],
            "fill": fill,
            "call": call,
            "attempt": attempt,
            "digest": digest,
            "cookies": lambda name: caches[name].cookies,
            "incr": lambda name, key, by=1: caches[name].incr(key, by),
            "lock": hold,
            "unlock": lambda name, key: locks.pop((name, key)).release(),
        }
    )
