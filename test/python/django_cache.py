"""A peer that uses the caches of real Django and Flask applications on Redis."""

import collections
import datetime
import decimal
import fractions
import functools
import importlib
import pickle
import uuid

import django
from django.conf import settings

settings.configure(
    USE_TZ=True,
    SECRET_KEY="secret",
    CACHES={"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}},
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=["django.contrib.sessions"],
)
django.setup()

from django.core import signing  # noqa: E402
from django.utils.module_loading import import_string  # noqa: E402

from peer import b64, serve, type_tree, unb64  # noqa: E402

NAMES = {
    "collections": collections,
    "datetime": datetime,
    "Decimal": decimal.Decimal,
    "Fraction": fractions.Fraction,
    "UUID": uuid.UUID,
    "inf": float("inf"),
    "nan": float("nan"),
}
BACKENDS = {
    "django": "django.core.cache.backends.redis.RedisCache",
    "django-redis": "django_redis.cache.RedisCache",
}
caches = {}


def evaluate(expression):
    return eval(expression, dict(NAMES))


def describe(value):
    return {"repr": repr(value), "types": type_tree(value)}


def available():
    """The kinds of cache that this Python has."""
    found = []
    for kind, path in BACKENDS.items():
        try:
            import_string(path)
            found.append(kind)
        except ImportError:
            pass
    try:
        importlib.import_module("flask_caching")
        found.append("flask-caching")
    except ImportError:
        pass
    return found


def bar_key(key, prefix, version):
    """A KEY_FUNCTION."""
    return f"{key}|{version}|{prefix}"


def open_cache(name, kind, url, prefix=None, key_function=None, version=None, **options):
    """A cache under a name; `options` are its OPTIONS."""
    if kind == "flask-caching":
        import flask
        import flask_caching

        app = flask.Flask("peer")
        config = {"CACHE_TYPE": "RedisCache", "CACHE_REDIS_URL": url}
        if prefix is not None:
            config["CACHE_KEY_PREFIX"] = prefix
        app.config.update(config)
        extension = flask_caching.Cache(app)
        with app.app_context():
            caches[name] = extension.cache
        return
    params = {"OPTIONS": options}
    if prefix is not None:
        params["KEY_PREFIX"] = prefix
    if key_function is not None:
        params["KEY_FUNCTION"] = bar_key
    if version is not None:
        params["VERSION"] = version
    caches[name] = import_string(BACKENDS[kind])(url, params)


def get(name, key, **kwargs):
    return describe(caches[name].get(key, **kwargs))


def get_many(name, keys):
    return {key: repr(value) for key, value in caches[name].get_many(keys).items()}


def call(name, method, args, kwargs):
    """What a method returned, or the class of what it raised; arguments are expressions."""
    try:
        function = getattr(caches[name], method)
        result = function(*map(evaluate, args), **{key: evaluate(value) for key, value in kwargs.items()})
        # Whose repr is another since Python 3.12.
        return repr(dict(result) if isinstance(result, collections.OrderedDict) else result)
    except Exception as error:
        return type(error).__name__


def hold_lock(name, key, timeout):
    """Takes a lock of django-redis without waiting; whether it got it."""
    lock = caches[name].lock(key, timeout=timeout)
    if not lock.acquire(blocking=False):
        return False
    caches[name, key] = lock
    return True


def session(name, key, engine="cache"):
    """A session of one of Django's engines over the cache of that name."""
    store = importlib.import_module("django.contrib.sessions.backends." + engine).SessionStore(key)
    store._cache = caches[name]
    return store


def save_session(name, key, value, engine="cache", expiry=None):
    if engine == "cached_db":
        make_session_table()
    store = session(name, key, engine)
    store._session_cache = evaluate(value)
    if expiry is not None:
        store.set_expiry(expiry)
    store.save(must_create=True)


@functools.lru_cache(maxsize=None)
def make_session_table():
    from django.contrib.sessions.models import Session
    from django.db import connection

    with connection.schema_editor() as editor:
        editor.create_model(Session)


def unsign(raw, secret):
    """A pickle in base64 with a signature."""
    text = signing.Signer(secret).unsign(unb64(raw).decode())
    return repr(pickle.loads(signing.b64_decode(text.encode())))


if __name__ == "__main__":
    serve(
        {
            "available": available,
            "open": open_cache,
            "set": lambda name, key, value, **kwargs: caches[name].set(key, evaluate(value), **kwargs),
            "get": get,
            "get_many": get_many,
            "call": call,
            "has": lambda name, key: bool(caches[name].get(key, None) is not None),
            "incr": lambda name, key, by=1: caches[name].incr(key, by),
            "inc": lambda name, key, by=1: caches[name].inc(key, by),
            "incr_version": lambda name, key: caches[name].incr_version(key),
            "delete": lambda name, key: caches[name].delete(key),
            "ttl": lambda name, key: caches[name].ttl(key),
            "save_session": save_session,
            "load_session": lambda name, key, engine="cache": repr(session(name, key, engine).load()),
            "session_age": lambda name, key: session(name, key).get_expiry_age(),
            "sign": lambda value, secret: signing.Signer(secret).sign(
                signing.b64_encode(pickle.dumps(evaluate(value))).decode()
            ),
            "unsign": unsign,
            "lock": hold_lock,
            "unlock": lambda name, key: caches.pop((name, key)).release(),
            "raw": lambda name, key: b64(caches[name].client.get_client().get(caches[name].make_key(key))),
        }
    )
