"""Reading plans and what is due: a child or a reader in, records and plain rows out; few statements each."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from khula.analysis.packs.pack import NOT_ENOUGH
from khula.server.cases.models import Case
from khula.server.consent.access import Reader, posts_that_may, reach, takes_up
from khula.server.people.models import User
from khula.server.plans.models import Action, LevelOverride, Need, NoAction, Plan, StrengthAndWish, Task
from khula.server.plans.red_cells import levels_of
from khula.server.schools.models import Caregiver, CareRelationship, Child

SOON = timedelta(days=7)


# One child


def open_plan_of(child_id: str) -> Plan | None:
    return Plan.objects.filter(child_id=child_id, closed_at=None).select_related("earlier").first()


def closed_plans_of(child_id: str) -> list[Plan]:
    """Newest first; the episodes that came before."""
    plans = Plan.objects.filter(child_id=child_id).exclude(closed_at=None)
    return list(plans.select_related("closed_by").order_by("-closed_at"))


def needs_of(child_id: str, *, plan_id: int | None = None) -> list[Need]:
    """The needs of the child's open plan and of its family's, with goals and actions; or those of one plan."""
    here = Q(plan_id=plan_id) if plan_id else Q(plan__closed_at=None)
    needs = Need.objects.filter(here, children=child_id).select_related(
        "plan", "by", "case__child", "case__school_class", "case__wave__pack_version"
    )
    return list(needs.defer("case__wave__pack_version__content").prefetch_related(
        "goals", "actions__owner", "actions__intervention", "children"
    ).order_by("id"))  # fmt: skip


def need_whole(need_id: int) -> Need:
    """A need with all that a page says of it."""
    needs = Need.objects.select_related("plan", "by", "case__child", "case__school_class", "case__wave__pack_version")
    return needs.defer("case__wave__pack_version__content").prefetch_related(
        "goals", "actions__owner", "actions__intervention", "children"
    ).get(pk=need_id)  # fmt: skip


def notes_of(child_id: str) -> list[StrengthAndWish]:
    """Strengths the team knows and the child's wishes, of the plan that is open; newest first."""
    notes = StrengthAndWish.objects.filter(child_id=child_id, plan__closed_at=None)
    return list(notes.select_related("by").order_by("-id"))


def overrides_of(child_id: str) -> dict[tuple[int, str], LevelOverride]:
    """(case, domain) -> the judgement that stands."""
    standing = LevelOverride.objects.filter(case__child_id=child_id, withdrawn_at=None).select_related("by")
    return {(one.case_id, one.domain): one for one in standing}


def no_actions_of(child_id: str) -> list[NoAction]:
    """Recorded and standing, of red cells that are still red."""
    red = Task.objects.filter(child_id=child_id).exclude(state=Task.State.FALLEN)
    cells = set(red.values_list("case_id", "domain"))
    standing = NoAction.objects.filter(case__child_id=child_id, withdrawn_at=None).select_related("by")
    return [one for one in standing.order_by("id") if (one.case_id, one.domain) in cells]


def red_tasks_of(child_id: str) -> list[Task]:
    """The child's red cells, open or answered."""
    return list(Task.objects.filter(child_id=child_id).exclude(state=Task.State.FALLEN).order_by("due_on", "domain"))


@dataclass(frozen=True)
class CellPlan:
    """What the child page says of a domain's plan."""

    open_actions: int
    state: str  # of the red cell: "open", "covered", or "" where there is none


def cell_plans(child_id: str) -> dict[str, CellPlan]:
    """Domain -> how far the plan is (two statements)."""
    actions = Action.objects.filter(need__children=child_id, state=Action.State.OPEN)
    count = Counter(actions.values_list("need__domain", flat=True))
    states = {task.domain: task.state for task in red_tasks_of(child_id)}
    return {domain: CellPlan(count[domain], states.get(domain, "")) for domain in {*count, *states}}


def siblings_by_caregiver(child_id: str) -> tuple[Caregiver | None, list[Child]]:
    """Who cares for the child today, and the other children she cares for."""
    now = CareRelationship.objects.filter(primary=True, until=None)
    care = now.filter(child_id=child_id).select_related("caregiver").first()
    if care is None:
        return None, []
    others = now.filter(caregiver=care.caregiver_id, child__left_on=None).exclude(child_id=child_id)
    return care.caregiver, [one.child for one in others.select_related("child").order_by("child__given_names")]


def owners_for(child: Child) -> list[tuple[int, str]]:
    """Who may be asked to do something for this child: (user, name), by name."""
    posts = posts_that_may("change plan", child, timezone.localdate())
    return list(posts.order_by("user__full_name").values_list("user_id", "user__full_name").distinct())


def whom_to_call(child: Child) -> list[User]:
    """On the caregiver's page: the people who have an open action for the child."""
    owners = Action.objects.filter(need__children=child, state=Action.State.OPEN, on_slip=True).values("owner")
    return list(User.objects.filter(pk__in=owners).order_by("full_name"))


# What is due


