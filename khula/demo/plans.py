"""Red cells of the demonstration in; a few plans out, so that the pages of plans and tasks have something to show.

Small and always the same: the first red cells by child get an action, a recorded no-action or a judgement; the rest
wait to be decided.
"""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from khula.server.events.actions import happened
from khula.server.events.models import Event
from khula.server.people.models import User
from khula.server.plans import actions
from khula.server.plans.library import suggestions
from khula.server.plans.models import Action, Task

OWNERS = ("lindiwe.dlamini", "nomsa.khumalo")  # the nurse and the social worker
MOST = 8
GOALS = {
    "health": "The child sees, hears and feels well enough to learn.",
    "nutrition": "The child eats every day.",
    "economic": "The family has its papers and what it has a right to.",
    "protection": "The child is safe at home and at school.",
    "education": "The child keeps up with the class.",
    "psychosocial": "The child has somebody to talk to, and a friend.",
}
WISH = "To play in the school team."


def make_plans() -> int:
    """How many red cells were decided; twice is the same as once."""
    if Event.objects.filter(kind="demo.plans_made").exists():
        return 0
    people = list(User.objects.filter(username__in=OWNERS).order_by("username"))
    waiting = Task.objects.filter(state=Task.State.OPEN).select_related("case__child", "case__wave__pack_version")
    decided = 0
    with transaction.atomic():
        for task in waiting.order_by("child_id", "domain", "id")[: min(MOST, max(waiting.count() - 1, 0))]:
            turn = people[decided % 2 :] + people[: decided % 2]
            decided += any(_decided(decided, task, owner) for owner in turn)
        happened(kind="demo.plans_made", subject="demo", facts={"decided": decided})
    return decided


def _decided(number: int, task: Task, owner: User) -> bool:
    """By turns: an action, one that is done, a recorded no-action. False where this person does not work there."""
    today = timezone.localdate()
    case, soon = task.case, today + timedelta(days=7 * (1 + number % 4))
    try:
        with transaction.atomic():
            if number % 4 == 1:
                actions.record_no_action(
                    case=case, domain=task.domain, reason="The clinic sees the child already.", review_on=soon,
                    by=owner.pk,
                )  # fmt: skip
                return True
            action = _action(task, owner, soon)
            if number % 4 == 2:
                actions.finish_action(action=action, done=True, result="It was done.", on=today, by=owner.pk)
            if number == 0:
                actions.note_strength_or_wish(child=case.child, kind="wish", words=WISH, on_slip=True, by=owner.pk)
            return True
    except actions.Refused:
        return False


def _action(task: Task, owner: User, review_on: object) -> Action:
    offered = suggestions(task.domain, [])
    return actions.plan_action(
        child=task.case.child, domain=task.domain, case=task.case, owner_id=owner.pk, review_on=review_on, by=owner.pk,
        words="Seen by the team.", goal=GOALS.get(task.domain, ""), for_all=task.domain != "protection",
        intervention=offered[0].code if offered else "", what="" if offered else "Talk with the caregiver.",
        on_slip=task.domain != "protection",
    )  # fmt: skip
