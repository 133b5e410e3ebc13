"""Writing down who can help: providers, each change kept as a version, confirmed by a person from time to time."""

from collections.abc import Mapping
from datetime import date

import msgspec
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from khula.server.events.actions import happened
from khula.server.services.models import Provider, ProviderVersion

FIELDS = ("name", "sector", "kinds", "for_whom", "place", "district", "hours", "capacity", "contact")


@transaction.atomic
def add_provider(*, said: Mapping[str, object], on: date | None = None, by: int | None = None) -> Provider:
    """A new line of the directory. Whoever writes it down confirms it: `on` is the day it was known to be so."""
    provider = Provider(confirmed_on=on or timezone.localdate())
    _write(provider, said, by)
    happened(kind="provider.added", subject=provider.pk, by=by)
    return provider


@transaction.atomic
def change_provider(*, provider_id: int, said: Mapping[str, object], by: int | None = None) -> Provider:
    """Other words about the same provider; what stood there before is kept. To change is to confirm."""
    provider = Provider.objects.select_for_update().get(pk=provider_id)
    provider.confirmed_on = timezone.localdate()
    _write(provider, said, by)
    happened(kind="provider.changed", subject=provider.pk, by=by)
    return provider


@transaction.atomic
def confirm_provider(*, provider_id: int, on: date | None = None, by: int | None = None) -> None:
    """Somebody made sure that the line still holds."""
    provider = Provider.objects.select_for_update().get(pk=provider_id)
    provider.confirmed_on = on or timezone.localdate()
    _write(provider, {}, by)
    happened(kind="provider.confirmed", subject=provider.pk, by=by)


@transaction.atomic
def close_provider(*, provider_id: int, on: date | None = None, by: int | None = None) -> None:
    """Helps nobody any more: offered no longer; its open referrals stay where they are and are seen to."""
    provider = Provider.objects.select_for_update().get(pk=provider_id)
    provider.closed_on = on or timezone.localdate()
    _write(provider, {}, by)
    happened(kind="provider.closed", subject=provider.pk, by=by)


def _write(provider: Provider, said: Mapping[str, object], by: int | None) -> None:
    for name in FIELDS:
        if name in said:
            value = said[name]
            setattr(provider, name, msgspec.json.encode(value).decode() if name == "kinds" else value)
    provider.save()
    number = (provider.versions.aggregate(last=Max("number"))["last"] or 0) + 1
    kept = {name: getattr(provider, name) for name in (*FIELDS, "confirmed_on", "closed_on")}
    ProviderVersion.objects.create(
        provider=provider, number=number, said=msgspec.json.encode(kept).decode(), at=timezone.now(), by_id=by
    )
