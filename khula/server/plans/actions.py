"""What the team decides: needs, goals, actions, recorded no-actions, own judgements, closing; each with its event.

After every write the child's red cells are looked at again (`red_cells.settle`), so that no domain that says *Act now*
is left without an open task, an action, a referral or a recorded no-action. `by` is the id of the person who did it.
"""

from collections.abc import Iterable
from datetime import date

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from khula.server.cases.models import Case
from khula.server.consent.access import posts_that_may
from khula.server.events.actions import happened
from khula.server.events.models import Event
from khula.server.events.queries import facts_of
from khula.server.plans import red_cells
from khula.server.plans.library import kept
from khula.server.plans.models import Action, Goal, LevelOverride, Need, NoAction, Plan, SeenReferral, StrengthAndWish
from khula.server.schools.models import Caregiver, Child
from khula.server.waves.models import Wave

#: States of a referral, as its events tell them, in which nobody is on it any more.
ENDED = frozenset({"closed", "withdrawn"})


class Refused(Exception):
    """What was asked cannot be done: which box of the form is wrong, and in words what to do about it."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(field)  # never the words: they may stand beside a child's name in a log
        self.field, self.words = field, words


# The plan


@transaction.atomic
def open_plan(*, child: Child | None = None, caregiver: Caregiver | None = None, by: int | None) -> Plan:
    """The open plan of a child or of a family; opened if there is none, as the next after the one closed last."""
    whose = {"child": child, "caregiver": caregiver}
    existing = Plan.objects.filter(**whose, closed_at=None).first()
    if existing is not None:
        return existing
    last = Plan.objects.filter(**whose, later=None).order_by("-closed_at").first()
    plan = Plan.objects.create(**whose, earlier=last, opened_by_id=by, opened_at=timezone.now())
    kind = "plan.opened" if last is None else "plan.opened_again"
    happened(kind=kind, subject=plan.pk, facts={"earlier": last.pk} if last else None, by=by)
    return plan


@transaction.atomic
def close_plan(*, plan: Plan, reason: str, words: str = "", recheck_on: date, by: int) -> None:
    """Close a plan, with a day on which somebody looks again. Everything in it must have come to an end."""
    plan = Plan.objects.select_for_update(no_key=True).get(pk=plan.pk)
    if plan.closed_at is not None:
        raise Refused("reason", _("This plan is closed already."))
    if Action.objects.filter(need__plan=plan, state=Action.State.OPEN).exists():
        raise Refused("reason", _("Some actions are still open. Finish them, or say why they were not done."))
    if plan.child_id and red_cells.undecided(plan.child_id):
        raise Refused("reason", _("A domain says Act now and nothing is decided. Decide it first."))
    if recheck_on <= timezone.localdate():
        raise Refused("recheck_on", _("Choose a day after today."))
    heard = Wave.objects.filter(cases__child__in=_children_of(plan), cases__voices_heard__gt=0)
    plan.closed_at, plan.closed_by_id, plan.recheck_on = timezone.now(), by, recheck_on
    plan.reason, plan.closing_words = reason, words
    plan.closed_in = heard.order_by("-opens_on", "-number").first()
    plan.save()
    happened(kind="plan.closed", subject=plan.pk, facts={"reason": reason}, by=by)


def _children_of(plan: Plan) -> list[str]:
    if plan.child_id:
        return [plan.child_id]
    return list(Child.objects.filter(needs__plan=plan).distinct().values_list("pk", flat=True))


@transaction.atomic
def note_strength_or_wish(
    *, child: Child, kind: str, words: str, on_slip: bool = False, by: int
) -> StrengthAndWish:  # fmt: skip
    """What the team knows to help, or the child's own wish in its own words."""
    plan = open_plan(child=child, by=by)
    noted = StrengthAndWish.objects.create(
        plan=plan, child=child, kind=kind, words=words, on_slip=on_slip, by_id=by, at=timezone.now()
    )
    happened(kind="wish.noted" if kind == "wish" else "strength.noted", subject=noted.pk, by=by)
    return noted


# Need, goal, action


@transaction.atomic
def add_need(
    *,
    child: Child,
    domain: str,
    by: int,
    case: Case | None = None,
    flag: str = "",
    words: str = "",
    for_all: bool = False,
    caregiver: Caregiver | None = None,
    siblings: Iterable[Child] = (),
) -> Need:
    """A need of the child, or with `caregiver` of its family; `siblings` are the others it is about."""
    if not flag and not words:
        raise Refused("words", _("Say what the need is, or choose what was found."))
    plan = open_plan(caregiver=caregiver, by=by) if caregiver else open_plan(child=child, by=by)
    need = Need.objects.create(
        plan=plan, domain=domain, case=case, flag=flag, words=words, for_all=for_all, by_id=by, at=timezone.now()
    )
    need.children.add(child, *siblings)
    happened(kind="need.added", subject=need.pk, facts={"plan": plan.pk, "domain": domain}, by=by)
    return need


