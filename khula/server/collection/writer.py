"""Deliveries of many threads in; each stored and answered after its own commit, several sharing one.

Whoever finds nobody writing writes for all who wait. One commit means one wait for the disk, however many records it
holds; nobody is answered before that commit, so an answered record survives a power cut.
"""

import logging
import random
import threading
import time
from dataclasses import dataclass, replace

from django.db import DatabaseError, OperationalError, connection, transaction

from khula.server.collection.parse import Parsed, derived_id
from khula.server.collection.store import Delivery, Facts, Receipt, keep
from khula.server.events.actions import all_or_nothing
from khula.server.packs.queries import PUBLISHING_LOCK

log = logging.getLogger(__name__)
MOST_AT_ONCE = 64
MOST_BYTES_AT_ONCE = 20_000_000  # a post with many photos does not hold the others up
MOST_TRIES = 8


class NotStored(Exception):
    """The database could not be written. The device keeps the record and sends it again."""


@dataclass(slots=True)
class _Waiting:
    delivery: Delivery
    woken: threading.Lock
    leads: bool = False
    result: Receipt | NotStored | None = None


class Writer:
    """One per process. In a test's transaction it writes in the caller's thread, as anywhere."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[_Waiting] = []
        self._busy = False

    def write(self, delivery: Delivery) -> Receipt:
        """Returns once the delivery is committed. Raises NotStored."""
        mine = _Waiting(delivery, threading.Lock())
        mine.woken.acquire()
        with self._lock:
            self._waiting.append(mine)
            if not self._busy:
                self._busy = mine.leads = True
        if not mine.leads:
            mine.woken.acquire()
        if mine.leads:
            self._lead()
        if isinstance(mine.result, Receipt):
            return mine.result
        raise mine.result or NotStored

    def _lead(self) -> None:
        """Write what waits, then hand over to the next who waits, if anybody does."""
        batch = self._take()
        try:
            _write_all(batch)
        finally:
            with self._lock:
                following = self._waiting[0] if self._waiting else None
                self._busy = following is not None
            for done in batch:
                done.woken.release()
            if following is not None:
                following.leads = True
                following.woken.release()

    def _take(self) -> list[_Waiting]:
        """As many as fit, the leader's own first: it has waited longest."""
        with self._lock:
            count, size = 0, 0
            for each in self._waiting[:MOST_AT_ONCE]:
                size += len(each.delivery.xml) + sum(len(file.content) for file in each.delivery.files)
                if count and size > MOST_BYTES_AT_ONCE:
                    break
                count += 1
            batch, self._waiting = self._waiting[:count], self._waiting[count:]
        # In one order everywhere, so that two processes with the same records do not wait for each other.
        return sorted(batch, key=lambda each: (each.delivery.parsed.form_id, each.delivery.parsed.instance_id))


writer = Writer()


def _write_all(batch: list[_Waiting]) -> None:
    """All in one transaction; if anything goes wrong, each in its own, with what failed put on the work list."""
    try:
        with all_or_nothing():
            receipts = _commit([each.delivery for each in batch])
    except Exception as problem:  # whatever it is: one record must not keep the others out
        if len(batch) > 1:
            log.warning("storing %s records together failed (%s); one by one", len(batch), type(problem).__name__)
        for each in batch:
            each.result = _write_one(each.delivery)
        return
    for each, receipt in zip(batch, receipts, strict=True):
        each.result = receipt


def _write_one(delivery: Delivery) -> Receipt | NotStored:
    for attempt in range(MOST_TRIES):
        try:
            return _commit([delivery])[0]
        except OperationalError:  # locked, a deadlock, the connection gone: worth trying again
            _mend_the_connection()
            time.sleep(random.uniform(0.0, 0.02) * 2**attempt)  # noqa: S311 – nothing secret
        except Exception as problem:
            # The kind only: its words could hold an answer.
            log.error("a record could not be taken up: %s", type(problem).__name__)
            return _keep_unread(delivery)
    return NotStored()


def _keep_unread(delivery: Delivery) -> Receipt | NotStored:
    """Something about this record breaks the server. Its bytes are kept, and a person is told."""
    parsed = Parsed(
        form_id=delivery.parsed.form_id,
        version=delivery.parsed.version,
        instance_id=derived_id(delivery.xml),
        said_instance_id=delivery.parsed.said_instance_id or delivery.parsed.instance_id,
        problem="could_not_store",
    )
    try:
        return _commit([replace(delivery, parsed=parsed)])[0]
    except DatabaseError as problem:
        log.error("a record could not be kept: %s", type(problem).__name__)
        return NotStored()


def _commit(deliveries: list[Delivery]) -> list[Receipt]:
    facts = Facts()
    with transaction.atomic():
        _hold_off_publishing()
        return [keep(delivery, facts) for delivery in deliveries]


def _hold_off_publishing() -> None:
    """On SQLite whoever writes is alone anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [PUBLISHING_LOCK])


def _mend_the_connection() -> None:
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()
