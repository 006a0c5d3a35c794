"""Tasks that the documentation calls, beside those of `celery_app`."""

from decimal import Decimal

from celery import shared_task


@shared_task(name="billing.charge")
def charge(order, amount):
    assert isinstance(amount, Decimal), type(amount)
    return "%s: %s" % (order, amount)