@dataclass(frozen=True)
class Due:
    """One thing that waits for somebody: a decision, an action, a review of a no-action, a second look."""

    kind: str  # "decide", "action", "no action", "recheck"
    due_on: date
    child_id: str
    name: str
    domain: str
    owner_id: int | None
    owner: str
    what: str  # "" where it is not for this reader
    action_id: int | None = None
    left: bool = False

    @property
    def urgency(self) -> tuple[date, bool, str, str, str]:
        """Earliest first; of one day what nobody has decided yet first."""
        return self.due_on, self.kind != "decide", self.name, self.domain, self.what


def due(reader: Reader, *, own: bool = True) -> list[Due]:
    """What waits for this reader, or with `own=False` for anybody about the children the reader sees; in order."""
    rows = [*_decisions(reader, own), *_actions(reader, own), *_reviews(reader, own), *_rechecks(reader, own)]
    return sorted(rows, key=lambda row: row.urgency)


def _near(reader: Reader, child: str) -> Q:
    """`visible_children_sql` for records that point to a child by the name `child`."""
    far = reach(reader, "see tasks")
    if far.everywhere:
        return Q()
    return Q(**{f"{child}__school_class__in": far.classes}) | Q(**{f"{child}__school__in": far.schools})


_CHILD = ("given_names", "family_name", "left_on")


def _decisions(reader: Reader, own: bool) -> Iterable[Due]:
    tasks = Task.objects.filter(_near(reader, "child"), state=Task.State.OPEN)
    rows = tasks.values_list("due_on", "child_id", "domain", *(f"child__{name}" for name in _CHILD))
    for due_on, child, domain, given, family, left in rows:
        if not own or takes_up_any(reader, domain):
            yield Due("decide", due_on, child, f"{given} {family}", domain, None, "", "", left=left is not None)


def takes_up_any(reader: Reader, domain: str) -> bool:
    return any(takes_up(role, domain) for role in reader.roles)


def _actions(reader: Reader, own: bool) -> Iterable[Due]:
    """An action for several children of a family is one row."""
    actions = Action.objects.filter(_near(reader, "need__children"), state=Action.State.OPEN)
    if own:
        actions = actions.filter(owner=reader.user_id)
    fields = ("id", "review_on", "need__domain", "owner_id", "owner__full_name", "what", "for_all", "by_id")
    rows = actions.values_list(*fields, "need__children__id", *(f"need__children__{name}" for name in _CHILD))
    seen: set[int] = set()
    for pk, day, domain, owner, owner_name, what, for_all, by, child, given, family, left in rows.order_by(
        "id", "need__children__given_names"
    ):
        if pk not in seen:
            seen.add(pk)
            told = what if for_all or reader.user_id in (owner, by) else ""
            name = f"{given} {family}"
            yield Due("action", day, child, name, domain, owner, owner_name, told, pk, left is not None)


def _reviews(reader: Reader, own: bool) -> Iterable[Due]:
    standing = NoAction.objects.filter(_near(reader, "case__child"), withdrawn_at=None)
    if own:
        standing = standing.filter(by=reader.user_id)
    rows = standing.values_list(
        "review_on", "case_id", "domain", "by_id", "by__full_name", "case__child_id",
        *(f"case__child__{name}" for name in _CHILD),
    )  # fmt: skip
    found = list(rows)
    red = Task.objects.filter(case__in={row[1] for row in found}).exclude(state=Task.State.FALLEN)
    cells = set(red.values_list("case_id", "domain")) if found else set()
    for day, case, domain, by, by_name, child, given, family, left in found:
        if (case, domain) in cells:
            yield Due("no action", day, child, f"{given} {family}", domain, by, by_name, "", left=left is not None)


def _rechecks(reader: Reader, own: bool) -> Iterable[Due]:
    closed = Plan.objects.filter(_near(reader, "child"), child__isnull=False, later=None).exclude(closed_at=None)
    if own:
        closed = closed.filter(closed_by=reader.user_id)
    rows = closed.values_list(
        "recheck_on", "child_id", "closed_by_id", "closed_by__full_name", *(f"child__{name}" for name in _CHILD)
    )
    for day, child, by, by_name, given, family, left in rows:
        yield Due("recheck", day, child, f"{given} {family}", "", by, by_name, "", left=left is not None)


# Reported


@dataclass(frozen=True)
class OverrideRate:
    """How often practitioners judge a domain otherwise than it was computed."""

    domain: str
    judged: int
    of: int


def override_rates(wave_id: str, *, schools: QuerySet) -> list[OverrideRate]:
    """For each domain of a wave at these schools: judgements that stand, of levels that are known."""
    cases = Case.objects.filter(wave=wave_id, child__school__in=schools, voices_heard__gt=0)
    levels: Counter[str] = Counter()
    for case in cases.only("levels"):
        levels.update(domain for domain, level in levels_of(case).items() if level != NOT_ENOUGH)
    standing = LevelOverride.objects.filter(case__in=cases, withdrawn_at=None)
    judged = Counter(standing.values_list("domain", flat=True))
    return [OverrideRate(domain, judged[domain], count) for domain, count in sorted(levels.items())]
