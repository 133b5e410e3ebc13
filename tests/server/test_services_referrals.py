"""A referral until it comes back: the table of states, what each step must say, and that none is ever lost."""

import random
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from khula.server.cases.models import Case
from khula.server.consent.access import reader_of
from khula.server.events.models import Event
from khula.server.events.queries import facts_of
from khula.server.plans.models import SeenReferral
from khula.server.schools.actions import move_child
from khula.server.services import actions
from khula.server.services.actions import Refused, hand_over, refer, step, take_back_last
from khula.server.services.from_field import assign_follow_up
from khula.server.services.kinds import BARRIERS
from khula.server.services.links import make_link, opened
from khula.server.services.models import FollowUp, Lasting, Provider, Referral, ReferralStep
from khula.server.services.queries import derived, open_referrals, unmatched
from khula.server.services.states import ENDS, MUST_SAY, NEXT, PROVIDERS_STEPS, State, standing
from tests.server.cast import Cast, a_wave, the_cast
from tests.server.knocking import Phone
from tests.server.services_data import (
    SAYS,
    WAY_TO,
    eye_clinic,
    follow_up_record,
    food_garden,
    referred,
    shipped_forms,
)

TODAY = timezone.localdate
ALL_PAIRS = [(before, to) for before in State for to in State]


@pytest.fixture
def cast() -> Cast:
    return the_cast()


@pytest.fixture
def clinic(cast: Cast) -> Provider:
    return eye_clinic()


def kept(referral: Referral) -> dict[str, object]:
    referral.refresh_from_db()
    return {name: getattr(referral, name) for name in ("state", "state_since", "appointment_on", "outcome")}


@pytest.mark.acceptance_team
@pytest.mark.parametrize(("before", "to"), ALL_PAIRS, ids=lambda state: str(state))
def test_only_what_the_table_allows_can_follow(cast: Cast, clinic: Provider, before: str, to: str) -> None:
    referral = referred(cast, clinic, before)
    steps = referral.steps.count()
    said = SAYS[to] | ({"reason": "other"} if to == "closed" else {})
    if to in NEXT[before]:
        step(referral_id=referral.pk, to=to, by=cast.nurse.pk, **said)
        assert kept(referral) == derived(referral.pk)
        assert referral.state == to and referral.steps.count() == steps + 1
        last = referral.steps.latest("number")
        assert (last.before, last.day, last.by_id) == (before, TODAY(), cast.nurse.pk)
    else:
        with pytest.raises(Refused, match="not_from_here"):
            step(referral_id=referral.pk, to=to, by=cast.nurse.pk, **said)
        assert kept(referral)["state"] == before and referral.steps.count() == steps


