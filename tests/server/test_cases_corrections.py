"""A record and its correction, stored at the same moment or accepted by a person: the right one counts in the end."""

import json
import threading
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, connections, transaction

from khula.cli.serve import tick
from khula.server.cases.models import Case, Voice
from khula.server.cases.voices import Heard, which_counts
from khula.server.collection import store
from khula.server.collection.actions import accept_edit, join_corrections, take_up_again
from khula.server.collection.models import Entity, EntityProblem, Submission
from khula.server.events.models import Event
from khula.server.schools.models import Child
from khula.server.waves.models import Wave
from tests.server.cast import Cast, a_wave, interview, publish, the_cast
from tests.server.knocking import ENROL, Phone, published, record


@pytest.fixture
def cast() -> Cast:
    with transaction.atomic():
        return the_cast()


@pytest.fixture
def wave(cast: Cast) -> Wave:
    with transaction.atomic():
        return a_wave(cast)


@pytest.fixture
def phone(cast: Cast) -> Phone:
    return Phone(cast.fieldworker)


def now(instance_id: str) -> tuple[str, str]:
    return Submission.objects.values_list("state", "look_code").get(instance_id=instance_id)


def protection(child: Child, wave: Wave) -> str:
    return json.loads(Case.objects.get(child=child, wave=wave).levels)["protection"]


def current(child: Child) -> list[str]:
    return list(Voice.objects.filter(case__child=child, current=True).values_list("instance_id", flat=True))


# Stored at the same moment


def at_once(phone: Phone, first: bytes, second: bytes) -> None:
    """Two processes: the second stores while the first has written and not yet committed."""
    holding, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            phone.post(first)
            holding.set()
            go_on.wait(timeout=20)
        connections.close_all()

    def come() -> None:
        with transaction.atomic():
            store.keep(delivery(second), store.Facts())
        connections.close_all()

    one, other = threading.Thread(target=hold), threading.Thread(target=come)
    one.start()
    assert holding.wait(timeout=20)
    other.start()
    other.join(timeout=1.0)
    go_on.set()
    one.join(timeout=30)
    other.join(timeout=30)


def delivery(xml: bytes) -> store.Delivery:
    from django.utils import timezone

    from khula.server.collection.parse import parse
    from tests.server.cast import digest

    return store.Delivery(
        xml=xml, sha256=digest(xml), parsed=parse(xml), device_id=None, user_id=None, device_said="",
        received_at=timezone.now(),
    )  # fmt: skip


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("original_first", [True, False])
def test_a_record_and_its_correction_stored_at_once_come_right_within_a_minute(
    cast: Cast, wave: Wave, phone: Phone, original_first: bool
) -> None:
    original = interview("child", cast.amahle, wave, said={"c_hurt": "yes"}, instance="uuid:a")
    edit = interview("child", cast.amahle, wave, said={"c_hurt": "no"}, instance="uuid:b", replaces="uuid:a")
    at_once(phone, *((original, edit) if original_first else (edit, original)))
    if connection.vendor == "postgresql":
        assert now("uuid:b")[1] == "edit_of_unknown"
    tick(slow=True)
    assert (now("uuid:a"), now("uuid:b")) == (("replaced", ""), ("in case", ""))
    assert set(Submission.objects.values_list("root_id", flat=True)) == {"uuid:a"}
    assert current(cast.amahle) == ["uuid:b"]
    assert protection(cast.amahle, wave) == "low"
    before = Event.objects.count()
    tick(slow=True)
    assert Event.objects.count() == before


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("original_first", [True, False])
def test_a_correction_to_another_child_stored_at_once_leaves_the_first_childs_case(
    cast: Cast, wave: Wave, phone: Phone, original_first: bool
) -> None:
    wrong = interview("child", cast.sipho, wave, said={"c_hurt": "yes"}, instance="uuid:a")
    right = interview("child", cast.amahle, wave, said={"c_hurt": "yes"}, instance="uuid:b", replaces="uuid:a")
    at_once(phone, *((wrong, right) if original_first else (right, wrong)))
    if connection.vendor == "postgresql":
        assert protection(cast.sipho, wave) == "high"  # neither has seen the other
    tick(slow=True)
    assert (now("uuid:a"), now("uuid:b")) == (("replaced", ""), ("in case", ""))
    assert protection(cast.sipho, wave) == "not enough information"
    assert protection(cast.amahle, wave) == "high"


