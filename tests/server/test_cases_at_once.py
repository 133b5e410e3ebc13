"""Two processes take in two voices of one child at the same moment: neither overlooks the other."""

import json
import threading

import pytest
from django.db import connections, transaction

from khula.server.cases.models import Assessment, Case, Voice
from khula.server.collection.parse import parse
from khula.server.collection.store import Delivery, Facts, keep
from khula.server.events.models import Event
from khula.server.waves.models import Wave
from tests.server.cast import Cast, a_wave, digest, interview, the_cast

pytestmark = pytest.mark.django_db(transaction=True)


def taken_in(xml: bytes, *, holding: threading.Event | None = None, go_on: threading.Event | None = None) -> None:
    """As one process does it: its own connection, its own transaction."""
    from django.utils import timezone

    delivery = Delivery(
        xml=xml, sha256=digest(xml), parsed=parse(xml), device_id=None, user_id=None, device_said="",
        received_at=timezone.now(),
    )  # fmt: skip
    try:
        with transaction.atomic():
            keep(delivery, Facts())
            if holding is not None and go_on is not None:
                holding.set()
                go_on.wait(timeout=20)
    finally:
        connections.close_all()


def at_once(first: bytes, second: bytes) -> None:
    """The second comes while the first has written and not yet committed."""
    holding, go_on = threading.Event(), threading.Event()
    one = threading.Thread(target=taken_in, args=(first,), kwargs={"holding": holding, "go_on": go_on})
    other = threading.Thread(target=taken_in, args=(second,))
    one.start()
    assert holding.wait(timeout=20)
    other.start()
    other.join(timeout=1.0)
    assert other.is_alive(), "the second waits for the first"
    go_on.set()
    one.join(timeout=30)
    other.join(timeout=30)
    assert not one.is_alive()
    assert not other.is_alive()


@pytest.fixture
def cast() -> Cast:
    with transaction.atomic():
        return the_cast()


@pytest.fixture
def wave(cast: Cast) -> Wave:
    with transaction.atomic():
        return a_wave(cast)


def test_two_voices_at_once_are_both_heard(cast: Cast, wave: Wave) -> None:
    at_once(
        interview("child", cast.amahle, wave, said={"c_hungry": "2", "c_hurt": "no"}),
        interview("teacher", cast.amahle, wave, said={"t_hungry": "0", "t_learn": "3"}),
    )
    case = Case.objects.get(child=cast.amahle)
    assert case.voices_heard == 2
    levels = json.loads(case.levels)
    assert (levels["nutrition"], levels["education"], levels["protection"]) == ("medium", "medium", "low")
    assert json.loads(case.differ) == ["nutrition"]
    assert Assessment.objects.filter(case=case).count() == 2
    assert not Event.objects.exclude(state="done").exists()


def test_two_interviews_of_one_informant_at_once_leave_one_that_counts(cast: Cast, wave: Wave) -> None:
    at_once(
        interview("child", cast.amahle, wave, said={"c_hurt": "no"}, at="10:00"),
        interview("child", cast.amahle, wave, said={"c_hurt": "yes"}, at="09:00"),
    )
    voices = Voice.objects.filter(case__child=cast.amahle)
    assert voices.count() == 2
    assert json.loads(voices.get(current=True).answers)["c_hurt"] == "no"
    case = Case.objects.get(child=cast.amahle)
    assert json.loads(case.levels)["protection"] == "low"
    assert case.alerts_raised == 1  # what was said is raised, though a later talk counts
