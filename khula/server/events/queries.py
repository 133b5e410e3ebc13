"""Reading the event table: an event's facts, a subject's history, and what is still owed."""

from typing import Any

import msgspec
from django.db.models import QuerySet

from khula.server.events.models import Event


def facts_of(event: Event) -> dict[str, Any]:
    return msgspec.json.decode(event.facts, type=dict[str, Any])


def history_of(subject: object, *, kinds: str = "") -> QuerySet[Event]:
    """What happened to one subject, oldest first; `kinds` is the beginning of a kind ("child.")."""
    return Event.objects.filter(subject=str(subject), kind__startswith=kinds).order_by("pk")


def owed() -> QuerySet[Event]:
    """Events whose consequences have not all come about yet, given-up ones among them."""
    return Event.objects.exclude(state=Event.State.DONE).order_by("pk")