@pytest.fixture
def unseen(monkeypatch: pytest.MonkeyPatch) -> Callable[[Phone, bytes], None]:
    """Post a correction as a process does that does not see what it corrects."""

    def post(phone: Phone, xml: bytes) -> None:
        with monkeypatch.context() as blind:
            blind.setattr(
                store, "_take_the_place_of_the_earlier",
                lambda _cursor, _id, parsed, **_: ("edit_of_unknown", None, parsed.deprecated_id),
            )  # fmt: skip
            assert phone.post(xml).status_code == 201

    return post


def test_a_registration_and_its_correction_that_overlooked_each_other_leave_what_the_correction_says(
    cast: Cast, wave: Wave, phone: Phone, unseen: Any
) -> None:
    published(ENROL, informant="register")
    child, words = str(uuid4()), {"create": "1", "emis": cast.school.emis_number, "label": "Lerto Khoza"}
    phone.post(record(child, instance_id="uuid:one", given="Lerto", **words))
    unseen(phone, record(child, instance_id="uuid:two", deprecated="uuid:one", given="Lerato", **words))
    assert list(EntityProblem.objects.values_list("code", "settled_at")) == [("already_there", None)]
    assert join_corrections() == 1
    assert Child.objects.get(pk=child).given_names == "Lerato"
    assert Entity.objects.get(pk=child).version > 1
    assert not EntityProblem.objects.filter(settled_at=None).exists()
    assert now("uuid:one") == ("replaced", "")
    assert now("uuid:two")[1] == ""
    assert join_corrections() == 0


def test_a_correction_that_was_itself_corrected_meanwhile_does_not_come_back(
    cast: Cast, wave: Wave, phone: Phone, unseen: Any
) -> None:
    said = {name: {"c_hurt": answer} for name, answer in (("a", "yes"), ("b", "yes"), ("c", "no"))}
    phone.post(interview("child", cast.amahle, wave, said=said["a"], instance="uuid:a"))
    unseen(phone, interview("child", cast.amahle, wave, said=said["b"], instance="uuid:b", replaces="uuid:a"))
    phone.post(interview("child", cast.amahle, wave, said=said["c"], instance="uuid:c", replaces="uuid:b"))
    assert join_corrections() == 1
    assert [now(f"uuid:{one}") for one in "abc"] == [("replaced", ""), ("replaced", ""), ("in case", "")]
    assert set(Submission.objects.values_list("root_id", flat=True)) == {"uuid:a"}
    assert current(cast.amahle) == ["uuid:c"]


def test_where_another_correction_was_there_first_a_person_decides(
    cast: Cast, wave: Wave, phone: Phone, unseen: Any
) -> None:
    phone.post(interview("child", cast.amahle, wave, instance="uuid:a"))
    unseen(phone, interview("child", cast.amahle, wave, instance="uuid:b", replaces="uuid:a"))
    phone.post(interview("child", cast.amahle, wave, instance="uuid:c", replaces="uuid:a"))
    assert join_corrections() == 0
    assert now("uuid:b")[1] == "edit_of_unknown"


