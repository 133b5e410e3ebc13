"""Every red cell ends in a task, a referral or a recorded no-action, whatever happens in whatever order."""

import random
from datetime import date, timedelta
from typing import Any

import pytest
from django.db.models import QuerySet
from django.utils import timezone

from khula.server.cases.models import Case
from khula.server.events.actions import happened
from khula.server.events.models import Event
from khula.server.plans import actions, red_cells
from khula.server.plans.models import Action, LevelOverride, NoAction, Plan, SeenReferral, Task
from khula.server.schools.models import Child
from khula.server.waves.models import Wave
from tests.server.cast import Cast, a_wave, interview, publish, the_cast
from tests.server.knocking import Phone

pytestmark = pytest.mark.acceptance_team
LATER = date(2199, 1, 1)
HUNGRY = {"g_hunger": "yes"}
FED = {"g_hunger": "no"}


@pytest.fixture
def cast() -> Cast:
    return the_cast()


@pytest.fixture
def wave(cast: Cast) -> Wave:
    return a_wave(cast)


def send(cast: Cast, informant: str, child: Child, wave: Wave, said: dict[str, str], **more: str) -> None:
    answer = Phone(cast.fieldworker).post(interview(informant, child, wave, said=said, **more))
    assert answer.status_code in (201, 202), answer.content


def tasks(child: Child) -> dict[tuple[int, str], str]:
    found = Task.objects.filter(child=child).values_list("case__wave__number", "domain", "state")
    return {(number, domain): state for number, domain, state in found}


def act(cast: Cast, child: Child, domain: str = "nutrition", **more: object) -> Action:
    need = actions.add_need(child=child, domain=domain, words="There is no food.", by=cast.nurse.pk, **more)
    return actions.add_action(
        need=need, owner_id=cast.social_worker.pk, review_on=LATER, what="Bring food", by=cast.nurse.pk
    )


def test_act_now_without_an_answer_gets_a_task_at_once_and_only_one(cast: Cast, wave: Wave) -> None:
    send(cast, "caregiver", cast.amahle, wave, HUNGRY)
    assert tasks(cast.amahle) == {(2, "nutrition"): "open"}
    for event in Event.objects.filter(kind="case.assessed"):
        actions.see_to_act_now(event)
    send(cast, "teacher", cast.amahle, wave, {"t_hungry": "2"})
    assert tasks(cast.amahle) == {(2, "nutrition"): "open"}
    assert not Event.objects.exclude(state="done").exists()


def test_the_task_closes_itself_when_somebody_acts_and_comes_back_when_it_was_not_done(cast: Cast, wave: Wave) -> None:
    send(cast, "caregiver", cast.amahle, wave, HUNGRY)
    action = act(cast, cast.amahle)
    assert tasks(cast.amahle) == {(2, "nutrition"): "covered"}
    today = timezone.localdate()
    actions.finish_action(action=action, done=False, result="Nobody was at home.", on=today, by=cast.nurse.pk)
    assert tasks(cast.amahle) == {(2, "nutrition"): "open"}
    again = act(cast, cast.amahle)
    actions.finish_action(action=again, done=True, result="Food was brought.", on=today, by=cast.nurse.pk)
    assert tasks(cast.amahle) == {(2, "nutrition"): "covered"}


def test_the_task_falls_when_the_level_falls(cast: Cast, wave: Wave) -> None:
    send(cast, "caregiver", cast.amahle, wave, HUNGRY, instance="uuid:1")
    send(cast, "caregiver", cast.amahle, wave, FED, instance="uuid:2", replaces="uuid:1", at="11:00")
    assert tasks(cast.amahle) == {(2, "nutrition"): "fallen"}


def test_not_having_asked_again_is_no_good_news(cast: Cast) -> None:
    """In the second wave nobody asked about food: the first wave's Act now still waits for an answer."""
    pack = publish()
    first, second = a_wave(cast, pack, number=1), a_wave(cast, pack, number=2)
    send(cast, "caregiver", cast.amahle, first, HUNGRY, on="2025-03-03")
    send(cast, "teacher", cast.amahle, second, {"t_learn": "0"})
    assert tasks(cast.amahle) == {(1, "nutrition"): "open"}
    send(cast, "caregiver", cast.amahle, second, HUNGRY)
    assert tasks(cast.amahle) == {(1, "nutrition"): "fallen", (2, "nutrition"): "open"}