@pytest.mark.parametrize(("to", "word"), MUST_SAY.items())
def test_a_step_that_says_too_little_is_refused_and_the_database_refuses_it_too(
    cast: Cast, clinic: Provider, to: str, word: str
) -> None:
    referral = referred(cast, clinic, "attended" if to == "outcome" else "accepted")
    with pytest.raises(Refused) as refused:
        step(referral_id=referral.pk, to=to, by=cast.nurse.pk)
    assert (refused.value.code, refused.value.about) == ("says_too_little", word)
    bare = ReferralStep(
        referral=referral, number=9, before=referral.state, state=to, day=TODAY(), at=timezone.now(), by=cast.nurse
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        bare.save()


@pytest.mark.acceptance_team
def test_a_no_show_is_recorded_with_its_barrier_or_not_at_all(cast: Cast, clinic: Provider) -> None:
    referral = referred(cast, clinic, "appointment")
    with pytest.raises(Refused, match="unknown_code"):
        step(referral_id=referral.pk, to="not_attended", barrier="laziness", by=cast.nurse.pk)
    for barrier in BARRIERS:
        step(referral_id=referral.pk, to="not_attended", barrier=barrier, by=cast.nurse.pk)
        assert referral.steps.latest("number").barrier == barrier


def test_closing_without_help_says_why_and_after_an_outcome_nothing_more(cast: Cast, clinic: Provider) -> None:
    missed = referred(cast, clinic, "not_attended")
    with pytest.raises(Refused, match="says_too_little"):
        step(referral_id=missed.pk, to="closed", by=cast.nurse.pk)
    step(referral_id=missed.pk, to="closed", reason="not_needed", by=cast.nurse.pk)
    helped = referred(cast, clinic, "outcome")
    step(referral_id=helped.pk, to="closed", by=cast.nurse.pk)
    assert kept(helped)["outcome"] == "done"


def test_nothing_happens_tomorrow_and_no_appointment_is_in_the_past(cast: Cast, clinic: Provider) -> None:
    referral = referred(cast, clinic)
    with pytest.raises(Refused, match="day_ahead"):
        step(referral_id=referral.pk, to="accepted", on=TODAY() + timedelta(days=1), by=cast.nurse.pk)
    with pytest.raises(Refused, match="before_sent"):
        step(referral_id=referral.pk, to="accepted", on=TODAY() - timedelta(days=1), by=cast.nurse.pk)
    with pytest.raises(Refused, match="appointment_before"):
        step(referral_id=referral.pk, to="appointment", appointment_on=TODAY() - timedelta(days=1), by=cast.nurse.pk)


def test_a_referral_and_its_steps_cannot_be_deleted_or_rewritten(cast: Cast, clinic: Provider) -> None:
    referral = referred(cast, clinic, "declined")
    for delete in (referral.delete, Referral.objects.all().delete, referral.steps.all().delete):
        with pytest.raises(Lasting):
            delete()
    taken = referral.steps.latest("number")
    taken.reason = "other"
    with pytest.raises(Lasting):
        taken.save()
    with pytest.raises(Lasting):
        taken.delete()
    assert referral.steps.count() == 2


def test_to_no_provider_that_has_closed(cast: Cast, clinic: Provider) -> None:
    Provider.objects.filter(pk=clinic.pk).update(closed_on=TODAY())
    with pytest.raises(Refused, match="provider_closed"):
        referred(cast, clinic)


# --- again -----------------------------------------------------------------------------------------------------------


@pytest.mark.acceptance_team
@pytest.mark.parametrize("state", ["declined", "not_attended", "attended", "outcome", "closed", "withdrawn"])
def test_a_referral_again_is_linked_and_ends_the_earlier_one(cast: Cast, clinic: Provider, state: str) -> None:
    first = referred(cast, clinic, state)
    again = refer(
        child_id=cast.amahle.pk, provider_id=food_garden().pk, kind="clinic", domain="health", by=cast.nurse.pk,
        earlier_id=first.pk,
    )  # fmt: skip
    assert again.earlier_id == first.pk and again.state == "sent"
    assert kept(first)["state"] in ENDS


@pytest.mark.parametrize("state", ["sent", "accepted", "appointment"])
def test_what_is_still_on_its_way_is_not_sent_twice(cast: Cast, clinic: Provider, state: str) -> None:
    first = referred(cast, clinic, state)
    with pytest.raises(Refused, match="earlier_still_open"):
        refer(
            child_id=cast.amahle.pk, provider_id=clinic.pk, kind="eye_test", domain="health", by=cast.nurse.pk,
            earlier_id=first.pk,
        )  # fmt: skip
    assert Referral.objects.count() == 1


def test_a_mistaken_step_is_taken_back_by_another_and_both_stay(cast: Cast, clinic: Provider) -> None:
    referral = referred(cast, clinic, "appointment")
    before = kept(referral)
    step(referral_id=referral.pk, to="not_attended", barrier="money", by=cast.nurse.pk)
    take_back_last(referral_id=referral.pk, by=cast.nurse.pk)
    assert kept(referral) == before == derived(referral.pk)
    assert list(referral.steps.order_by("number").values_list("state", flat=True)) == [
        "sent", "appointment", "not_attended", "appointment",
    ]  # fmt: skip
    take_back_last(referral_id=referral.pk, by=cast.nurse.pk)
    assert kept(referral)["state"] == "sent"
    with pytest.raises(Refused):
        take_back_last(referral_id=referral.pk, by=cast.nurse.pk)


# --- how long it has stood -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "days", "overdue"),
    [
        ("sent", 7, False), ("sent", 8, True), ("accepted", 14, False), ("accepted", 15, True), ("declined", 4, True),
        ("not_attended", 8, True), ("attended", 15, True), ("outcome", 14, False), ("closed", 400, False),
        ("withdrawn", 400, False),
    ],
)  # fmt: skip
def test_each_state_has_its_time(state: str, days: int, overdue: bool) -> None:
    today = date(2026, 6, 1)
    told = standing(state, today - timedelta(days=days), None, today)
    assert (told.days, told.overdue) == (days, overdue)


