"""What happened is on record, what follows is done, and what could not be done is owed, never lost."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import OperationalError, transaction
from django.utils import timezone

from khula.server.events import actions
from khula.server.events.actions import MOST_TRIES, carry_on, happened, try_again
from khula.server.events.models import Event
from khula.server.schools.actions import add_school
from khula.server.schools.models import School

FLOW: dict[str, tuple[Callable[[Event], None], ...]] = {}


@pytest.fixture(autouse=True)
def flow(settings):
    settings.FLOW = "tests.server.test_events.FLOW"
    FLOW.clear()
    actions.flow.cache_clear()
    import sys

    sys.modules["tests.server.test_events"] = sys.modules[__name__]
    yield FLOW
    actions.flow.cache_clear()


def later() -> object:
    return timezone.now() + timedelta(days=1)


def test_an_event_is_on_record_with_its_facts() -> None:
    happened(kind="bell.rung", subject=7, facts={"times": 3})
    event = Event.objects.get()
    assert (event.kind, event.subject, json.loads(event.facts), event.state) == ("bell.rung", "7", {"times": 3}, "done")


def test_what_follows_is_done_in_order(flow) -> None:
    done: list[str] = []
    flow["bell.rung"] = (lambda event: done.append("door"), lambda event: done.append(event.subject))
    happened(kind="bell.rung", subject="class")
    assert done == ["door", "class"]
    assert Event.objects.get().state == "done"


def breaks(event: Event) -> None:
    School.objects.create(emis_number="1", name="half done")
    raise ValueError("c_hurt = yes")


def test_a_follower_that_fails_undoes_itself_and_holds_nobody_up(flow, caplog) -> None:
    flow["bell.rung"] = (breaks,)
    with transaction.atomic():
        School.objects.create(emis_number="2", name="the caller's own")
        happened(kind="bell.rung", subject=1)
    assert set(School.objects.values_list("name", flat=True)) == {"the caller's own"}
    event = Event.objects.get()
    assert (event.state, event.tries, event.problem) == ("waiting", 1, "ValueError")
    assert "c_hurt" not in caplog.text  # the words of a problem may hold an answer


def test_owed_work_is_taken_up_again_until_it_is_done(flow) -> None:
    flow["bell.rung"] = (breaks,)
    happened(kind="bell.rung", subject=1)
    assert carry_on(now=later()) == 0
    assert Event.objects.get().tries == 2
    flow["bell.rung"] = (lambda event: add_school(emis_number="3", name=f"after {event.subject}"),)
    assert carry_on(now=later()) == 1
    assert School.objects.get().name == "after 1"
    assert Event.objects.get(kind="bell.rung").state == "done"
    assert carry_on(now=later()) == 0


def test_the_next_try_waits_longer_each_time(flow) -> None:
    flow["bell.rung"] = (breaks,)
    happened(kind="bell.rung", subject=1)
    assert carry_on() == 0
    assert Event.objects.get().tries == 1  # not due yet
    first = Event.objects.get().not_before
    carry_on(now=later())
    assert Event.objects.get().not_before > first


def test_what_always_fails_is_given_up_and_can_be_put_back(flow) -> None:
    flow["bell.rung"] = (breaks,)
    happened(kind="bell.rung", subject=1)
    for _ in range(MOST_TRIES):
        carry_on(now=later())
    assert Event.objects.get().state == "failed"
    flow["bell.rung"] = ()
    assert try_again() == 1
    assert carry_on(now=later()) == 1


def test_a_server_that_starts_anew_takes_up_what_was_given_up(flow) -> None:
    from khula.cli.serve import tick

    flow["bell.rung"] = (breaks,)
    happened(kind="bell.rung", subject=1)
    Event.objects.update(state="failed")
    flow["bell.rung"] = ()
    tick(slow=False)
    assert Event.objects.get().state == "failed"
    tick(slow=False, first=True)
    assert Event.objects.get(kind="bell.rung").state == "done"


def test_a_failing_event_does_not_keep_the_others_waiting(flow) -> None:
    flow["bell.rung"] = (breaks,)
    flow["door.opened"] = (breaks,)
    happened(kind="bell.rung", subject=1)
    happened(kind="door.opened", subject=2)
    flow["door.opened"] = (lambda event: None,)
    assert carry_on(now=later()) == 1
    assert dict(Event.objects.values_list("kind", "state")) == {"bell.rung": "waiting", "door.opened": "done"}


def test_a_deadlock_is_for_the_whole_transaction_to_try_again(flow) -> None:
    class Cause(Exception):
        sqlstate = "40P01"

    def deadlocks(event: Event) -> None:
        raise OperationalError("deadlock") from Cause()

    flow["bell.rung"] = (deadlocks,)
    with pytest.raises(OperationalError), transaction.atomic():
        happened(kind="bell.rung", subject=1)
    assert not Event.objects.exists()
