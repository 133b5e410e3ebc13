"""Service contacts and follow-ups that come in from the field: a line of the log, a step of a referral, or a question."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone

from khula.server.consent.access import reader_of
from khula.server.events.models import Event
from khula.server.events.queries import facts_of
from khula.server.services import from_field
from khula.server.services.actions import Refused, step
from khula.server.services.from_field import assign_follow_up, set_aside
from khula.server.services.models import FollowUp, Provider, ReferralStep, ServiceContact
from khula.server.services.queries import contacts_of, derived, unmatched
from tests.server.cast import Cast, the_cast
from tests.server.knocking import Phone
from tests.server.services_data import (
    contact_record,
    eye_clinic,
    follow_up_record,
    food_garden,
    referred,
    shipped_forms,
)

TODAY = timezone.localdate


@pytest.fixture
def cast() -> Cast:
    return the_cast()


@pytest.fixture
def phone(cast: Cast) -> Phone:
    shipped_forms()
    return Phone(cast.fieldworker)


@pytest.fixture
def clinic(cast: Cast) -> Provider:
    return eye_clinic()


def send(phone: Phone, xml: bytes) -> None:
    answer = phone.post(xml)
    assert answer.status_code in (201, 202), answer.content
    assert not Event.objects.exclude(state="done").exists()


# --- the service log -------------------------------------------------------------------------------------------------


@pytest.mark.acceptance_team
def test_a_contact_filled_in_offline_stands_in_the_childs_log(cast: Cast, phone: Phone) -> None:
    send(phone, contact_record(cast.amahle, s_with="child caregiver", s_note="A parcel for the week."))
    row = ServiceContact.objects.get()
    assert (row.child_id, row.kind, row.domain, row.day) == (cast.amahle.pk, "food_parcel", "nutrition", TODAY())
    assert (row.minutes, row.outcome, row.with_whom) == (20, "done", "child caregiver")
    assert (row.by_id, row.note, row.current) == (cast.fieldworker.pk, "A parcel for the week.", True)
    assert [one.pk for one in contacts_of(reader_of(cast.nurse, TODAY()), cast.amahle.pk)] == [row.pk]
    told = Event.objects.get(kind="service.delivered")
    assert facts_of(told) == {"case": None, "domain": "nutrition"}


def test_the_same_contact_twice_is_one(cast: Cast, phone: Phone) -> None:
    for _ in range(2):
        send(phone, contact_record(cast.amahle))
    event = Event.objects.get(kind="submission.received")
    from_field.take_in_form(event)  # the work list may run it again
    assert ServiceContact.objects.count() == 1
    assert Event.objects.filter(kind="service.delivered").count() == 1


@pytest.mark.parametrize("correction_first", [False, True])
def test_a_corrected_contact_takes_the_place_of_the_first(cast: Cast, phone: Phone, correction_first: bool) -> None:
    first = contact_record(cast.amahle, instance="uuid:one")
    second = contact_record(cast.amahle, instance="uuid:two", replaces="uuid:one", s_kind="counselling")
    for xml in (second, first) if correction_first else (first, second):
        send(phone, xml)
    held = ServiceContact.objects.get(current=True)
    assert held.kind == "counselling" and ServiceContact.objects.count() == 2
    assert [one.kind for one in contacts_of(reader_of(cast.nurse, TODAY()), cast.amahle.pk)] == ["counselling"]


def test_what_was_only_tried_is_in_the_log_and_is_no_service(cast: Cast, phone: Phone) -> None:
    send(phone, contact_record(cast.amahle, s_outcome="not_home"))
    assert ServiceContact.objects.get().outcome == "not_home"
    assert not Event.objects.filter(kind="service.delivered").exists()


def test_a_contact_that_says_little_is_kept_as_it_is(cast: Cast, phone: Phone) -> None:
    send(phone, contact_record(cast.amahle, s_on="soon", s_minutes="many", s_kind="", s_outcome=""))
    row = ServiceContact.objects.get()
    assert (row.kind, row.domain, row.minutes, row.outcome) == ("other", "", None, "done")


# --- follow-ups ------------------------------------------------------------------------------------------------------


@pytest.mark.acceptance_team
@pytest.mark.parametrize(
    ("said", "state", "outcome"),
    [
        ({}, "outcome", "done"),
        ({"f_outcome": "partly"}, "outcome", "partly"),
        ({"f_outcome": "not_helped"}, "outcome", "not_helped"),
        ({"f_outcome": "refer_again"}, "outcome", "not_helped"),
        ({"f_outcome": "waiting"}, "attended", ""),
        ({"f_attended": "no", "f_barrier": "transport", "f_outcome": ""}, "not_attended", ""),
        ({"f_attended": "dk", "f_outcome": ""}, "accepted", ""),
    ],
)
def test_a_follow_up_moves_the_one_open_referral_it_fits(
    cast: Cast, phone: Phone, clinic: Provider, said: dict[str, str], state: str, outcome: str
) -> None:
    referral = referred(cast, clinic, "accepted")
    send(phone, follow_up_record(cast.amahle, **said))
    referral.refresh_from_db()
    assert (referral.state, referral.outcome) == (state, outcome)
    assert FollowUp.objects.get().referral_id == referral.pk
    for taken in ReferralStep.objects.filter(source="form"):
        assert taken.by_id == cast.fieldworker.pk and taken.follow_up is not None


def test_a_no_show_brings_its_barrier_and_an_unknown_one_is_another_reason(
    cast: Cast, phone: Phone, clinic: Provider
) -> None:
    referral = referred(cast, clinic, "appointment")
    send(phone, follow_up_record(cast.amahle, f_attended="no", f_outcome="", f_barrier="goats"))
    assert referral.steps.latest("number").barrier == "other"


def test_the_same_follow_up_twice_takes_its_steps_once(cast: Cast, phone: Phone, clinic: Provider) -> None:
    referral = referred(cast, clinic, "accepted")
    for _ in range(2):
        send(phone, follow_up_record(cast.amahle))
    for event in Event.objects.filter(kind="submission.received"):
        from_field.take_in_form(event)
    assert list(referral.steps.order_by("number").values_list("state", flat=True)) == [
        "sent", "accepted", "attended", "outcome",
    ]  # fmt: skip


@pytest.mark.acceptance_team
@pytest.mark.parametrize("correction_first", [False, True])
def test_a_corrected_follow_up_undoes_what_the_first_has_done(
    cast: Cast, phone: Phone, clinic: Provider, correction_first: bool
) -> None:
    referral = referred(cast, clinic, "accepted")
    first = follow_up_record(cast.amahle, instance="uuid:one")
    second = follow_up_record(
        cast.amahle, instance="uuid:two", replaces="uuid:one", f_attended="no", f_barrier="money", f_outcome=""
    )
    for xml in (second, first) if correction_first else (first, second):
        send(phone, xml)
    referral.refresh_from_db()
    assert (referral.state, referral.outcome) == ("not_attended", "")
    assert derived(referral.pk)["state"] == "not_attended"
    assert not FollowUp.objects.filter(current=True, referral=None).exists()


@pytest.mark.acceptance_team
def test_without_a_referral_that_fits_or_with_two_the_coordinator_decides(
    cast: Cast, phone: Phone, clinic: Provider
) -> None:
    send(phone, follow_up_record(cast.sipho, instance="uuid:none"))
    two = [referred(cast, clinic, "accepted"), referred(cast, clinic, "sent")]
    send(phone, follow_up_record(cast.amahle, instance="uuid:several"))
    assert {referral.steps.count() for referral in two} == {1, 2}
    coordinator = reader_of(cast.coordinator, TODAY())
    none, several = sorted(unmatched(coordinator), key=lambda one: one.pk)
    assert (none.child_id, several.child_id) == (cast.sipho.pk, cast.amahle.pk)
    assert unmatched(reader_of(cast.stranger, TODAY())) == unmatched(reader_of(cast.nurse, TODAY())) == []
    assign_follow_up(follow_up_id=several.pk, referral_id=two[0].pk, by=cast.coordinator.pk)
    set_aside(follow_up_id=none.pk, by=cast.coordinator.pk)
    two[0].refresh_from_db()
    assert two[0].state == "outcome" and unmatched(coordinator) == []
    with pytest.raises(FollowUp.DoesNotExist):
        assign_follow_up(follow_up_id=several.pk, referral_id=two[1].pk, by=cast.coordinator.pk)


def test_a_follow_up_is_never_about_what_came_later_or_about_something_else(
    cast: Cast, phone: Phone, clinic: Provider
) -> None:
    referred(cast, clinic)
    referred(cast, food_garden(), child=cast.sipho, kind="food_parcel", domain="nutrition")
    yesterday = (TODAY() - timedelta(days=1)).isoformat()
    send(phone, follow_up_record(cast.amahle, instance="uuid:early", f_on=yesterday))
    send(phone, follow_up_record(cast.sipho, instance="uuid:clinic", f_kind="clinic"))
    assert FollowUp.objects.filter(referral=None).count() == 2
    send(phone, follow_up_record(cast.sipho, instance="uuid:ngo", f_kind="ngo"))
    assert FollowUp.objects.get(submission__instance_id="uuid:ngo").referral is not None


def test_where_the_referral_cannot_take_it_nothing_moves(cast: Cast, phone: Phone, clinic: Provider) -> None:
    referral = referred(cast, clinic, "attended")
    said = {"f_attended": "no", "f_barrier": "money", "f_outcome": ""}
    send(phone, follow_up_record(cast.amahle, **said))
    follow_up = FollowUp.objects.get()
    assert follow_up.referral is None and referral.steps.count() == 2
    with pytest.raises(Refused):
        assign_follow_up(follow_up_id=follow_up.pk, referral_id=referral.pk, by=cast.coordinator.pk)


@pytest.mark.parametrize(("to", "said"), [("closed", {}), ("appointment", {"appointment_on": date(2199, 1, 7)})])
def test_a_correction_leaves_alone_what_somebody_has_gone_on_with(
    cast: Cast, phone: Phone, clinic: Provider, to: str, said: dict[str, date]
) -> None:
    referral = referred(cast, clinic, "accepted")
    send(phone, follow_up_record(cast.amahle, instance="uuid:one"))
    step(referral_id=referral.pk, to=to, by=cast.nurse.pk, **said)
    changed = {"f_attended": "no", "f_barrier": "money", "f_outcome": ""}
    send(phone, follow_up_record(cast.amahle, instance="uuid:two", replaces="uuid:one", **changed))
    referral.refresh_from_db()
    assert referral.state == to
    assert [one.submission.instance_id for one in unmatched(reader_of(cast.coordinator, TODAY()))] == ["uuid:two"]


def test_other_forms_are_none_of_its_business(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Callable[[int], AbstractContextManager]
) -> None:
    """It stands on the way of every record that comes in, and costs those of the four voices nothing."""
    monkeypatch.setattr(from_field, "received", lambda _id: SimpleNamespace(informant="child"))
    with django_assert_num_queries(0):
        from_field.take_in_form(Event(kind="submission.received", subject="7"))