def test_an_appointment_is_overdue_the_day_after(cast: Cast) -> None:
    day = date(2026, 6, 1)
    assert not standing("appointment", date(2026, 1, 5), day, day).overdue
    assert standing("appointment", date(2026, 1, 5), day, day + timedelta(days=1)).overdue


def test_the_overdue_stand_first_then_the_oldest(cast: Cast, clinic: Provider) -> None:
    ages = {days: referred(cast, clinic, on=TODAY() - timedelta(days=days)).pk for days in (1, 9, 3, 20)}
    listed = open_referrals(reader_of(cast.nurse, TODAY()), on=TODAY())
    assert [row.referral.pk for row in listed] == [ages[20], ages[9], ages[3], ages[1]]
    assert [row.standing.overdue for row in listed] == [True, True, False, False]


# --- events ----------------------------------------------------------------------------------------------------------


def test_each_step_is_an_event_without_a_name(cast: Cast, clinic: Provider) -> None:
    referral = referred(cast, clinic, "closed")
    told = Event.objects.filter(kind__startswith="referral.", subject=str(referral.pk)).order_by("pk")
    assert [event.kind for event in told] == ["referral.sent", *["referral.changed"] * 3]
    assert [facts_of(event)["state"] for event in told] == ["sent", "attended", "outcome", "closed"]
    assert [facts_of(event)["helped"] for event in told] == [False, False, True, True]
    assert all(facts_of(event).keys() == {"case", "domain", "state", "helped"} for event in told)


# --- none is lost ----------------------------------------------------------------------------------------------------


class _Term:
    """A team at work without a plan: any action, in any order, some of them wrong."""

    def __init__(self, cast: Cast, seed: int) -> None:
        self.cast, self.chance, self.sent = cast, random.Random(seed), 0
        self.providers = [eye_clinic(), food_garden()]
        self.phone = Phone(cast.fieldworker)
        self.people = [cast.nurse.pk, cast.social_worker.pk, cast.coordinator.pk]
        self.refer()

    def act(self) -> None:
        chosen = self.chance.choice(
            [self.refer, self.step, self.step, self.step, self.by_link, self.take_back, self.again, self.follow_up,
             self.follow_up, self.assign, self.hand_over, self.move]
        )  # fmt: skip
        try:
            with transaction.atomic():
                chosen()
        except Refused:
            pass

    def some(self) -> Referral:
        return self.chance.choice(list(Referral.objects.order_by("pk")))

    def refer(self, earlier: Referral | None = None) -> Referral:
        child = earlier.child if earlier else self.chance.choice(self.cast.children_of_1b)
        made = refer(
            child_id=child.pk, provider_id=self.chance.choice(self.providers).pk, by=self.chance.choice(self.people),
            kind=self.chance.choice(["eye_test", "clinic", "food_parcel"]), earlier_id=earlier.pk if earlier else None,
            domain=self.chance.choice(["health", "nutrition", "protection"]),
        )  # fmt: skip
        self.sent += 1
        return made

    def _said(self, to: str) -> dict[str, object]:
        said = dict(SAYS[to])
        return {} if self.chance.random() < 0.1 else said | ({"reason": "other"} if to == "closed" else {})

    def step(self) -> None:
        to = self.chance.choice(list(State))
        step(referral_id=self.some().pk, to=to, by=self.chance.choice(self.people), **self._said(to))

    def by_link(self) -> None:
        link, token = make_link(referral_id=self.some().pk)
        if opened(token, "10.0.0.1").link is not None:
            to = self.chance.choice(list(State))
            step(referral_id=link.referral_id, to=to, link=link, **self._said(to))

    def take_back(self) -> None:
        take_back_last(referral_id=self.some().pk, by=self.chance.choice(self.people))

    def again(self) -> None:
        self.refer(earlier=self.some())

    def follow_up(self) -> None:
        number = self.chance.randint(1, 30)
        said = {"f_attended": self.chance.choice(["yes", "no", "dk"]), "f_kind": self.chance.choice(["clinic", "ngo"])}
        if said["f_attended"] == "no":
            said |= {"f_barrier": "transport", "f_outcome": ""}
        corrects = f"uuid:f{self.chance.randint(1, 30)}" if self.chance.random() < 0.3 else ""
        child = self.chance.choice(self.cast.children_of_1b)
        self.phone.post(follow_up_record(child, instance=f"uuid:f{number}", replaces=corrects, **said))

    def assign(self) -> None:
        waiting = FollowUp.objects.filter(referral=None, set_aside_at=None, current=True).first()
        own = Referral.objects.filter(child_id=waiting.child_id).first() if waiting else None
        if waiting and own:
            assign_follow_up(follow_up_id=waiting.pk, referral_id=own.pk, by=self.cast.coordinator.pk)

    def hand_over(self) -> None:
        hand_over(referral_id=self.some().pk, to=self.chance.choice(self.people), by=self.cast.coordinator.pk)

    def move(self) -> None:
        child = self.chance.choice(self.cast.children_of_1b)
        to = self.chance.choice([self.cast.class_1a, self.cast.class_1b])
        child.refresh_from_db()
        move_child(child=child, school_class=to, on=TODAY())