def test_one_that_cannot_be_joined_does_not_keep_the_others_apart(
    cast: Cast, wave: Wave, phone: Phone, unseen: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for child, name in ((cast.amahle, "a"), (cast.sipho, "s")):
        phone.post(interview("child", child, wave, instance=f"uuid:{name}"))
        unseen(phone, interview("child", child, wave, instance=f"uuid:{name}2", replaces=f"uuid:{name}"))
    place = store.place_among_edits

    def breaks(submission_id: int, parsed: Any, **named: Any) -> Any:
        if parsed.instance_id == "uuid:a2":
            raise ValueError("c_hurt = yes")
        return place(submission_id, parsed, **named)

    monkeypatch.setattr(store, "place_among_edits", breaks)
    assert join_corrections() == 1
    assert (now("uuid:a")[0], now("uuid:s")[0]) == ("in case", "replaced")
    assert "ValueError" in caplog.text
    assert "c_hurt" not in caplog.text


def test_a_chain_that_comes_in_any_order_has_one_root(cast: Cast, wave: Wave, phone: Phone) -> None:
    for name, before in (("a", ""), ("b", "uuid:a"), ("d", "uuid:c"), ("e", "uuid:d"), ("c", "uuid:b")):
        phone.post(interview("child", cast.amahle, wave, instance=f"uuid:{name}", replaces=before))
    assert set(Submission.objects.values_list("root_id", flat=True)) == {"uuid:a"}
    assert Submission.objects.get(state="in case").instance_id == "uuid:e"
    assert current(cast.amahle) == ["uuid:e"]


# Accepted by a person


def fork(cast: Cast, wave: Wave, phone: Phone, about: Child, *later: bytes) -> Submission:
    """A correction that arrived first and waited for its form, while another one took the record's place."""
    phone.post(interview("child", cast.amahle, wave, said={"c_hurt": "no"}, instance="uuid:a"))
    said = {"c_hurt": "yes"}
    phone.post(interview("child", about, wave, said=said, instance="uuid:f", replaces="uuid:a", version="2"))
    phone.post(interview("child", cast.amahle, wave, said={"c_hurt": "no"}, instance="uuid:b", replaces="uuid:a"))
    for xml in later:
        phone.post(xml)
    publish(version="2")
    kept = Submission.objects.get(instance_id="uuid:f")
    assert take_up_again(submission_id=kept.pk) == "edit_fork"
    return kept


def test_the_accepted_of_two_corrections_counts_although_it_arrived_first(cast: Cast, wave: Wave, phone: Phone) -> None:
    kept = fork(cast, wave, phone, cast.amahle)
    assert kept.pk < Submission.objects.get(instance_id="uuid:b").pk
    assert accept_edit(kept.pk, by=cast.coordinator.pk) == ""
    assert (now("uuid:f"), now("uuid:b"), now("uuid:a")) == (("in case", ""), ("replaced", ""), ("replaced", ""))
    assert current(cast.amahle) == ["uuid:f"]
    assert protection(cast.amahle, wave) == "high"
    # A later voice, or another look at the case, does not turn it round again.
    phone.post(interview("child", cast.amahle, wave, said={"c_hurt": "no"}, instance="uuid:old", on="2026-02-20"))
    assert current(cast.amahle) == ["uuid:f"]
    assert now("uuid:old") == ("in case", "second_interview")


def test_the_accepted_correction_counts_against_a_whole_chain(cast: Cast, wave: Wave, phone: Phone) -> None:
    more = interview("child", cast.amahle, wave, said={"c_hurt": "no"}, instance="uuid:c", replaces="uuid:b")
    kept = fork(cast, wave, phone, cast.amahle, more)
    accept_edit(kept.pk, by=cast.coordinator.pk)
    assert current(cast.amahle) == ["uuid:f"]
    assert Submission.objects.filter(state="in case").get().pk == kept.pk


def test_an_accepted_correction_about_another_child_leaves_the_first_childs_case(
    cast: Cast, wave: Wave, phone: Phone
) -> None:
    kept = fork(cast, wave, phone, cast.sipho)
    accept_edit(kept.pk, by=cast.coordinator.pk)
    assert (current(cast.amahle), current(cast.sipho)) == ([], ["uuid:f"])
    assert protection(cast.amahle, wave) == "not enough information"
    assert protection(cast.sipho, wave) == "high"


def test_what_stepped_back_counts_as_long_as_nothing_stands_in_its_place() -> None:
    """Its correction may still wait for its own child."""
    alone = Heard(1, "a", "", None, None, stepped_back=True)
    assert which_counts([alone]) == (1, ())
    assert which_counts([alone, Heard(2, "b", "a", None, None)]) == (2, ())
    two = [Heard(3, "b", "a", None, None, stepped_back=True), Heard(2, "c", "a", None, None)]
    assert which_counts(two) == which_counts([alone, *two]) == (2, ())
    assert which_counts([two[0]], [two[1]]) == (None, ())
