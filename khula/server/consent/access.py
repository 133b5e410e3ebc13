"""Who may: one policy, asked before every page, answering no unless a line of the tables below says yes.

In: a reader (a person's posts today), an action, and what it is about. Out: a `Decision` with its reason code, and
the same rule as a condition for the database (`visible_classes`, `visible_children_sql`, …).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Protocol

from django.db.models import Q, QuerySet

from khula.server.people.models import User
from khula.server.people.roles import Role
from khula.server.schools.models import Post, School, SchoolClass


class Scope(StrEnum):
    """How far a role's right reaches."""

    CLASS = "own class"
    SCHOOL = "own schools"
    OWN = "own devices"
    ALL = "everywhere"


class Sensitivity(StrEnum):
    """How carefully an answer is kept (column `khula::sensitivity` of a form)."""

    PUBLIC = "S0"
    ROSTER = "S1"
    ORDINARY = "S2"
    RESTRICTED = "S3"  # what a caregiver says about herself, a diagnosis, substance use
    SEALED = "S4"  # a disclosure of abuse


VOICES = ("child", "caregiver", "teacher", "health")
EVERY = "*"

#: role -> action -> how far. What is not here is refused.
_PLANS = ("see plan", "change plan", "see tasks", "see library")
_JUDGE = {"override level": Scope.SCHOOL}  # a practitioner's own judgement of a level
_TEAM = {"see board": Scope.SCHOOL, "see child": Scope.SCHOOL, "ask about child": Scope.SCHOOL}
_TEAM |= dict.fromkeys(_PLANS, Scope.SCHOOL)
GRANTS: Mapping[Role, Mapping[str, Scope]] = {
    Role.TEACHER: {"see board": Scope.CLASS, "see child": Scope.CLASS, "ask about child": Scope.CLASS}
    | dict.fromkeys((*_PLANS, "override level"), Scope.CLASS),
    Role.NURSE: _TEAM | _JUDGE,
    Role.SOCIAL_WORKER: _TEAM | _JUDGE,
    Role.PSYCHOLOGIST: _TEAM | _JUDGE,
    Role.COORDINATOR: _TEAM
    | {"see ledger": Scope.SCHOOL, "settle submission": Scope.SCHOOL, "see counts": Scope.SCHOOL}
    # Whoever works at her schools carries a tablet she made, and hands in files through her.
    | {"see devices": Scope.SCHOOL, "make device": Scope.SCHOOL, "revoke device": Scope.SCHOOL}
    | {"take in records": Scope.SCHOOL}
    # The library is one for the whole installation; every version of a line is kept with who wrote it.
    | {"edit library": Scope.SCHOOL}
    # What is owed belongs to no school; the page names no child and no answer.
    | {"see system": Scope.ALL, "put work back": Scope.ALL},
    Role.FIELDWORKER: {"see ledger": Scope.OWN, "ask about child": Scope.SCHOOL},
    Role.DISTRICT: {"see counts": Scope.SCHOOL},
    Role.RESEARCHER: {"see counts": Scope.SCHOOL},
    Role.ADMINISTRATOR: {
        "see ledger": Scope.ALL,
        "settle submission": Scope.ALL,
        "see packs": Scope.ALL,
        "publish pack": Scope.ALL,
        "see devices": Scope.ALL,
        "make device": Scope.ALL,
        "revoke device": Scope.ALL,
        "take in records": Scope.ALL,
        "see system": Scope.ALL,
        "put work back": Scope.ALL,
    },
}

#: role -> the domains it takes up first; all of the team see every domain, and may plan in each.
OWN_DOMAINS: Mapping[Role, tuple[str, ...]] = {
    Role.TEACHER: ("education",),
    Role.NURSE: ("health", "nutrition"),
    Role.SOCIAL_WORKER: ("nutrition", "economic", "protection", "psychosocial"),
    Role.PSYCHOLOGIST: ("education", "psychosocial"),
    Role.COORDINATOR: (EVERY,),
}
#: Granted in a role's own domains only.
IN_OWN_DOMAINS = frozenset({"override level"})