@transaction.atomic
def add_goal(*, need: Need, words: str, by: int) -> Goal:
    goal = Goal.objects.create(need=need, words=words, by_id=by, at=timezone.now())
    happened(kind="goal.added", subject=goal.pk, facts={"need": need.pk}, by=by)
    return goal


@transaction.atomic
def add_action(
    *,
    need: Need,
    owner_id: int | None,
    review_on: date | None,
    by: int,
    what: str = "",
    intervention: str = "",
    goal: Goal | None = None,
    language: str = "en",
    for_all: bool = False,
    on_slip: bool = False,
) -> Action:
    """Somebody does something until a day. `intervention` is a code of the library; `what` may say it otherwise."""
    if need.plan.closed_at is not None:
        raise Refused("what", _("This plan is closed. Add the need anew."))
    line = _line(intervention)
    if line is not None and not what:
        what = line.words_fr if language == "fr" else line.words_en
    if not what:
        raise Refused("what", _("Choose a suggestion, or say what is to be done."))
    _check_owner(need, owner_id)
    _check_review(review_on)
    action = Action.objects.create(
        need=need, goal=goal, intervention=line, what=what, owner_id=owner_id, review_on=review_on, for_all=for_all,
        on_slip=on_slip, by_id=by, at=timezone.now(),
    )  # fmt: skip
    happened(kind="action.added", subject=action.pk, facts=_facts(need) | {"owner": owner_id}, by=by)
    _settle(need, by)
    return action


@transaction.atomic
def plan_action(
    *,
    child: Child,
    domain: str,
    case: Case,
    owner_id: int | None,
    review_on: date | None,
    by: int,
    need_id: int | None = None,
    flag: str = "",
    words: str = "",
    goal: str = "",
    intervention: str = "",
    what: str = "",
    siblings: Iterable[str] = (),
    for_all: bool = False,
    on_slip: bool = False,
    language: str = "en",
) -> Action:
    """A need (new, or one of the plan), its goal and an action for it; all together or not at all."""
    if need_id is not None:
        need = Need.objects.select_related("plan").get(pk=need_id, children=child, domain=domain)
    else:
        others = Child.objects.filter(pk__in=list(siblings))
        caregiver = _caregiver_of(child) if others else None
        need = add_need(
            child=child, domain=domain, case=case, flag=flag, words=words, for_all=for_all, caregiver=caregiver,
            siblings=others, by=by,
        )  # fmt: skip
    wanted = add_goal(need=need, words=goal, by=by) if goal else None
    return add_action(
        need=need, goal=wanted, owner_id=owner_id, review_on=review_on, what=what, intervention=intervention,
        language=language, for_all=for_all, on_slip=on_slip, by=by,
    )  # fmt: skip


def _caregiver_of(child: Child) -> Caregiver | None:
    care = child.care.filter(primary=True, until=None).select_related("caregiver").first()
    return care.caregiver if care else None


@transaction.atomic
def change_action(*, action: Action, what: str, owner_id: int | None, review_on: date | None, by: int) -> None:
    """Another owner, another day or other words; what is finished stays as it is."""
    action = _still_open(action)
    if not what:
        raise Refused("what", _("Say what is to be done."))
    _check_owner(action.need, owner_id)
    if review_on != action.review_on:
        _check_review(review_on)
    before = (action.owner_id, action.review_on)
    action.what, action.owner_id, action.review_on = what, owner_id, review_on
    action.save(update_fields=["what", "owner", "review_on"])
    facts = {"owner_before": before[0], "owner": owner_id, "review_before": before[1], "review": review_on}
    happened(kind="action.changed", subject=action.pk, facts=facts, by=by)


@transaction.atomic
def finish_action(*, action: Action, done: bool, result: str, on: date, by: int) -> None:
    """It was done, or it was not; in both cases with what came of it."""
    action = _still_open(action)
    if not result:
        raise Refused("result", _("Say what came of it."))
    if on > timezone.localdate():
        raise Refused("on", _("This day has not come yet."))
    action.state = Action.State.DONE if done else Action.State.NOT_DONE
    action.result, action.done_on = result, on
    action.save(update_fields=["state", "result", "done_on"])
    kind = "action.done" if done else "action.not_done"
    happened(kind=kind, subject=action.pk, facts=_facts(action.need), by=by)
    _settle(action.need, by)


def _still_open(action: Action) -> Action:
    action = Action.objects.select_for_update(no_key=True).get(pk=action.pk)
    if action.state != Action.State.OPEN:
        raise Refused("result", _("This action is finished already. Somebody else may have done it."))
    return action


def _line(code: str) -> object:
    if not code:
        return None
    try:
        return kept(code)
    except KeyError:
        raise Refused("intervention", _("This suggestion is no longer in the library. Choose another.")) from None


def _check_owner(need: Need, owner_id: int | None) -> None:
    """Whoever is to do it must be able to see what it is about: every child of the need."""
    if owner_id is None:
        raise Refused("owner", _("Say who does it."))
    today = timezone.localdate()
    for child in need.children.all():
        if not posts_that_may("change plan", child, today).filter(user_id=owner_id).exists():
            raise Refused("owner", _("This person does not work with every child of this need. Choose another."))


