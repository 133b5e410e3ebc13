"""Recording what happened, and seeing that what follows is done: now if it can be, later if it must be.

`happened` writes the event in the caller's transaction and runs what `flow.py` says follows, inside a savepoint of
its own. If that fails, the event goes on the work list with the kind of problem; the caller's write stands.
"""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache

import msgspec
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.module_loading import import_string

from khula.server.events.models import Event

log = logging.getLogger(__name__)
MOST_TRIES = 20
LONGEST_WAIT = timedelta(hours=1)
INSERT = "INSERT INTO events_event (kind, subject, facts, at, by_id, state, tries, problem) VALUES "
ONE = "(%s, %s, %s, %s, %s, 'done', 0, '')"


Flow = Mapping[str, tuple[Callable[[Event], None], ...]]


class _Memory(threading.local):
    owed = 0  # the event this thread has last put on the work list
    all_or_nothing = False


_memory = _Memory()


@dataclass(frozen=True, slots=True)
class Happening:
    """What is about to be recorded. Never an answer, never a name."""

    kind: str
    subject: object
    facts: Mapping[str, object] = field(default_factory=dict)


@contextmanager
def all_or_nothing() -> Iterator[None]:
    """Within it, what fails to follow breaks the caller's transaction, and the caller writes again without this.

    It spares a savepoint for each event, which on PostgreSQL is a tenth of what a submission costs.
    """
    before = _memory.all_or_nothing
    _memory.all_or_nothing = True
    try:
        yield
    finally:
        _memory.all_or_nothing = before


@cache
def flow(where: str) -> Flow:
    return import_string(where)


def happened(
    *,
    kind: str,
    subject: object,
    facts: Mapping[str, object] | None = None,
    by: int | None = None,
    at: datetime | None = None,
) -> int:
    """Record an event and let follow what follows; returns its id. Must be called inside a transaction."""
    at = at or timezone.now()
    written = _written(facts)
    with connection.cursor() as cursor:
        moment = connection.ops.adapt_datetimefield_value(at)
        cursor.execute(f"{INSERT}{ONE} RETURNING id", [kind, str(subject), written, moment, by])
        pk = int(cursor.fetchone()[0])
    if flow(settings.FLOW).get(kind):
        _follow(Event(pk=pk, kind=kind, subject=str(subject), facts=written, at=at, by_id=by, state=Event.State.DONE))
    return pk


def happened_together(happenings: Sequence[Happening], *, at: datetime) -> None:
    """Record several events; those that nothing follows in one statement."""
    following = flow(settings.FLOW)
    silent = [each for each in happenings if not following.get(each.kind)]
    if silent:
        moment = connection.ops.adapt_datetimefield_value(at)
        values: list[object] = []
        for each in silent:
            values += (each.kind, str(each.subject), _written(each.facts), moment, None)
        with connection.cursor() as cursor:
            cursor.execute(INSERT + ", ".join([ONE] * len(silent)), values)
    for each in happenings:
        if following.get(each.kind):
            happened(kind=each.kind, subject=each.subject, facts=each.facts, at=at)


def _written(facts: Mapping[str, object] | None) -> str:
    return msgspec.json.encode(facts).decode() if facts else "{}"


def _follow(event: Event) -> bool:
    """Do what follows; True when nothing is owed any more."""
    if _memory.owed == event.pk:  # an id may come back after a transaction was undone
        _memory.owed = 0
    if _memory.all_or_nothing:
        _run_followers(event)
        return True
    try:
        with transaction.atomic():
            _run_followers(event)
    except Exception as problem:  # whatever it is, the record stands and the event holds nobody up
        if whole_transaction_must_be_tried_again(problem):
            raise
        _owe(event, type(problem).__name__, traceback=settings.DEBUG)
        return False
    return True


def _run_followers(event: Event) -> None:
    for follower in flow(settings.FLOW).get(event.kind, ()):
        follower(event)


def is_owed(event_id: int) -> bool:
    """Did what follows this event, recorded a moment ago in this thread, fail? Without asking the database."""
    return _memory.owed == event_id


def whole_transaction_must_be_tried_again(problem: BaseException) -> bool:
    """PostgreSQL chose this transaction to break a deadlock, or saw that it read what another has changed."""
    return isinstance(problem, OperationalError) and getattr(problem.__cause__, "sqlstate", "") in ("40P01", "40001")


def _owe(event: Event, problem: str, *, traceback: bool) -> None:
    """Put the event on the work list. Only the kind of the problem is kept: its words could hold an answer."""
    log.error("event %s (%s) failed: %s", event.pk, event.kind, problem, exc_info=traceback)
    _memory.owed = event.pk
    tries = event.tries + 1
    wait = min(timedelta(seconds=2**tries), LONGEST_WAIT)
    Event.objects.filter(pk=event.pk).update(
        state=Event.State.FAILED if tries >= MOST_TRIES else Event.State.WAITING,
        tries=tries,
        problem=problem,
        not_before=timezone.now() + wait,
    )


def carry_on(*, most: int = 100, now: datetime | None = None) -> int:
    """Take up what is owed on the work list, oldest first; returns how many events are now done.

    Safe when several processes do it: each event is taken under a lock, and one that is taken is passed over.
    """
    due = Q(not_before=None) | Q(not_before__lte=now or timezone.now())
    owed = Event.objects.filter(due, state=Event.State.WAITING).order_by("pk").values_list("pk", flat=True)
    return sum(_take_up(pk) for pk in list(owed[:most]))


def _take_up(pk: int) -> bool:
    skip = connection.features.has_select_for_update_skip_locked
    with transaction.atomic():
        event = Event.objects.select_for_update(skip_locked=skip).filter(pk=pk, state=Event.State.WAITING).first()
        if event is None or not _follow(event):
            return False
        Event.objects.filter(pk=pk).update(state=Event.State.DONE, problem="", not_before=None)
        return True


@transaction.atomic
def try_again(*, by: int | None = None) -> int:
    """Put every event that was given up on back on the work list, after its cause has been mended; returns how many."""
    given_up = Event.objects.filter(state=Event.State.FAILED)
    count = given_up.update(state=Event.State.WAITING, tries=0, not_before=None)
    if count:
        happened(kind="work.put_back", subject="work", facts={"events": count}, by=by)
    return count