#: What only those named for it see. "see alerts" opens the page; which alerts stand on it is asked for each of them.
_SAFEGUARDING: Mapping[Role, Mapping[str, Scope]] = {
    **{role: {"see alerts": Scope.SCHOOL} for role in (Role.TEACHER, Role.NURSE, Role.PSYCHOLOGIST)},
    Role.SOCIAL_WORKER: {"see alerts": Scope.SCHOOL, "see concerns": Scope.SCHOOL},
    Role.COORDINATOR: {"see alerts": Scope.SCHOOL, "name designated": Scope.SCHOOL},
    Role.ADMINISTRATOR: {"name designated": Scope.ALL},
}
#: The duty to report is everyone's own: no role, no consent and no agreement stands before it.
GRANTS = {role: {**may, "report concern": Scope.SCHOOL, **_SAFEGUARDING.get(role, {})} for role, may in GRANTS.items()}

#: Paper: who asks about a child may write the answers on paper, and key them in.
_PRINT_AND_KEY = {"print forms": Scope.SCHOOL, "key paper": Scope.SCHOOL}
_PAPER: Mapping[Role, Mapping[str, Scope]] = {
    Role.TEACHER: {"print forms": Scope.CLASS, "key paper": Scope.CLASS},
    Role.NURSE: _PRINT_AND_KEY,
    Role.SOCIAL_WORKER: _PRINT_AND_KEY,
    Role.PSYCHOLOGIST: _PRINT_AND_KEY,
    Role.COORDINATOR: _PRINT_AND_KEY | {"look after paper": Scope.SCHOOL},
    Role.FIELDWORKER: {"key paper": Scope.SCHOOL},
}
GRANTS = {role: {**may, **_PAPER.get(role, {})} for role, may in GRANTS.items()}

#: Help: who can help, who was referred to whom and what came of it, what was delivered.
_HELP = ("see services", "see referrals", "see contacts", "refer child", "move referral", "log service")
_TEAM_HELPS = dict.fromkeys(_HELP, Scope.SCHOOL)
_SERVICES: Mapping[Role, Mapping[str, Scope]] = {
    Role.TEACHER: dict.fromkeys(_HELP, Scope.CLASS) | {"see services": Scope.SCHOOL},
    **dict.fromkeys((Role.NURSE, Role.SOCIAL_WORKER, Role.PSYCHOLOGIST), _TEAM_HELPS),
    # No referral may disappear: the coordinator sees each of them at her schools, those about safety too.
    Role.COORDINATOR: _TEAM_HELPS
    | dict.fromkeys(("edit services", "oversee referrals", "assign outcome", "see needs"), Scope.SCHOOL),
    Role.DISTRICT: {"see services": Scope.SCHOOL},
}
GRANTS = {role: {**may, **_SERVICES.get(role, {})} for role, may in GRANTS.items()}

#: Every action a view may declare.
ACTIONS = tuple(dict.fromkeys(action for grant in GRANTS.values() for action in grant))


@dataclass(frozen=True)
class AnswerRule:
    """A role may read the answers of this domain in this voice, up to this sensitivity."""

    domain: str
    voice: str
    up_to: Sensitivity