def test_a_recorded_no_action_answers_its_own_wave_only(cast: Cast) -> None:
    pack = publish()
    first, second = a_wave(cast, pack, number=1), a_wave(cast, pack, number=2)
    send(cast, "caregiver", cast.amahle, first, HUNGRY, on="2025-03-03")
    case = Case.objects.get(child=cast.amahle, wave=first)
    actions.record_no_action(case=case, domain="nutrition", reason="Food came.", review_on=LATER, by=cast.nurse.pk)
    assert tasks(cast.amahle) == {(1, "nutrition"): "covered"}
    send(cast, "caregiver", cast.amahle, second, HUNGRY)
    assert tasks(cast.amahle)[2, "nutrition"] == "open"


def test_a_judgement_never_makes_a_red_cell_vanish_and_may_make_one(cast: Cast, wave: Wave) -> None:
    send(cast, "caregiver", cast.amahle, wave, HUNGRY)
    send(cast, "teacher", cast.amahle, wave, {"t_learn": "0"})
    case = Case.objects.get(child=cast.amahle, wave=wave)
    judge = {"case": case, "reason": "I know them.", "by": cast.social_worker.pk}
    actions.override_level(domain="nutrition", level="low", **judge)
    actions.override_level(domain="education", level="high", **judge)
    assert tasks(cast.amahle) == {(2, "nutrition"): "open", (2, "education"): "open"}
    actions.withdraw_override(case=case, domain="education", by=cast.social_worker.pk)
    assert tasks(cast.amahle) == {(2, "nutrition"): "open", (2, "education"): "fallen"}


def test_a_judgement_stays_when_the_case_is_assessed_again(cast: Cast, wave: Wave) -> None:
    send(cast, "caregiver", cast.amahle, wave, HUNGRY)
    case = Case.objects.get(child=cast.amahle, wave=wave)
    actions.override_level(case=case, domain="nutrition", level="medium", reason="Seen.", by=cast.social_worker.pk)
    send(cast, "teacher", cast.amahle, wave, {"t_hungry": "2"})
    judged = LevelOverride.objects.get(withdrawn_at=None)
    assert (judged.level, judged.computed, judged.by) == ("medium", "high", cast.social_worker)
    assert red_cells.levels_of(Case.objects.get(pk=case.pk))["nutrition"] == "high"


def test_a_referral_answers_until_it_ends_without_help(cast: Cast, wave: Wave) -> None:
    send(cast, "caregiver", cast.amahle, wave, HUNGRY)
    case = Case.objects.get(child=cast.amahle, wave=wave)
    refer("sent", "r1", case)
    assert tasks(cast.amahle) == {(2, "nutrition"): "covered"}
    refer("closed", "r1", case, helped=False)
    assert tasks(cast.amahle) == {(2, "nutrition"): "open"}
    refer("sent", "r2", case)
    refer("closed", "r2", case, helped=True)
    assert tasks(cast.amahle) == {(2, "nutrition"): "covered"}


def refer(what: str, referral: str, case: Case, **more: object) -> None:
    """As `services` tells of it, and flow.py hands it on."""
    kind = "referral.sent" if what == "sent" else "referral.changed"
    happened(kind=kind, subject=referral, facts={"case": case.pk, "domain": "nutrition", "state": what, **more})
    actions.take_note_of_referral(Event.objects.filter(kind=kind).latest("id"))  # twice is the same as once


def test_a_familys_action_answers_for_the_children_it_names_and_for_no_other(cast: Cast, wave: Wave) -> None:
    for child in (cast.amahle, cast.sipho):
        send(cast, "caregiver", child, wave, HUNGRY)
    act(cast, cast.amahle, caregiver=cast.gogo_thandi)
    assert (tasks(cast.amahle), tasks(cast.sipho)) == ({(2, "nutrition"): "covered"}, {(2, "nutrition"): "open"})
    act(cast, cast.amahle, caregiver=cast.gogo_thandi, siblings=[cast.sipho])
    assert tasks(cast.sipho) == {(2, "nutrition"): "covered"}
    assert Plan.objects.count() == 1


# Whatever happens in whatever order


