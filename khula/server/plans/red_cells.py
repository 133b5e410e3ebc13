"""The rule that every red cell ends in a task, a referral or a recorded no-action: a child in, its tasks settled.

What counts of a domain is the last wave in which it is known: not having been asked again is no good news. Of the
computed level and a practitioner's own the graver one counts here, so that a judgement never makes a red cell vanish.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from khula.analysis.packs.pack import NOT_ENOUGH
from khula.server.cases.models import Case
from khula.server.events.actions import happened
from khula.server.plans.models import Action, LevelOverride, NoAction, SeenReferral, Task
from khula.server.schools.models import Child

DECIDE_WITHIN = timedelta(days=7)
HIGH = "high"
GRAVITY = {NOT_ENOUGH: 0, "low": 1, "medium": 2, HIGH: 3}
# One statement for every voice that comes in: most of them leave nothing to do.
WORK = (
    "SELECT c.child_id FROM cases_case c WHERE c.id = %s AND (c.act_now > 0"
    " OR EXISTS (SELECT 1 FROM plans_task t WHERE t.child_id = c.child_id))"
)


def child_with_work(case_id: int) -> str | None:
    """The child of the case, if it has a red cell or had one."""
    with connection.cursor() as cursor:
        cursor.execute(WORK, [case_id])
        row = cursor.fetchone()
    return row[0] if row else None


def levels_of(case: Case) -> dict[str, str]:
    """Domain -> level as computed."""
    return msgspec.json.decode(case.levels, type=dict[str, str])


@dataclass(frozen=True)
class Cell:
    """What counts of one domain of a child."""

    case_id: int
    domain: str
    level: str


def counting(child_id: str) -> list[Cell]:
    """Each domain of the child as the last wave has it in which it is known."""
    cases = Case.objects.filter(child_id=child_id).order_by("wave__opens_on", "wave__number", "id")
    judged = LevelOverride.objects.filter(case__child_id=child_id, withdrawn_at=None)
    own = {(case_id, domain): level for case_id, domain, level in judged.values_list("case_id", "domain", "level")}
    cells: dict[str, Cell] = {}
    for case in cases:
        for domain, computed in levels_of(case).items():
            level = max(computed, own.get((case.pk, domain), NOT_ENOUGH), key=lambda one: GRAVITY.get(one, 0))
            if level != NOT_ENOUGH:
                cells[domain] = Cell(case.pk, domain, level)
    return list(cells.values())


def settle(child_id: str, *, by: int | None = None) -> None:
    """Bring the tasks of a child in line with its levels and with what was decided. Twice is the same as once."""
    # One at a time: two who each take away one of two answers must not both see the other's still standing.
    Child.objects.select_for_update(no_key=True).get(pk=child_id)
    red = {(cell.case_id, cell.domain) for cell in counting(child_id) if cell.level == HIGH}
    tasks = {(task.case_id, task.domain): task for task in Task.objects.filter(child_id=child_id)}
    now = timezone.now()
    for case_id, domain in sorted(red):
        task = tasks.get((case_id, domain))
        answered = is_answered(child_id, case_id, domain, task.opened_at if task else now)
        state = Task.State.COVERED if answered else Task.State.OPEN
        if task is None:
            _create(child_id, case_id, domain, state, now)
        else:
            _change(task, state, now, by)
    for key, task in sorted(tasks.items()):
        if key not in red:
            _change(task, Task.State.FALLEN, now, by)


def _create(child_id: str, case_id: int, domain: str, state: str, now: datetime) -> None:
    due = timezone.localdate(now) + DECIDE_WITHIN
    task = Task.objects.create(
        case_id=case_id, child_id=child_id, domain=domain, state=state, opened_at=now, changed_at=now, due_on=due
    )
    happened(kind="task.opened", subject=task.pk, facts={"case": case_id, "domain": domain, "state": state})


def _change(task: Task, state: str, now: datetime, by: int | None) -> None:
    if task.state == state:
        return
    due = timezone.localdate(now) + DECIDE_WITHIN if state == Task.State.OPEN else task.due_on
    # Not `save`: inside a pipeline nobody knows yet how many rows were changed.
    Task.objects.filter(pk=task.pk).update(state=state, changed_at=max(now, task.opened_at), due_on=due)
    facts = {"case": task.case_id, "domain": task.domain}
    if state == Task.State.OPEN:
        happened(kind="task.opened_again", subject=task.pk, facts=facts, by=by)
    elif state == Task.State.COVERED:
        happened(kind="task.covered", subject=task.pk, facts=facts, by=by)
    else:
        happened(kind="task.fallen", subject=task.pk, facts=facts, by=by)


def is_answered(child_id: str, case_id: int, domain: str, since: datetime) -> bool:
    """Has the team decided? By an action that is open or was done since, a referral, or a recorded no-action."""
    done = Q(state=Action.State.DONE, done_on__gte=timezone.localdate(since))
    actions = Action.objects.filter(Q(state=Action.State.OPEN) | done, need__children=child_id, need__domain=domain)
    under_way = Q(closed_at=None) | Q(helped=True, closed_at__gte=since)
    return (
        actions.exists()
        or NoAction.objects.filter(case_id=case_id, domain=domain, withdrawn_at=None).exists()
        or SeenReferral.objects.filter(under_way, case__child_id=child_id, domain=domain).exists()
    )


def undecided(child_id: str) -> Collection[str]:
    """The child's domains that say *Act now* and that nothing answers yet."""
    return list(Task.objects.filter(child_id=child_id, state=Task.State.OPEN).values_list("domain", flat=True))