#: role -> whose answers, and the reasons that rest on them. All of the team see the six levels;
#: where no rule fits, the page says whom to ask.
ANSWERS: Mapping[Role, tuple[AnswerRule, ...]] = {
    Role.TEACHER: (
        AnswerRule("education", EVERY, Sensitivity.ORDINARY),
        AnswerRule(EVERY, "teacher", Sensitivity.SEALED),  # her own words
    ),
    Role.NURSE: (
        AnswerRule("health", EVERY, Sensitivity.RESTRICTED),
        AnswerRule("nutrition", EVERY, Sensitivity.RESTRICTED),
        AnswerRule(EVERY, "health", Sensitivity.SEALED),  # her own words
    ),
    Role.SOCIAL_WORKER: (AnswerRule(EVERY, EVERY, Sensitivity.SEALED),),
    Role.PSYCHOLOGIST: (
        AnswerRule("psychosocial", EVERY, Sensitivity.SEALED),
        AnswerRule("education", EVERY, Sensitivity.SEALED),
        AnswerRule("protection", EVERY, Sensitivity.SEALED),
    ),
    Role.COORDINATOR: (
        AnswerRule("health", EVERY, Sensitivity.ORDINARY),
        AnswerRule("nutrition", EVERY, Sensitivity.ORDINARY),
        AnswerRule("economic", EVERY, Sensitivity.ORDINARY),
        AnswerRule("education", EVERY, Sensitivity.ORDINARY),
        AnswerRule("psychosocial", EVERY, Sensitivity.ORDINARY),
    ),
}

#: A form that does not say how sensitive its questions are is read with care: these are kept as restricted.
UNMARKED_RESTRICTED = frozenset({("psychosocial", "caregiver"), ("protection", "child"), ("protection", "caregiver")})


@dataclass(frozen=True)
class Decision:
    """Yes or no, and the stable code of the reason."""

    allowed: bool
    reason: str

    def __bool__(self) -> bool:
        return self.allowed


class ChildPlace(Protocol):
    """Where a child belongs; a row of `schools.Child`, or anything with the same two columns."""

    school_id: int | None
    school_class_id: int | None


@dataclass(frozen=True)
class HeldPost:
    role: Role
    school_id: int | None  # None: at all schools
    class_id: int | None


@dataclass(frozen=True)
class Reader:
    """A person as the policy knows them: who, and which posts they hold today."""

    user_id: int
    posts: tuple[HeldPost, ...]

    @cached_property
    def roles(self) -> tuple[Role, ...]:
        return tuple(dict.fromkeys(post.role for post in self.posts))

    def granted(self, action: str) -> list[tuple[HeldPost, Scope]]:
        found = ((post, GRANTS.get(post.role, {}).get(action)) for post in self.posts)
        return [(post, scope) for post, scope in found if scope is not None]


def reader_of(user: User, on: date) -> Reader:
    """The reader behind a user on a day (one statement)."""
    held = Post.objects.filter(Q(until=None) | Q(until__gt=on), user_id=user.pk).order_by("id")
    rows = held.values_list("role", "school_id", "school_class_id")
    return Reader(user.pk, tuple(HeldPost(Role(role), school, klass) for role, school, klass in rows))


def can(
    reader: Reader,
    action: str,
    *,
    child: ChildPlace | None = None,
    school: int | None = None,
    domain: str | None = None,
    voice: str | None = None,
    sensitivity: str = "",
    tell: Iterable[str] = (),
    hide_from: Iterable[str] = (),
    named: bool = False,
) -> Decision:
    """May this reader do this? Without `child` and `school`: anywhere at all.

    `named`: the child's school has named this person to be told of alerts.
    """
    if not reader.posts:
        return Decision(False, "no_post")
    if action == "see alert" and named and child is not None:
        return _may_be_told_by_name(reader, child, hide_from)
    if action in ("see answers", "see alert"):
        return _can_read_about(reader, action, child, domain, voice, sensitivity, frozenset(tell), frozenset(hide_from))
    granted = reader.granted(action)
    if not granted:
        return Decision(False, "role_may_not")
    if domain is not None and action in IN_OWN_DOMAINS:
        granted = [(post, scope) for post, scope in granted if takes_up(post.role, domain)]
        if not granted:
            return Decision(False, "not_your_domain")
    if child is not None:
        return _decide(any(_reaches_child(post, scope, child) for post, scope in granted), "not_your_child")
    if school is not None:
        return _decide(any(_reaches_school(post, scope, school) for post, scope in granted), "not_your_school")
    return Decision(True, "granted")


