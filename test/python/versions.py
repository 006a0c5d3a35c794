"""Prints what this Python side has and what it lacks, as JSON."""

import importlib.util
import json
import platform


def version(module):
    try:
        found = __import__(module)
    except ImportError:
        return None
    number = getattr(found, "__version__", None) or found.VERSION
    return number if isinstance(number, str) else ".".join(map(str, number[:3]))


NAMES = {
    "celery": "celery",
    "kombu": "kombu",
    "django": "django",
    "djangoRedis": "django_redis",
    "redisPy": "redis",
    "rq": "rq",
    "flaskCaching": "flask_caching",
}
FURTHER = ["flask_session", "cachelib", "dogpile", "beaker", "cacheops", "lz4", "msgpack", "yaml", "zstandard", "brotli", "pytz", "dateutil"]

found = {name: version(module) for name, module in NAMES.items()}
missing = [module for name, module in NAMES.items() if found[name] is None]
missing += [module for module in FURTHER if importlib.util.find_spec(module) is None]
print(json.dumps({"versions": dict(found, python=platform.python_version()), "missing": missing}))