@pytest.mark.acceptance_team
@pytest.mark.parametrize("seed", range(6))
def test_no_sequence_of_actions_loses_a_referral(cast: Cast, seed: int) -> None:
    """Each one is there, stands where its steps say, and while it is open its owner and the coordinator see it."""
    shipped_forms()
    term = _Term(cast, seed)
    for _ in range(60):
        term.act()
        assert Referral.objects.count() == term.sent
    coordinator = reader_of(cast.coordinator, TODAY())
    seen = {row.referral.pk: row.standing.days for row in open_referrals(coordinator, on=TODAY())}
    still_open = set(Referral.objects.exclude(state__in=ENDS).values_list("pk", flat=True))
    assert seen == dict.fromkeys(still_open, 0)
    for referral in Referral.objects.all():
        assert kept(referral) == derived(referral.pk)
        assert [row.number for row in referral.steps.order_by("number")] == [*range(1, referral.steps.count() + 1)]
        if referral.pk in still_open:
            own = open_referrals(reader_of(referral.owner, TODAY()), on=TODAY(), owner_id=referral.owner_id)
            assert referral.pk in [row.referral.pk for row in own]
    waiting = FollowUp.objects.filter(current=True, referral=None, set_aside_at=None).count()
    assert len(unmatched(coordinator)) == waiting


def test_what_a_provider_may_record_is_no_more_than_an_answer() -> None:
    assert {State.SENT, *ENDS}.isdisjoint(PROVIDERS_STEPS)


def test_every_state_is_reached_and_every_open_state_can_end() -> None:
    assert set(WAY_TO) == set(State)
    ends = {state for state in State if state in ENDS}
    for _ in State:
        ends |= {state for state in State if ends & set(NEXT[state])}
    assert ends == set(State)


def test_the_kept_columns_are_those_of_the_table(cast: Cast, clinic: Provider) -> None:
    for state in State:
        referral = referred(cast, clinic, state)
        assert referral.state == state
        assert kept(referral) == actions.kept_columns(actions.standing_steps(referral.pk))


@pytest.mark.acceptance_team
def test_a_referral_answers_the_red_cell_until_it_ends_without_help(cast: Cast, clinic: Provider) -> None:
    """The plan follows the referral's events: sent is an answer, helped is one, ended without help is none."""
    wave = a_wave(cast)
    case = Case.objects.get(child=cast.amahle, wave=wave)
    referral = referred(cast, clinic, "not_attended")
    assert referral.case_id == case.pk
    seen = SeenReferral.objects.get(referral=str(referral.pk))
    assert (seen.case_id, seen.domain, seen.closed_at) == (case.pk, "health", None)
    step(referral_id=referral.pk, to="closed", reason="not_needed", by=cast.nurse.pk)
    seen.refresh_from_db()
    assert seen.closed_at is not None and not seen.helped
    helped = referred(cast, clinic, "closed")
    assert SeenReferral.objects.get(referral=str(helped.pk)).helped
    assert not Event.objects.exclude(state="done").exists()