def takes_up(role: Role, domain: str) -> bool:
    """Is this domain one of the role's own?"""
    own = OWN_DOMAINS.get(role, ())
    return domain in own or EVERY in own


def _decide(allowed: bool, otherwise: str) -> Decision:
    return Decision(True, "granted") if allowed else Decision(False, otherwise)


def _reaches_child(post: HeldPost, scope: Scope, child: ChildPlace) -> bool:
    if scope is Scope.CLASS:
        return post.class_id is not None and post.class_id == child.school_class_id
    return scope is Scope.ALL or (scope is Scope.SCHOOL and post.school_id in (None, child.school_id))


def _reaches_school(post: HeldPost, scope: Scope, school: int) -> bool:
    if scope is Scope.ALL:
        return True
    return scope in (Scope.SCHOOL, Scope.CLASS) and post.school_id in (None, school)


def _can_read_about(
    reader: Reader,
    action: str,
    child: ChildPlace | None,
    domain: str | None,
    voice: str | None,
    sensitivity: str,
    tell: frozenset[str],
    hide_from: frozenset[str],
) -> Decision:
    """Answers and alerts: the child within reach of a post, and that post's role named by the rule."""
    if child is None:
        return Decision(False, "no_child_named")
    near = {post.role for post, scope in reader.granted("see child") if _reaches_child(post, scope, child)}
    if not near:
        return Decision(False, "not_your_child")
    if action == "see alert":
        return _decide(bool(near & roles_told(tell, hide_from)), "not_told")
    kept = _kept(domain, voice, sensitivity)
    return _decide(any(_rule_fits(rule, domain, voice, kept) for role in near for rule in ANSWERS.get(role, ())),
                   "not_your_domain")  # fmt: skip


def _may_be_told_by_name(reader: Reader, child: ChildPlace, hide_from: Iterable[str]) -> Decision:
    """Whom the school has named is told whatever her role, unless the pack hides the alert from it."""
    there = {post.role for post in reader.posts if post.school_id in (None, child.school_id)}
    if not there:
        return Decision(False, "not_your_child")
    return _decide(not there & roles_named(hide_from), "not_told")


def roles_told(tell: Iterable[str], hide_from: Iterable[str]) -> set[Role]:
    """Whom an alert is for; one that names nobody we know still reaches somebody."""
    return (roles_named(tell) or {Role.SOCIAL_WORKER}) - roles_named(hide_from)


def roles_named(words: Iterable[str]) -> set[Role]:
    """The roles a pack names, however its author joined them: "social_worker, nurse", "Social worker nurse"."""
    text = "_" + "_".join("_".join(word.lower().split()) for word in words) + "_"
    return {role for role in Role if f"_{role.value}_" in text}


def _kept(domain: str | None, voice: str | None, sensitivity: str) -> Sensitivity:
    """The sensitivity an answer is treated with; an unknown mark is treated as the highest."""
    if not sensitivity:
        careful = (domain, voice) in UNMARKED_RESTRICTED
        return Sensitivity.RESTRICTED if careful else Sensitivity.ORDINARY
    return Sensitivity(sensitivity) if sensitivity in set(Sensitivity) else Sensitivity.SEALED


def may_be_printed(domain: str, voice: str, sensitivity: str) -> bool:
    """A sheet of paper goes from hand to hand: nothing restricted or sealed stands on it."""
    return _kept(domain, voice, sensitivity) <= Sensitivity.ORDINARY


def _rule_fits(rule: AnswerRule, domain: str | None, voice: str | None, kept: Sensitivity) -> bool:
    right_domain = rule.domain == domain or (rule.domain == EVERY and domain is not None)
    right_voice = rule.voice == voice or (rule.voice == EVERY and voice in VOICES)
    return right_domain and right_voice and kept <= rule.up_to


# --- the same rules for the database ---------------------------------------------------------------------------------


