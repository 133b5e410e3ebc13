"""Corrections: each takes the place of the record it corrects, and two people's corrections do not overwrite."""

from typing import Any

import pytest

from khula.server.collection import store, writer
from khula.server.collection.actions import accept_edit, settle, take_up_again
from khula.server.collection.models import ConflictCopy, Submission
from khula.server.events.models import Event
from tests.server.knocking import Phone, meal, nothing_follows, published

__all__ = ["nothing_follows"]
pytestmark = pytest.mark.usefixtures("nothing_follows")


@pytest.fixture
def phone() -> Phone:
    published()
    return Phone()


def state(instance_id: str) -> tuple[str, str]:
    one = Submission.objects.get(instance_id=instance_id)
    return one.state, one.look_code


def root(instance_id: str) -> str:
    return Submission.objects.get(instance_id=instance_id).root_id


def test_a_correction_takes_the_place_of_what_it_corrects(phone: Phone) -> None:
    phone.post(meal("uuid:one"))
    assert phone.post(meal("uuid:two", deprecated="uuid:one", supper="0")).status_code == 201
    assert state("uuid:one") == ("replaced", "")
    assert state("uuid:two") == ("received", "")


def test_a_chain_of_corrections_has_one_root(phone: Phone) -> None:
    for before, after in (("", "uuid:one"), ("uuid:one", "uuid:two"), ("uuid:two", "uuid:three")):
        phone.post(meal(after, deprecated=before))
    assert {root("uuid:one"), root("uuid:two"), root("uuid:three")} == {"uuid:one"}
    assert Submission.objects.exclude(state="replaced").get().instance_id == "uuid:three"


def test_a_correction_sent_again_is_the_same_correction(phone: Phone) -> None:
    phone.post(meal("uuid:one"))
    edit = meal("uuid:two", deprecated="uuid:one", supper="0")
    assert [phone.post(edit).status_code for _ in range(3)] == [201, 201, 201]
    assert state("uuid:two") == ("received", "")


def test_a_correction_changed_on_the_way_is_kept_beside_it(phone: Phone) -> None:
    phone.post(meal("uuid:one"))
    phone.post(meal("uuid:two", deprecated="uuid:one", supper="0"))
    assert phone.post(meal("uuid:two", deprecated="uuid:one", supper="1")).status_code == 202
    assert ConflictCopy.objects.get().instance_id == "uuid:two"


def test_of_two_corrections_the_first_counts_until_a_person_decides(phone: Phone) -> None:
    phone.post(meal("uuid:one"))
    phone.post(meal("uuid:two", deprecated="uuid:one"))
    assert phone.post(meal("uuid:fork", deprecated="uuid:one")).status_code == 202
    assert state("uuid:two") == ("received", "")
    assert state("uuid:fork") == ("quarantined", "edit_fork")
    fork = Submission.objects.get(instance_id="uuid:fork")
    assert not Event.objects.filter(kind="submission.received", subject=fork.pk).exists()

    assert accept_edit(fork.pk) == ""
    assert state("uuid:fork") == ("received", "")
    assert state("uuid:two")[0] == "replaced"
    assert Event.objects.filter(kind="submission.received", subject=fork.pk).exists()


def test_another_try_does_not_decide_between_two_corrections(phone: Phone) -> None:
    phone.post(meal("uuid:one"))
    phone.post(meal("uuid:two", deprecated="uuid:one"))
    phone.post(meal("uuid:fork", deprecated="uuid:one"))
    fork = Submission.objects.get(instance_id="uuid:fork")
    assert take_up_again(submission_id=fork.pk) == "edit_fork"
    assert state("uuid:two") == ("received", "")


def test_a_correction_of_something_unknown_counts_as_it_stands(phone: Phone) -> None:
    assert phone.post(meal("uuid:two", deprecated="uuid:one")).status_code == 201
    assert state("uuid:two") == ("received", "edit_of_unknown")


def test_a_record_that_comes_after_its_correction_stands_behind_it(phone: Phone) -> None:
    phone.post(meal("uuid:two", deprecated="uuid:one"))
    assert phone.post(meal("uuid:one")).status_code == 201
    assert state("uuid:one") == ("replaced", "")
    assert state("uuid:two") == ("received", "")
    assert {root("uuid:one"), root("uuid:two")} == {"uuid:one"}


def test_a_chain_that_comes_backwards_ends_as_it_should(phone: Phone) -> None:
    for before, after in (("uuid:two", "uuid:three"), ("uuid:one", "uuid:two"), ("", "uuid:one")):
        phone.post(meal(after, deprecated=before))
    assert Submission.objects.exclude(state="replaced").get().instance_id == "uuid:three"
    assert {root(f"uuid:{one}") for one in ("one", "two", "three")} == {"uuid:one"}
    assert not Submission.objects.exclude(look_code="").exists()


def test_a_correction_frees_a_record_from_quarantine(phone: Phone) -> None:
    phone.post(meal("uuid:one", version="0.9"))
    assert state("uuid:one") == ("quarantined", "unknown_version")
    phone.post(meal("uuid:two", deprecated="uuid:one"))
    assert state("uuid:one")[0] == "replaced"
    assert state("uuid:two") == ("received", "")


def test_a_person_settles_what_she_has_looked_at(phone: Phone) -> None:
    phone.post(b"<data")
    cut = Submission.objects.get()
    settle(submission_id=cut.pk, by=phone.user.pk, note="Mr Mokoena has sent it again.")
    cut.refresh_from_db()
    assert cut.look_settled_at is not None
    assert (cut.state, cut.look_code) == ("quarantined", "broken_xml")


def test_a_record_for_a_closed_form_counts_when_a_person_says_so() -> None:
    published(state="closed")
    Phone().post(meal("uuid:one"))
    assert state("uuid:one") == ("quarantined", "closed_form")
    assert take_up_again(submission_id=Submission.objects.get().pk) == ""
    assert state("uuid:one") == ("received", "")


def test_what_the_server_could_not_work_with_is_taken_up_under_its_own_id_once_it_can(
    phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = store.keep

    def fails_at_first(delivery: Any, facts: Any) -> Any:
        if not delivery.parsed.problem:
            raise ValueError
        return keep(delivery, facts)

    monkeypatch.setattr(writer, "keep", fails_at_first)
    assert phone.post(meal("uuid:one", plate="plate.jpg"), {"plate.jpg": b"picture"}).status_code == 202
    kept = Submission.objects.get()
    assert (kept.look_code, kept.said_instance_id) == ("could_not_store", "uuid:one")
    assert take_up_again(submission_id=kept.pk) == ""
    assert state("uuid:one") == ("received", "")
    assert Submission.objects.get().complete