def _check_review(review_on: date | None) -> None:
    if review_on is None:
        raise Refused("review_on", _("Say when you look at it again."))
    if review_on < timezone.localdate():
        raise Refused("review_on", _("This day is over. Choose today or a later day."))


def _facts(need: Need) -> dict[str, object]:
    return {"need": need.pk, "plan": need.plan_id, "case": need.case_id, "domain": need.domain}


def _settle(need: Need, by: int) -> None:
    for child_id in need.children.order_by("pk").values_list("pk", flat=True):
        red_cells.settle(child_id, by=by)


# Recorded no-action, own judgement


@transaction.atomic
def record_no_action(*, case: Case, domain: str, reason: str, review_on: date | None, by: int) -> NoAction:
    """Decide not to act for now; an earlier one on the same domain is taken back."""
    if not reason:
        raise Refused("reason", _("Say why nothing is done now."))
    _check_review(review_on)
    _withdraw_no_action(case.pk, domain)
    recorded = NoAction.objects.create(
        case=case, domain=domain, reason=reason, review_on=review_on, by_id=by, at=timezone.now()
    )
    happened(kind="no_action.recorded", subject=recorded.pk, facts={"case": case.pk, "domain": domain}, by=by)
    red_cells.settle(case.child_id, by=by)
    return recorded


@transaction.atomic
def withdraw_no_action(*, case: Case, domain: str, by: int) -> None:
    if _withdraw_no_action(case.pk, domain):
        happened(kind="no_action.withdrawn", subject=case.pk, facts={"domain": domain}, by=by)
        red_cells.settle(case.child_id, by=by)


def _withdraw_no_action(case_id: int, domain: str) -> int:
    standing = NoAction.objects.filter(case_id=case_id, domain=domain, withdrawn_at=None)
    return standing.update(withdrawn_at=timezone.now())


@transaction.atomic
def override_level(*, case: Case, domain: str, level: str, reason: str, by: int) -> LevelOverride:
    """A practitioner's own judgement, beside what was computed; an earlier one on the same domain is taken back."""
    if not reason:
        raise Refused("judged_because", _("Say why you judge it so."))
    computed = red_cells.levels_of(case).get(domain)
    if computed is None:
        raise Refused("level", _("This domain is not part of this case."))
    _withdraw_override(case.pk, domain)
    judged = LevelOverride.objects.create(
        case=case, domain=domain, level=level, computed=computed, reason=reason, by_id=by, at=timezone.now()
    )
    happened(kind="level.overridden", subject=judged.pk, facts={"case": case.pk, "domain": domain}, by=by)
    red_cells.settle(case.child_id, by=by)
    return judged


@transaction.atomic
def withdraw_override(*, case: Case, domain: str, by: int) -> None:
    if _withdraw_override(case.pk, domain):
        happened(kind="override.withdrawn", subject=case.pk, facts={"domain": domain}, by=by)
        red_cells.settle(case.child_id, by=by)


def _withdraw_override(case_id: int, domain: str) -> int:
    standing = LevelOverride.objects.filter(case_id=case_id, domain=domain, withdrawn_at=None)
    return standing.update(withdrawn_at=timezone.now())


# What follows from what happened elsewhere (see flow.py)


def see_to_act_now(event: Event) -> None:
    """What follows `case.assessed`: each domain that says *Act now* gets its task, one that no longer does loses it.

    Twice is the same as once. A child whose plan was closed gets the next one, when a later wave finds *Act now*.
    """
    case_id = int(event.subject)
    child_id = red_cells.child_with_work(case_id)
    if child_id is None:
        return
    red_cells.settle(child_id)
    _open_again(child_id, case_id)


def _open_again(child_id: str, case_id: int) -> None:
    closed = Plan.objects.filter(child_id=child_id, later=None).exclude(closed_at=None).select_related("closed_in")
    last = closed.order_by("-closed_at").first()
    if last is None or Plan.objects.filter(child_id=child_id, closed_at=None).exists():
        return
    case = Case.objects.select_related("wave", "child").get(pk=case_id)
    later = last.closed_in is None or case.wave.opens_on > last.closed_in.opens_on
    if later and case.tasks.exclude(state="fallen").exists():
        open_plan(child=case.child, by=None)


def take_note_of_referral(event: Event) -> None:
    """What follows `referral.sent` and `referral.changed`; facts `case`, `domain`, `state` and `helped`.

    While a referral is under way, and after it helped, it answers the red cell. Without help somebody decides anew.
    """
    facts = facts_of(event)
    if facts.get("case") is None:  # it was not sent because of an assessment
        return
    ended = facts.get("state") in ENDED
    case = Case.objects.get(pk=facts["case"])
    SeenReferral.objects.update_or_create(
        referral=event.subject,
        defaults={"closed_at": event.at if ended else None, "helped": ended and bool(facts.get("helped"))},
        create_defaults={"case": case, "domain": facts["domain"], "sent_at": event.at,
                         "closed_at": event.at if ended else None, "helped": ended and bool(facts.get("helped"))},
    )  # fmt: skip
    red_cells.settle(case.child_id, by=event.by_id)
