"""A peer with a Django model whose queries django-cacheops caches."""

import os

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="secret",
    USE_TZ=True,
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "cacheops"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    CACHEOPS_REDIS=os.environ["CACHEOPS_REDIS"],
    CACHEOPS_PREFIX=lambda _: "pfx:",
    CACHEOPS={"auth.user": {"ops": "all", "timeout": 900}},
)
django.setup()

from cacheops import cache, cached  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from peer import serve  # noqa: E402

call_command("migrate", verbosity=0, run_syncdb=True)
User.objects.bulk_create([User(username="ann", email="a@example.org"), User(username="bob", email="b@example.org")])


def count(username):
    """How many queries reached the database."""
    with CaptureQueriesContext(connection) as queries:
        list(User.objects.filter(username=username).cache())
    return len(queries)


@cached(timeout=60)
def squares(n):
    return [i * i for i in range(n)]


if __name__ == "__main__":
    serve(
        {
            "count": count,
            "squares": squares,
            "set": lambda key, value: cache.set(key, value, timeout=60),
            "get": lambda key: cache.get(key),
        }
    )
