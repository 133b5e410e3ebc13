"""The pages of plans: who may open and do what, what each reader is told, and what never leaves the house on paper."""

import html
import re
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from khula.server.cases.models import Case
from khula.server.consent.access import can, posts_that_may, reader_of
from khula.server.dashboard.sensitivity import sensitivities_of
from khula.server.events.models import Event
from khula.server.people.models import User
from khula.server.people.roles import Role
from khula.server.plans import actions, library
from khula.server.plans import queries as plans
from khula.server.plans.models import Action, Intervention, LevelOverride, Need, NoAction, Plan, StrengthAndWish, Task
from khula.server.schools.models import Child, School
from khula.server.waves.models import Wave
from tests.server import page_data
from tests.server.cast import Cast, a_wave, interview, publish, the_cast
from tests.server.knocking import Phone

LATER = date(2199, 1, 1)
TEAM = ("teacher", "nurse", "social_worker", "psychologist", "coordinator")
OTHERS = ("stranger", "researcher", "fieldworker", "district_official", "administrator")


@pytest.fixture
def cast() -> Cast:
    return the_cast()


@pytest.fixture
def wave(cast: Cast) -> Wave:
    """Amahle is hungry and hurt; Sipho is hungry."""
    wave = a_wave(cast)
    send(cast, "caregiver", cast.amahle, wave, {"g_hunger": "yes"})
    send(cast, "child", cast.amahle, wave, {"c_hurt": "yes", "c_happy": "0"})
    send(cast, "caregiver", cast.sipho, wave, {"g_hunger": "yes"})
    return wave