def visible_classes(reader: Reader) -> QuerySet[SchoolClass]:
    """The classes whose board this reader may see."""
    far = reach(reader, "see board")
    if far.everywhere:
        return SchoolClass.objects.all()
    return SchoolClass.objects.filter(Q(id__in=far.classes) | Q(school_id__in=far.schools))


def visible_children_sql(reader: Reader, child: str = "child", action: str = "see child") -> tuple[str, list[int]]:
    """A condition on the table `schools_child` under the name `child`, and its parameters."""
    far = reach(reader, action)
    if far.everywhere:
        return "1 = 1", []
    parts, params = [], []
    for column, ids in (("school_class_id", far.classes), ("school_id", far.schools)):
        if ids:
            parts.append(f"{child}.{column} IN ({', '.join(['%s'] * len(ids))})")
            params += ids
    return (f"({' OR '.join(parts)})", params) if parts else ("1 = 0", [])


@dataclass(frozen=True)
class AlertKind:
    """A critical answer as a pack names it, and whom the pack has told of it."""

    pack_version: int
    alert: str
    tell: tuple[str, ...]
    hide_from: tuple[str, ...]


def told_alerts_sql(reader: Reader, kinds: Iterable[AlertKind]) -> tuple[str, list[object]]:
    """`can(…, "see alert")` as a condition on `cases_raisedalert` as `alert` and `schools_child` as `child`.

    `kinds` are those that occur; one that is not among them is told to nobody.
    """
    known = [(kind, roles_told(kind.tell, kind.hide_from)) for kind in kinds]
    parts: list[str] = []
    params: list[object] = []
    for role in reader.roles:
        told = [(kind.pack_version, kind.alert) for kind, roles in known if role in roles]
        if told:
            posts = tuple(post for post in reader.posts if post.role is role)
            near, near_params = visible_children_sql(Reader(reader.user_id, posts))
            pairs = " OR ".join(["alert.pack_version_id = %s AND alert.alert = %s"] * len(told))
            parts.append(f"({near} AND ({pairs}))")
            params += [*near_params, *(part for pair in told for part in pair)]
    return (f"({' OR '.join(parts)})", params) if parts else ("1 = 0", [])


def schools_for(reader: Reader, action: str) -> QuerySet[School]:
    """The schools at which this reader may do this."""
    far = reach(reader, action)
    if far.everywhere:
        return School.objects.all()
    return School.objects.filter(Q(id__in=far.schools) | Q(classes__id__in=far.classes)).distinct()


def posts_that_may(action: str, child: ChildPlace, on: date) -> QuerySet[Post]:
    """`can(…, action, child=…)` turned round: the posts on a day whose holders may do this about the child."""
    reaches = Q(pk__in=())
    for role, grants in GRANTS.items():
        scope = grants.get(action)
        if scope is Scope.ALL:
            reaches |= Q(role=role)
        elif scope is Scope.SCHOOL:
            reaches |= Q(role=role) & (Q(school=None) | Q(school=child.school_id))
        elif scope is Scope.CLASS and child.school_class_id is not None:
            reaches |= Q(role=role, school_class=child.school_class_id)
    return Post.objects.filter(reaches, Q(until=None) | Q(until__gt=on), user__is_active=True)


@dataclass(frozen=True)
class Reach:
    everywhere: bool
    schools: list[int]
    classes: list[int]
    own: bool  # what came from the reader's own devices


def reach(reader: Reader, action: str) -> Reach:
    """How far the reader's posts reach for this action."""
    granted = reader.granted(action)
    everywhere = any(s is Scope.ALL or (s is Scope.SCHOOL and p.school_id is None) for p, s in granted)
    schools = {p.school_id for p, s in granted if s is Scope.SCHOOL and p.school_id is not None}
    classes = {p.class_id for p, s in granted if s is Scope.CLASS and p.class_id is not None}
    own = any(s is Scope.OWN for p, s in granted)
    return Reach(everywhere, sorted(schools), sorted(classes), own)