class Team:
    """Does anything at all to one child, and knows what must hold afterwards."""

    def __init__(self, cast: Cast, waves: list[Wave], chance: random.Random) -> None:
        self.cast, self.waves, self.chance, self.sent = cast, waves, chance, 0
        self.by = cast.social_worker.pk

    def step(self) -> None:
        doing = [self.hear, self.hear, self.act, self.finish, self.no_action, self.take_back, self.judge, self.unjudge,
                 self.refer, self.end_referral, self.close, self.again]  # fmt: skip
        try:
            self.chance.choice(doing)()
        except actions.Refused:
            pass

    def hear(self) -> None:
        wave = self.chance.choice(self.waves)
        who, said = self.chance.choice([
            ("caregiver", HUNGRY), ("caregiver", FED), ("child", {"c_hurt": "yes"}), ("child", {"c_hurt": "no"}),
            ("teacher", {"t_hungry": "0", "t_learn": "0"}), ("caregiver", {}),
        ])  # fmt: skip
        self.sent += 1
        on = f"{2024 + wave.number}-03-{1 + self.sent % 28:02}"
        send(self.cast, who, self.cast.amahle, wave, said, on=on, instance=f"uuid:{self.sent}")

    def any_of(self, records: QuerySet) -> Any:
        found = list(records.order_by("pk"))
        return self.chance.choice(found) if found else None

    def case(self) -> Case:
        return self.chance.choice(list(Case.objects.filter(child=self.cast.amahle)))

    def domain(self) -> str:
        return self.chance.choice(("nutrition", "protection", "education"))

    def act(self) -> None:
        family = self.cast.gogo_thandi if self.chance.random() < 0.3 else None
        act(self.cast, self.cast.amahle, self.domain(), caregiver=family)

    def finish(self) -> None:
        action = self.any_of(Action.objects.all())
        if action is not None:
            on = timezone.localdate() - timedelta(days=self.chance.choice((0, 400)))
            actions.finish_action(
                action=action, done=self.chance.random() < 0.5, result="So it was.", on=on, by=self.by
            )

    def no_action(self) -> None:
        actions.record_no_action(case=self.case(), domain=self.domain(), reason="No.", review_on=LATER, by=self.by)

    def take_back(self) -> None:
        actions.withdraw_no_action(case=self.case(), domain=self.domain(), by=self.by)

    def judge(self) -> None:
        level = self.chance.choice(("high", "medium", "low"))
        actions.override_level(case=self.case(), domain=self.domain(), level=level, reason="I saw.", by=self.by)

    def unjudge(self) -> None:
        actions.withdraw_override(case=self.case(), domain=self.domain(), by=self.by)

    def refer(self) -> None:
        refer("sent", f"r{self.sent}-{self.chance.random()}", self.case())

    def end_referral(self) -> None:
        seen = self.any_of(SeenReferral.objects.all())
        if seen is not None:
            refer("closed", seen.referral, seen.case, helped=self.chance.random() < 0.5)

    def close(self) -> None:
        plan = Plan.objects.filter(closed_at=None).first()
        if plan is not None:
            actions.close_plan(plan=plan, reason="better", recheck_on=LATER, by=self.by)

    def again(self) -> None:
        event = self.any_of(Event.objects.filter(kind="case.assessed"))
        if event is not None:
            actions.see_to_act_now(event)


def left_alone(child: Child) -> list[str]:
    """Domains that say Act now and that nothing answers: told from the records, not by the code that keeps the rule."""
    red: dict[str, int] = {}
    for case in Case.objects.filter(child=child).order_by("wave__opens_on"):
        judged = dict(
            LevelOverride.objects.filter(case=case, withdrawn_at=None).values_list("domain", "level")
        )  # fmt: skip
        for domain, computed in red_cells.levels_of(case).items():
            both = {computed, judged.get(domain, computed)} - {"not enough information"}
            if "high" in both:
                red[domain] = case.pk
            elif both:
                red.pop(domain, None)
    return [domain for domain, case_id in red.items() if not answered(child, case_id, domain)]


def answered(child: Child, case_id: int, domain: str) -> bool:
    here = Action.objects.filter(need__children=child, need__domain=domain).exclude(state="not done")
    referrals = SeenReferral.objects.filter(case__child=child, domain=domain).exclude(
        closed_at__isnull=False, helped=False
    )
    return (
        Task.objects.filter(case=case_id, domain=domain, state="open").exists()
        or here.exists()
        or NoAction.objects.filter(case=case_id, domain=domain, withdrawn_at=None).exists()
        or referrals.exists()
    )


@pytest.mark.parametrize("seed", range(12))
def test_no_sequence_of_doings_leaves_an_act_now_without_task_referral_or_recorded_no_action(
    cast: Cast, seed: int
) -> None:
    pack = publish()
    team = Team(cast, [a_wave(cast, pack, number=1), a_wave(cast, pack, number=2)], random.Random(seed))
    send(cast, "caregiver", cast.amahle, team.waves[0], HUNGRY, on="2025-03-01")
    for _ in range(30):
        team.step()
        assert left_alone(cast.amahle) == []
    open_tasks = Task.objects.filter(state="open")
    assert all(task.domain in {cell.domain for cell in red_cells.counting(cast.amahle.pk)} for task in open_tasks)