def send(cast: Cast, informant: str, child: Child, wave: Wave, said: dict[str, str], **more: str) -> None:
    answer = Phone(cast.fieldworker).post(interview(informant, child, wave, said=said, **more))
    assert answer.status_code in (201, 202), answer.content


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def words(page: str) -> str:
    page = re.sub(r"<(style|select|textarea)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))).strip()


def an_action(cast: Cast, *, domain: str = "nutrition", flag: str = "n_caregiver", **more: object) -> Action:
    case = Case.objects.get(child=cast.amahle, wave__number=2)
    given = {"owner_id": cast.social_worker.pk, "review_on": LATER, "what": "Bring food on Friday", "by": cast.nurse.pk}
    return actions.plan_action(child=cast.amahle, domain=domain, case=case, flag=flag, **given | more)


def form(cast: Cast, **more: object) -> dict[str, object]:
    owner = cast.social_worker.pk
    given = {"need": "flag:n_caregiver", "what": "Bring food", "owner": owner, "review_on": "2199-01-01"}
    return given | more


# Who may open and do what


def doings(cast: Cast) -> dict[str, tuple[str, str, dict]]:
    """Each page and each action: name -> method, address, what is posted."""
    plan, action = f"/c/{cast.amahle.pk}/plan", an_action(cast, for_all=True)
    later = {"review_on": "2199-01-01"}
    judged = {"level": "medium", "judged_because": "I know the family."}
    return {
        "plan": ("get", plan, {}),
        "domain": ("get", f"{plan}/nutrition", {}),
        "action": ("get", f"/action/{action.pk}", {}),
        "caregiver": ("get", f"/c/{cast.amahle.pk}/caregiver", {}),
        "close": ("get", f"/c/{cast.amahle.pk}/close", {}),
        "tasks": ("get", "/tasks", {}),
        "library": ("get", "/library", {}),
        "line": ("get", "/library/clinic", {}),
        "act": ("post", f"{plan}/nutrition/act", form(cast, need="", words="No food.")),
        "leave": ("post", f"{plan}/nutrition/leave", {"reason": "The aunt helps.", **later}),
        "judge food": ("post", f"{plan}/nutrition/judge", judged),
        "judge safety": ("post", f"{plan}/protection/judge", judged),
        "note": ("post", f"/c/{cast.amahle.pk}/note", {"kind": "wish", "words": "A ball."}),
        "change": ("post", f"/action/{action.pk}/change", {"what": "Bring bread", "owner": cast.nurse.pk, **later}),
        "finish": ("post", f"/action/{action.pk}/finish", {"done": "yes", "result": "Done.", "on": "2026-03-03"}),
    }


def expected(who: str, what: str) -> int:
    """200 for a page, 302 for what was done, 403 where the role may not at all, 404 where it is not one's child."""
    if what in ("tasks", "library"):
        return 200 if who in (*TEAM, "stranger") else 403
    if what == "line":
        return 200 if who == "coordinator" else 403
    if who == "stranger":
        return 404
    if who in OTHERS:
        return 403
    if what.startswith("judge"):
        if who == "coordinator":
            return 403
        own = {"judge food": ("nurse", "social_worker"), "judge safety": ("social_worker",)}
        return 302 if who in own[what] else 404
    return 302 if what in ("act", "leave", "note", "change", "finish") else 200


@pytest.mark.acceptance_team
@pytest.mark.parametrize("who", [*TEAM, *OTHERS])
def test_each_page_and_each_action_is_for_those_the_policy_names(cast: Cast, wave: Wave, who: str) -> None:
    client = signed_in(getattr(cast, who))
    before = state()
    for what, (method, address, posted) in doings(cast).items():
        if who in OTHERS:
            before = state()
        answer = getattr(client, method)(address, posted)
        assert answer.status_code == expected(who, what), f"{who} {what}"
        if who in OTHERS:
            assert state() == before, f"{who} {what} changed something"
        if method == "post":
            assert client.get(address).status_code == 405
        assert Client().get(address).status_code in (302, 405)


def state() -> list[tuple]:
    models = (Plan, Need, Action, NoAction, LevelOverride, StrengthAndWish, Intervention)
    return [tuple(model.objects.order_by("pk").values_list()) for model in models]


def test_who_may_be_asked_to_do_something_is_the_policy_turned_round(cast: Cast) -> None:
    today = timezone.localdate()
    for action in ("change plan", "see tasks", "see board", "see devices"):
        for child in (cast.amahle, cast.pieter, cast.rendani):
            asked = set(posts_that_may(action, child, today).values_list("user_id", flat=True))
            assert asked == {user.pk for user in User.objects.all() if can(reader_of(user, today), action, child=child)}


def test_nobody_is_asked_who_may_not_see_the_child(cast: Cast, wave: Wave) -> None:
    with pytest.raises(actions.Refused, match="owner"):
        an_action(cast, owner_id=cast.stranger.pk)
    assert not Need.objects.exists(), "the need was written down without its action"
    page = f"/c/{cast.amahle.pk}/plan/nutrition"
    answer = signed_in(cast.nurse).post(f"{page}/act", form(cast, owner=cast.stranger.pk))
    assert answer.status_code == 422
    assert "Choose from the list." in words(answer.content.decode())


# What the database forbids


@pytest.mark.acceptance_team
@pytest.mark.parametrize("missing", ["owner_id", "review_on"])
def test_an_action_without_owner_or_review_date_cannot_be_saved(cast: Cast, wave: Wave, missing: str) -> None:
    action = an_action(cast)
    with pytest.raises(IntegrityError), transaction.atomic():
        Action.objects.filter(pk=action.pk).update(**{missing: None})
    with pytest.raises(actions.Refused):
        an_action(cast, **{missing: None})
    posted = form(cast)
    posted.pop({"owner_id": "owner"}.get(missing, missing))
    answer = signed_in(cast.nurse).post(f"/c/{cast.amahle.pk}/plan/nutrition/act", posted)
    assert answer.status_code == 422
    assert "Bring food" in answer.content.decode(), "what was typed is lost"


@pytest.mark.parametrize("wrong", [
    {"state": "done"}, {"state": "done", "done_on": LATER}, {"result": "It went well."}, {"what": ""},
])  # fmt: skip
def test_an_action_is_finished_with_day_and_result_or_not_at_all(cast: Cast, wave: Wave, wrong: dict) -> None:
    action = an_action(cast)
    with pytest.raises(IntegrityError), transaction.atomic():
        Action.objects.filter(pk=action.pk).update(**wrong)


def test_a_plan_is_of_a_child_or_of_a_family_and_closed_with_a_reason(cast: Cast) -> None:
    now = timezone.now()
    for wrong in (
        {}, {"child": cast.amahle, "caregiver": cast.gogo_thandi}, {"child": cast.amahle, "closed_at": now},
        {"child": cast.amahle, "reason": "better"},
    ):  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic():
            Plan.objects.create(opened_at=now, **wrong)
    Plan.objects.create(opened_at=now, child=cast.amahle)
    with pytest.raises(IntegrityError), transaction.atomic():
        Plan.objects.create(opened_at=now, child=cast.amahle)


# From need to result


def test_a_need_gets_goal_action_owner_and_day_and_ends_with_a_result(cast: Cast, wave: Wave) -> None:
    nurse = signed_in(cast.nurse)
    page = f"/c/{cast.amahle.pk}/plan"
    assert "Not decided yet" in words(nurse.get(page).content.decode())
    posted = form(cast, goal="Eats every day", what="", intervention="food_parcel", for_all="on")
    assert nurse.post(f"{page}/nutrition/act", posted).url == f"/c/{short(cast.amahle)}/plan"
    shown = words(nurse.get(page).content.decode())
    for told in ("n_caregiver was answered so.", "Eats every day", "Ask for food for the family", "Ms Nomsa Khumalo"):
        assert told in shown
    action = Action.objects.get()
    assert (action.intervention.code, action.intervention.version) == ("food_parcel", 1)
    finish = {"done": "yes", "result": "Food came on Friday.", "on": timezone.localdate().isoformat()}
    assert nurse.post(f"/action/{action.pk}/finish", finish).status_code == 302
    assert "Food came on Friday." in words(nurse.get(page).content.decode())
    again = nurse.post(f"/action/{action.pk}/finish", finish | {"result": "Twice."})
    assert again.status_code == 422
    action.refresh_from_db()
    assert action.result == "Food came on Friday."


def short(child: Child) -> str:
    from khula.server.dashboard.child_address import short as shortened

    return shortened(child.pk)


def test_a_second_action_goes_to_the_same_need(cast: Cast, wave: Wave) -> None:
    first = an_action(cast)
    answer = signed_in(cast.nurse).post(
        f"/c/{cast.amahle.pk}/plan/nutrition/act", form(cast, need=f"need:{first.need_id}", what="Weigh again")
    )
    assert answer.status_code == 302
    assert set(Action.objects.values_list("need", flat=True)) == {first.need_id}


@pytest.mark.acceptance_team
def test_brother_and_sister_see_what_was_agreed_for_the_family_once(cast: Cast, wave: Wave) -> None:
    nurse = signed_in(cast.nurse)
    page = nurse.get(f"/c/{cast.amahle.pk}/plan/nutrition").content.decode()
    assert "Also for" in page and "Sipho" in page and "Lerato" not in page
    posted = form(cast, siblings=[cast.sipho.pk], for_all="on")
    assert nurse.post(f"/c/{cast.amahle.pk}/plan/nutrition/act", posted).status_code == 302
    assert Action.objects.count() == 1
    assert Plan.objects.get().caregiver == cast.gogo_thandi
    for child, other in ((cast.amahle, "Sipho"), (cast.sipho, "Amahle")):
        shown = words(nurse.get(f"/c/{child.pk}/plan").content.decode())
        assert shown.count("Bring food") == 1
        assert f"Also for {other}." in shown
    rows = words(signed_in(cast.social_worker).get("/tasks").content.decode())
    assert rows.count("Bring food") == 1
    stranger = form(cast, siblings=[cast.lerato.pk])
    assert nurse.post(f"/c/{cast.amahle.pk}/plan/nutrition/act", stranger).status_code == 422


def test_what_rests_on_a_restricted_answer_keeps_its_domain_and_says_whom_to_ask(cast: Cast, wave: Wave) -> None:
    """Amahle said that somebody hurts her: who may not read that sees Safety and care, neutral words and no action."""
    an_action(
        cast, domain="protection", flag="p_hurt", goal="Safe at night", what="Talk with the aunt",
        by=cast.social_worker.pk,
    )  # fmt: skip
    for who in TEAM:
        client = signed_in(getattr(cast, who))
        pages = [f"/c/{cast.amahle.pk}/plan", f"/c/{cast.amahle.pk}/plan/protection", "/tasks?whose=all",
                 f"/action/{Action.objects.get().pk}", "/home", f"/c/{cast.amahle.pk}"]  # fmt: skip
        told = " ".join(words(client.get(page).content.decode()) for page in pages)
        may_read = who in ("social_worker", "psychologist")
        for secret in ("p_hurt was answered so.", "Safe at night", "Talk with the aunt"):
            seen_by_rule = may_read or (secret == "Talk with the aunt" and who in ("social_worker",))
            assert (secret in told) == seen_by_rule, f"{who}: {secret}"
        assert "Safety and care" in told
        if not may_read:
            assert "Ask the social worker." in told
    change = {"what": "x", "owner": cast.nurse.pk, "review_on": "2199-01-01"}
    answer = signed_in(cast.teacher).post(f"/action/{Action.objects.get().pk}/change", change)
    assert answer.status_code == 404, "nobody writes over what she may not read"


def test_whoever_is_to_do_it_reads_what_it_is(cast: Cast, wave: Wave) -> None:
    an_action(
        cast, domain="protection", flag="p_hurt", what="Walk home with her", owner_id=cast.teacher.pk,
        by=cast.social_worker.pk,
    )  # fmt: skip
    assert "Walk home with her" in words(signed_in(cast.teacher).get("/tasks").content.decode())
    assert "Walk home with her" not in words(signed_in(cast.coordinator).get("/tasks?whose=all").content.decode())


def test_a_recorded_no_action_is_shown_with_its_reason_to_those_who_may_read_it(cast: Cast, wave: Wave) -> None:
    worker = signed_in(cast.social_worker)
    page = f"/c/{cast.amahle.pk}/plan"
    assert worker.post(f"{page}/nutrition/leave", {"reason": "", "review_on": "2199-01-01"}).status_code == 422
    assert worker.post(f"{page}/nutrition/leave", {"reason": "No", "review_on": "2001-01-01"}).status_code == 422
    reason = {"reason": "The aunt cooks since Monday.", "review_on": "2199-01-01"}
    assert worker.post(f"{page}/nutrition/leave", reason).status_code == 302
    assert "The aunt cooks" in words(worker.get(page).content.decode())
    assert "The aunt cooks" not in words(signed_in(cast.teacher).get(page).content.decode())
    assert worker.post(f"{page}/nutrition/leave", {"withdraw": "1"}).status_code == 302
    assert Task.objects.get(child=cast.amahle, domain="nutrition").state == "open"


@pytest.mark.acceptance_team
def test_a_judgement_stands_beside_the_computed_level_wherever_a_level_is_shown(cast: Cast, wave: Wave) -> None:
    worker = signed_in(cast.social_worker)
    page = f"/c/{cast.amahle.pk}/plan/nutrition"
    posted = {"level": "medium", "judged_because": "There is food since Friday."}
    assert worker.post(f"{page}/judge", {"level": "medium"}).status_code == 422
    assert worker.post(f"{page}/judge", posted).status_code == 302
    send(cast, "teacher", cast.amahle, wave, {"t_hungry": "2"})  # assessed again
    child = worker.get(f"/c/{cast.amahle.pk}").content.decode()
    strip = re.search(r"<table class=strip>.*?</table>", child, re.DOTALL)[0]
    food = re.search(r'<section class="domain d-a" id=nu .*?</section>', child, re.DOTALL)[0]
    for place in (strip, food, worker.get(page).content.decode()):
        assert "■ Act now" in place
        assert re.search(r"judged.*?▲ Watch", place, re.DOTALL)
    assert "There is food since Friday." in food
    teacher = words(signed_in(cast.teacher).get(f"/c/{cast.amahle.pk}").content.decode())
    assert "judged ▲ Watch" in teacher
    assert "There is food since Friday." not in teacher
    rates = {one.domain: (one.judged, one.of) for one in
             plans.override_rates(wave.pk, schools=School.objects.filter(pk=cast.school.pk))}  # fmt: skip
    assert rates["nutrition"] == (1, 2)
    assert rates["protection"] == (0, 1)
    assert "education" not in rates, "what is not known cannot be judged otherwise"
    worker.post(f"{page}/judge", {"withdraw": "1"})
    assert "judged" not in words(worker.get(f"/c/{cast.amahle.pk}").content.decode())


# The end of a plan, and its beginning again


@pytest.mark.acceptance_team
def test_a_closed_plan_is_opened_again_by_act_now_in_a_later_wave_with_its_history(cast: Cast) -> None:
    pack = publish()
    first = a_wave(cast, pack, number=1)
    send(cast, "caregiver", cast.amahle, first, {"g_hunger": "yes"}, on="2025-03-03")
    case = Case.objects.get(child=cast.amahle)
    by = {"owner_id": cast.nurse.pk, "review_on": LATER, "by": cast.nurse.pk}
    action = actions.plan_action(
        child=cast.amahle, domain="nutrition", case=case, flag="n_caregiver", what="Food", **by
    )
    nurse = signed_in(cast.nurse)
    close = {"reason": "better", "recheck_on": "2199-01-01", "words": "All eat."}
    assert nurse.post(f"/c/{cast.amahle.pk}/close", close).status_code == 422, "an action is still open"
    today = timezone.localdate()
    actions.finish_action(action=action, done=True, result="Came.", on=today, by=cast.nurse.pk)
    assert nurse.post(f"/c/{cast.amahle.pk}/close", close | {"recheck_on": "2020-01-01"}).status_code == 422
    assert nurse.post(f"/c/{cast.amahle.pk}/close", close).status_code == 302
    closed = Plan.objects.get()
    send(cast, "child", cast.amahle, first, {"c_hungry": "2"}, on="2025-03-04")
    assert Plan.objects.count() == 1, "the same wave opens nothing again"
    second = a_wave(cast, pack, number=2)
    send(cast, "teacher", cast.amahle, second, {"t_hungry": "0"})
    send(cast, "caregiver", cast.amahle, second, {"g_hunger": "yes"})
    again = Plan.objects.get(closed_at=None)
    assert (again.earlier, again.opened_by) == (closed, None)
    shown = words(nurse.get(f"/c/{cast.amahle.pk}/plan").content.decode())
    assert "Opened again because a new wave says Act now." in shown
    assert "Came." in shown


def test_a_plan_does_not_close_over_an_act_now_that_nobody_decided(cast: Cast, wave: Wave) -> None:
    plan = actions.open_plan(child=cast.amahle, by=cast.nurse.pk)
    with pytest.raises(actions.Refused):
        actions.close_plan(plan=plan, reason="better", recheck_on=LATER, by=cast.nurse.pk)
    for case, domain in Task.objects.filter(child=cast.amahle).values_list("case", "domain"):
        actions.record_no_action(
            case=Case.objects.get(pk=case), domain=domain, reason="Moves away.", review_on=LATER, by=cast.nurse.pk
        )
    actions.close_plan(plan=plan, reason="moved", recheck_on=LATER, by=cast.nurse.pk)
    with pytest.raises(actions.Refused):
        actions.close_plan(plan=plan, reason="moved", recheck_on=LATER, by=cast.nurse.pk)


# The library


@pytest.mark.acceptance_team
def test_each_flag_of_the_shipped_pack_is_offered_something() -> None:
    lines = library.library()
    left = [
        flag.name
        for flag in page_data.pack().flags.values()
        if not library.suggestions(flag.domain, [flag.suggest], lines)
        or flag.suggest not in {code for line in lines for code in line.suggest}
    ]
    assert left == []
    assert all(line.words_en and line.words_fr and line.slip_en and line.slip_fr for line in lines)


def test_what_a_flag_asks_for_is_offered_first_and_where_nothing_fits_it_says_so(cast: Cast, wave: Wave) -> None:
    assert library.suggestions("health", ["ear_test"])[0].code in ("ear_test", "seat_in_front")
    assert library.suggestions("a domain of another pack", ["x"]) == []
    page = signed_in(cast.nurse).get(f"/c/{cast.amahle.pk}/plan/nutrition").content.decode()
    assert "Ask for food for the family" in page
    for line in library.library():
        if "nutrition" in line.domains:
            library.change_line(
                code=line.code, words_en="x", words_fr="x", domains=["health"], role="nurse", by=cast.nurse.pk
            )
    assert "None available" in signed_in(cast.nurse).get(f"/c/{cast.amahle.pk}/plan/nutrition").content.decode()


@pytest.mark.acceptance_team
def test_a_line_written_anew_is_a_new_version_and_what_was_agreed_keeps_its_words(cast: Cast, wave: Wave) -> None:
    action = an_action(cast, intervention="food_parcel", what="")
    zanele = signed_in(cast.coordinator)
    posted = {
        "words_en": "Ask the soup kitchen.", "words_fr": "Demander à la soupe populaire.", "domains": ["nutrition"],
        "role": "social_worker", "suggest": "food_parcel",
    }  # fmt: skip
    assert zanele.post("/library/food_parcel", posted | {"words_fr": ""}).status_code == 422
    assert zanele.post("/library/food_parcel", posted).status_code == 302
    action.refresh_from_db()
    assert action.what.startswith("Ask for food for the family")
    assert action.intervention.version == 1
    offered = {line.code: line for line in library.library()}
    assert (offered["food_parcel"].words_en, offered["food_parcel"].version) == ("Ask the soup kitchen.", 2)
    assert an_action(cast, intervention="food_parcel", what="").intervention.version == 2
    assert "Ask for food for the family" in words(zanele.get("/library/food_parcel").content.decode())
    assert zanele.post("/library/food_parcel", posted | {"withdrawn": "on"}).status_code == 302
    assert "food_parcel" not in {line.code for line in library.library()}
    with pytest.raises(actions.Refused):
        an_action(cast, intervention="food_parcel", what="")
    assert zanele.post("/library/new", posted | {"words_en": "Plant beans."}).status_code == 302
    assert "Plant beans." in words(zanele.get("/library").content.decode())
    assert zanele.get("/library/nothing-such").status_code == 404


# Tasks and home


@pytest.mark.acceptance_team
def test_tasks_stand_as_overdue_due_and_later_in_the_order_of_their_days(cast: Cast, wave: Wave) -> None:
    today = timezone.localdate()
    for what, days in (("b", 30), ("c", -3), ("d", 2), ("e", -9)):
        action = an_action(cast, what=f"Thing {what}", review_on=today)
        Action.objects.filter(pk=action.pk).update(review_on=today + timedelta(days=days))
    page = signed_in(cast.social_worker).get("/tasks").content.decode()
    groups = dict(re.findall(r"<h2 id=g-(\w+)>(.*?)</section>", page, re.DOTALL))
    told = {name: re.findall(r"Thing \w|Decide what to do", words(group)) for name, group in groups.items()}
    assert told["overdue"] == ["Thing e", "Thing c"]
    assert told["due"] == ["Thing d", "Decide what to do", "Decide what to do"]  # Amahle's safety, Sipho's food
    assert told["later"] == ["Thing b"]
    assert "2 of 2" in words(groups["overdue"])
    assert words(signed_in(cast.nurse).get("/tasks").content.decode()).count("Thing") == 0
    every = words(signed_in(cast.coordinator).get("/tasks?whose=all").content.decode())
    assert (every.count("Something was agreed."), every.count("Thing")) == (4, 0)  # the words are not for her


def test_the_first_screen_shows_seven_of_a_group_and_leads_to_all(cast: Cast, wave: Wave) -> None:
    for number in range(9):
        an_action(cast, what=f"Thing {number}")
    worker = signed_in(cast.social_worker)
    first = worker.get("/tasks").content.decode()
    assert "7 of 9" in first
    assert words(first).count("Thing") == 7
    every = worker.get("/tasks?show=later").content.decode()
    assert words(every).count("Thing") == 9
    assert worker.get("/tasks?show=nonsense").status_code == 200


NEXT = {
    "teacher": [], "nurse": ["Amahle Nkosi", "Sipho Nkosi"], "social_worker": ["Amahle Nkosi", "Sipho Nkosi"],
    "psychologist": [], "coordinator": ["Amahle Nkosi", "Sipho Nkosi"],
}  # fmt: skip


@pytest.mark.acceptance_team
@pytest.mark.parametrize("who", TEAM)
def test_home_begins_with_whom_this_role_sees_next_and_why(cast: Cast, wave: Wave, who: str) -> None:
    client = signed_in(getattr(cast, who))
    page = client.get("/home").content.decode()
    nexts = re.search(r"<section aria-labelledby=first>.*?</section>", page, re.DOTALL)[0]
    assert re.findall(r"<li><a href=/c/[\w-]+>(.*?)</a>", nexts) == NEXT[who]
    assert ("Safety and care" in nexts) == (who in ("social_worker", "coordinator"))
    if NEXT[who]:
        assert "decide by" in nexts
        address = re.search(r"<li><a href=(/c/[\w-]+)>", nexts)[1]
        assert "Decide what to do" in client.get(address).content.decode()  # the second tap


def test_what_is_overdue_stands_first_on_home_for_its_owner(cast: Cast, wave: Wave) -> None:
    action = an_action(cast, owner_id=cast.teacher.pk)
    Action.objects.filter(pk=action.pk).update(review_on=timezone.localdate() - timedelta(days=2))
    page = signed_in(cast.teacher).get("/home").content.decode()
    nexts = words(re.search(r"<section aria-labelledby=first>.*?</section>", page, re.DOTALL)[0])
    assert "Amahle Nkosi 1 overdue" in nexts
    assert "1 of 1 children" in nexts


# The caregiver's page


def test_the_caregiver_reads_what_is_going_well_what_was_agreed_and_whom_to_call(cast: Cast, wave: Wave) -> None:
    an_action(cast, intervention="food_parcel", what="", on_slip=True)
    note = {"by": cast.nurse.pk, "child": cast.amahle}
    actions.note_strength_or_wish(kind="wish", words="A blue ball.", on_slip=True, **note)
    actions.note_strength_or_wish(kind="wish", words="That the shouting ends.", **note)
    nurse = signed_in(cast.nurse)
    english = words(nurse.get(f"/c/{cast.amahle.pk}/caregiver").content.decode())
    assert english.index("What is going well") < english.index("What we agreed") < english.index("Who to call")
    for told in ("We ask for food for your home.", "Ms Nomsa Khumalo", "A blue ball.", "For Thandi Nkosi"):
        assert told in english
    assert "shouting" not in english
    assert "Bring food" not in english
    french = nurse.get(f"/c/{cast.amahle.pk}/caregiver?language=fr").content.decode()
    assert "Nous demandons de la nourriture pour votre foyer." in words(french)
    assert "<html lang=fr>" in french


@pytest.mark.acceptance_team
def test_nothing_restricted_ever_stands_on_the_caregivers_page() -> None:
    """By field list: a need, a goal and a ticked action for each flag of the shipped pack, and every strength true."""
    place = page_data.school_with_class(1)
    case = Case.objects.get(child=place.children[0], wave=place.waves[1])
    pack = page_data.pack()
    page_data.assessment(case, {"domains": {}, "strengths": dict.fromkeys(pack.strengths, True)})
    worker = page_data.person(Role.SOCIAL_WORKER, school=place.school)
    for flag in pack.flags.values():
        actions.plan_action(
            child=case.child, domain=flag.domain, case=case, flag=flag.name, words=f"typed {flag.name}.",
            goal=f"goal {flag.name}.", what=f"canary {flag.name}.", owner_id=worker.pk, review_on=LATER, on_slip=True,
            for_all=True, by=worker.pk,
        )  # fmt: skip
    marks = sensitivities_of(pack)
    careful = {"S3", "S4"}
    restricted = {
        f.name for f in pack.flags.values() if marks.of_expression(f.when) in careful or f.domain == "protection"
    }
    assert len(restricted) > 20
    for language in ("en", "fr"):
        page = words(signed_in(worker).get(f"/c/{case.child_id}/caregiver?language={language}").content.decode())
        for flag in pack.flags.values():
            if flag.name in restricted:
                assert f"canary {flag.name}." not in page
            assert f"typed {flag.name}." not in page
            assert f"goal {flag.name}." not in page
            assert flag.say[language] not in page
        told = {f.name for f in pack.flags.values() if f"canary {f.name}." in page}
        assert told, "nothing at all was told: the test says nothing"
        for strength in pack.strengths.values():
            if marks.of_expression(strength.when) in careful or strength.domain == "protection":
                assert strength.say[language] not in page
    assert any(strength.say["fr"] in page for strength in pack.strengths.values())


def test_no_event_holds_a_word_that_was_typed(cast: Cast, wave: Wave) -> None:
    an_action(cast, what="canary", goal="canary", words="canary")
    case = Case.objects.get(child=cast.amahle)
    by = cast.social_worker.pk
    actions.note_strength_or_wish(child=cast.amahle, kind="wish", words="canary", by=by)
    actions.record_no_action(case=case, domain="protection", reason="canary", review_on=LATER, by=by)
    actions.override_level(case=case, domain="protection", level="low", reason="canary", by=by)
    actions.finish_action(action=Action.objects.get(), done=True, result="canary", on=timezone.localdate(), by=by)
    facts = " ".join(Event.objects.values_list("facts", flat=True))
    assert "canary" not in facts
    assert "Nkosi" not in facts
