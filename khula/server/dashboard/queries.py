"""What the pages read: a reader and what they ask for in, plain rows out; a fixed number of statements each.

Every statement carries the policy's own condition, so a child out of reach is as absent as one that does not exist.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

import msgspec
from django.db import connection
from django.db.models import Count, F, OuterRef, Q, Subquery

from khula.analysis.packs.pack import Pack
from khula.server.cases.models import Assessment, Case, RaisedAlert, Voice
from khula.server.collection.models import Submission
from khula.server.consent.access import (
    AlertKind,
    Reader,
    can,
    schools_for,
    told_alerts_sql,
    visible_children_sql,
    visible_classes,
)
from khula.server.events.queries import owed
from khula.server.packs.models import Form, PackVersion
from khula.server.people.models import User
from khula.server.schools.models import CareRelationship, School, SchoolClass
from khula.server.waves.models import Wave

# --- waves ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class WaveOfSchool:
    id: str
    number: int
    name: str
    pack_hash: str
    opens_on: date


def waves_of(school_id: int) -> list[WaveOfSchool]:
    """The waves of a school, oldest first."""
    rows = Wave.objects.filter(schools=school_id).order_by("number", "opens_on")
    return [WaveOfSchool(*row) for row in rows.values_list(*_WAVE)]


_WAVE = ("id", "number", "name", "pack_version__content_hash", "opens_on")


def pick_wave(waves: Sequence[WaveOfSchool], asked: str, on: date) -> tuple[WaveOfSchool | None, WaveOfSchool | None]:
    """The wave asked for by number, else the last that has opened; and the one before it."""
    chosen = next((n for n, wave in enumerate(waves) if str(wave.number) == asked), None)
    if chosen is None:
        opened = [n for n, wave in enumerate(waves) if wave.opens_on <= on]
        chosen = opened[-1] if opened else 0
    if not waves:
        return None, None
    return waves[chosen], waves[chosen - 1] if chosen else None


@lru_cache(maxsize=16)
def pack_of(content_hash: str) -> Pack:
    """The words of a published pack, without making its rules ready: a page that explains nothing needs no more."""
    content = PackVersion.objects.values_list("content", flat=True).get(content_hash=content_hash)
    return msgspec.json.decode(content, type=Pack)


# --- the class board -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class BoardChild:
    id: str
    case_id: int | None
    name: str
    family_name: str
    levels: dict[str, str]
    differ: frozenset[str]
    voices: int
    act_now: int
    watch: int
    levels_before: dict[str, str]


_BOARD = """
SELECT child.id, now.id, child.given_names, child.family_name,
       now.levels, now.differ, now.voices_heard, now.act_now, now.watch, then_.levels
FROM schools_child child
LEFT JOIN cases_case now ON now.child_id = child.id AND now.wave_id = %s
LEFT JOIN cases_case then_ ON then_.child_id = child.id AND then_.wave_id = %s
WHERE child.school_class_id = %s AND child.left_on IS NULL AND {visible}
"""


def class_seen_by(reader: Reader, class_id: int) -> SchoolClass | None:
    return visible_classes(reader).select_related("school").filter(pk=class_id).first()


def board(reader: Reader, class_id: int, wave_id: str | None, wave_before: str | None) -> list[BoardChild]:
    """The children of a class with their levels in a wave, in no order (one statement)."""
    visible, params = visible_children_sql(reader)
    with connection.cursor() as cursor:
        cursor.execute(_BOARD.format(visible=visible), [wave_id or "", wave_before or "", class_id, *params])
        return [_board_child(*row) for row in cursor.fetchall()]


def _board_child(
    child_id: str,
    case_id: int | None,
    given: str,
    family: str,
    levels: str,
    differ: str,
    voices: int,
    act: int,
    watch: int,
    before: str,
) -> BoardChild:
    return BoardChild(
        id=child_id,
        case_id=case_id,
        name=f"{given} {family}",
        family_name=family,
        levels=msgspec.json.decode(levels or "{}"),
        differ=frozenset(msgspec.json.decode(differ or "[]")),
        voices=voices or 0,
        act_now=act or 0,
        watch=watch or 0,
        levels_before=msgspec.json.decode(before or "{}"),
    )


# --- home ------------------------------------------------------------------------------------------------------------

CLASSES_A_PAGE = 30
_HOME = """
SELECT child.school_class_id, COALESCE(now.voices_heard, 0), COUNT(*), SUM(CASE WHEN now.act_now > 0 THEN 1 ELSE 0 END)
FROM schools_child child
LEFT JOIN cases_case now ON now.child_id = child.id AND {wave_now}
WHERE child.left_on IS NULL AND child.school_class_id IN ({classes}) AND {visible}
GROUP BY 1, 2
"""
_FIRST = """
SELECT child.id, child.given_names, child.family_name, child.school_class_id, now.act_now, now.watch, now.levels
FROM cases_case now JOIN schools_child child ON child.id = now.child_id
WHERE {wave_now} AND now.act_now > 0 AND child.left_on IS NULL AND {visible}
ORDER BY now.act_now DESC, now.watch DESC, child.family_name, child.given_names, child.id
LIMIT %s
"""


@dataclass(frozen=True)
class ClassRow:
    id: int
    name: str
    school: str
    school_id: int
    year: int
    children: int
    by_voices: tuple[int, ...]  # how many children have 0, 1, 2, 3, 4 voices
    act_now: int


@dataclass(frozen=True)
class FirstChild:
    id: str
    name: str
    class_id: int | None
    act_now: int
    watch: int
    levels: dict[str, str]


def classes_page(reader: Reader, page: int, *, earlier: bool = False) -> tuple[list[SchoolClass], bool]:
    """One page of the classes a reader sees this year (or saw earlier), by school; and whether there is a further."""
    start = (page - 1) * CLASSES_A_PAGE
    this_year = SchoolClass.objects.filter(school=OuterRef("school")).order_by("-year").values("year")[:1]
    found = visible_classes(reader).select_related("school").annotate(this_year=Subquery(this_year))
    found = found.filter(year__lt=F("this_year")) if earlier else found.filter(year=F("this_year"))
    found = found.order_by("school__name", "school_id", "-year", "grade", "name")
    classes = list(found[start : start + CLASSES_A_PAGE + 1])
    return classes[:CLASSES_A_PAGE], len(classes) > CLASSES_A_PAGE


def current_waves(reader: Reader, on: date) -> dict[int, WaveOfSchool]:
    """The wave that opened last at each school of the reader."""
    schools = schools_for(reader, "see board").values("id")
    rows = Wave.objects.filter(schools__in=schools, opens_on__lte=on).order_by("opens_on", "number")
    return {school: WaveOfSchool(*wave) for school, *wave in rows.values_list("schools", *_WAVE)}


def class_rows(reader: Reader, classes: Sequence[SchoolClass], waves: Mapping[int, WaveOfSchool]) -> list[ClassRow]:
    """How far each class is, and how many of its children need somebody now (one statement)."""
    counts: dict[int, Counter[int]] = {}
    act_now: Counter[int] = Counter()
    for class_id, voices, children, act in _rows(_HOME, reader, waves, [c.pk for c in classes]):
        counts.setdefault(class_id, Counter())[min(voices, 4)] += children
        act_now[class_id] += act or 0
    return [
        ClassRow(
            id=c.pk,
            name=c.name,
            school=c.school.name,
            school_id=c.school_id,
            year=c.year,
            children=sum(counts.get(c.pk, Counter()).values()),
            by_voices=tuple(counts.get(c.pk, Counter())[n] for n in range(5)),
            act_now=act_now[c.pk],
        )
        for c in classes
    ]


def who_first(reader: Reader, waves: Mapping[int, WaveOfSchool], most: int = 7) -> list[FirstChild]:
    """The children with the most domains that need somebody now."""
    return [
        FirstChild(row[0], f"{row[1]} {row[2]}", row[3], row[4], row[5], msgspec.json.decode(row[6]))
        for row in _rows(_FIRST, reader, waves, after=[most])
    ]


_ALERTS = """
SELECT child.id, child.given_names, child.family_name, child.school_id, child.school_class_id, now.id,
       alert.alert, alert.urgency, alert.raised_at, alert.still_true, pack.content_hash, COUNT(*) OVER ()
FROM cases_raisedalert alert
JOIN cases_case now ON now.id = alert.case_id
JOIN schools_child child ON child.id = now.child_id
JOIN packs_packversion pack ON pack.id = alert.pack_version_id
WHERE alert.acknowledged_at IS NULL AND {wave_now} AND child.left_on IS NULL AND {visible} AND {told}
ORDER BY CASE alert.urgency WHEN 'week' THEN 2 WHEN 'today' THEN 1 ELSE 0 END, alert.raised_at DESC, alert.id DESC
LIMIT %s
"""
_ALERT_KINDS = """
SELECT DISTINCT alert.pack_version_id, pack.content_hash, alert.alert
FROM cases_raisedalert alert
JOIN cases_case now ON now.id = alert.case_id
JOIN schools_child child ON child.id = now.child_id
JOIN packs_packversion pack ON pack.id = alert.pack_version_id
WHERE alert.acknowledged_at IS NULL AND {wave_now} AND child.left_on IS NULL AND {visible}
"""


@dataclass(frozen=True)
class OpenAlert:
    """A critical answer nobody has taken up, with the child's place for the policy."""

    name: str
    school_id: int
    school_class_id: int | None
    case_id: int
    alert: "AlertOfCase"
    pack_hash: str


def open_alerts(reader: Reader, waves: Mapping[int, WaveOfSchool], most: int) -> tuple[list[OpenAlert], int]:
    """The most urgent, and of these the newest, critical answers that this reader is told of; and how many there are
    (two statements).
    """
    kinds = _alert_kinds(reader, waves)
    if not kinds:
        return [], 0
    told, told_params = told_alerts_sql(reader, kinds)
    rows = _rows(_ALERTS.replace("{told}", told), reader, waves, after=[*told_params, most])
    alerts = [
        OpenAlert(
            f"{row[1]} {row[2]}", row[3], row[4], row[5], AlertOfCase(row[6], row[7], moment(row[8]), row[9]), row[10]
        )
        for row in rows
    ]
    return alerts, rows[0][11] if rows else 0


def _alert_kinds(reader: Reader, waves: Mapping[int, WaveOfSchool]) -> list[AlertKind]:
    """The kinds of critical answers that nobody has taken up about children the reader sees."""
    kinds = []
    for version, content_hash, name in _rows(_ALERT_KINDS, reader, waves):
        rule = pack_of(content_hash).alerts.get(name)
        kinds.append(AlertKind(version, name, rule.tell if rule else (), rule.hide_from if rule else ()))
    return kinds


def moment(at: datetime | str) -> datetime:
    """SQLite gives text where PostgreSQL gives a moment."""
    if isinstance(at, str):
        at = datetime.fromisoformat(at)
    return at if at.tzinfo else at.replace(tzinfo=connection.timezone)


def _rows(
    sql: str,
    reader: Reader,
    waves: Mapping[int, WaveOfSchool],
    class_ids: Sequence[int] = (),
    after: Sequence[object] = (),
) -> list[tuple]:
    """Run one of the statements above, each school in its own wave; an empty list of ids matches nothing."""
    classes = list(class_ids) or [0]
    wave_now, wave_params = _wave_now(waves)
    visible, params = visible_children_sql(reader)
    named_classes = classes if "{classes}" in sql else []
    with connection.cursor() as cursor:
        cursor.execute(
            sql.format(wave_now=wave_now, classes=_places(classes), visible=visible),
            [*wave_params, *named_classes, *params, *after],
        )
        return cursor.fetchall()


def _wave_now(waves: Mapping[int, WaveOfSchool]) -> tuple[str, list[object]]:
    """A condition on `now` and `child`: the case is of the wave the child's school is in, not of one it is past."""
    if not waves:
        return "1 = 0", []
    ids = sorted({wave.id for wave in waves.values()})
    by_school = " ".join(["WHEN %s THEN %s"] * len(waves))
    pairs = [part for school, wave in sorted(waves.items()) for part in (school, wave.id)]
    return f"now.wave_id IN ({_places(ids)}) AND now.wave_id = CASE child.school_id {by_school} END", [*ids, *pairs]


def _places(values: Sequence[object]) -> str:
    return ", ".join(["%s"] * len(values))


# --- the child page --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ChildFacts:
    id: str
    name: str
    given_names: str
    sex: str
    birth_date: date | None
    birth_date_estimated: bool
    school_id: int
    school_class_id: int | None
    class_name: str
    grade: str
    school: str
    home_language: str
    caregiver: str
    relation: str


_CHILD = """
SELECT child.id, child.given_names, child.family_name, child.sex, child.birth_date, child.birth_date_estimated,
       child.school_id, child.school_class_id, class.name, class.grade, school.name, child.home_language
FROM schools_child child
JOIN schools_school school ON school.id = child.school_id
LEFT JOIN schools_schoolclass class ON class.id = child.school_class_id
WHERE child.id = %s AND {visible}
"""


def child_seen_by(reader: Reader, child_id: str) -> ChildFacts | None:
    """The child, if the reader may see it; else nothing, as for a child that does not exist."""
    visible, params = visible_children_sql(reader)
    with connection.cursor() as cursor:
        cursor.execute(_CHILD.format(visible=visible), [child_id, *params])
        row = cursor.fetchone()
    if row is None:
        return None
    care = CareRelationship.objects.filter(child_id=child_id, primary=True, until=None)
    caregiver, relation = care.values_list("caregiver__full_name", "relation").first() or ("", "")
    born = date.fromisoformat(row[4]) if isinstance(row[4], str) else row[4]
    return ChildFacts(
        id=row[0],
        name=f"{row[1]} {row[2]}",
        given_names=row[1],
        sex=row[3],
        birth_date=born,
        birth_date_estimated=bool(row[5]),
        school_id=row[6],
        school_class_id=row[7],
        class_name=row[8] or "",
        grade=row[9] or "",
        school=row[10],
        home_language=row[11],
        caregiver=caregiver,
        relation=relation,
    )


@dataclass(frozen=True)
class CaseOfWave:
    case_id: int
    wave_id: str
    levels: dict[str, str]
    differ: frozenset[str]
    voices: int
    school_id: int | None  # where the child was then; None where that is not known
    school_class_id: int | None


def case_place(case_id: int) -> tuple[str, str] | None:
    """(child, wave) of a case; whether the reader may see the child is asked with the child."""
    return Case.objects.filter(pk=case_id).values_list("child_id", "wave_id").first()


def cases_of(child_id: str) -> dict[str, CaseOfWave]:
    """The child's cases by wave."""
    rows = Case.objects.filter(child_id=child_id).values_list(
        "id", "wave_id", "levels", "differ", "voices_heard", "school_class__school_id", "school_class_id"
    )
    return {
        wave: CaseOfWave(pk, wave, msgspec.json.decode(levels), frozenset(msgspec.json.decode(differ)), voices, *place)
        for pk, wave, levels, differ, voices, *place in rows
    }


def waves_elsewhere(
    reader: Reader, here: Iterable[WaveOfSchool], cases: Mapping[str, CaseOfWave]
) -> list[WaveOfSchool]:
    """Waves in which the child was at another school, where the reader could see it there too; oldest first."""
    known = {wave.id for wave in here}
    seen = [
        case.wave_id
        for case in cases.values()
        if case.wave_id not in known and case.school_id is not None and can(reader, "see child", child=case)
    ]
    if not seen:
        return []
    rows = Wave.objects.filter(pk__in=seen).order_by("opens_on", "number")
    return [WaveOfSchool(*row) for row in rows.values_list(*_WAVE)]


def schools_named(ids: Iterable[int | None]) -> dict[int, str]:
    wanted = {pk for pk in ids if pk is not None}
    return dict(School.objects.filter(pk__in=wanted).values_list("pk", "name")) if wanted else {}


@dataclass(frozen=True)
class LatestAssessment:
    result: dict
    pack_name: str
    pack_version: str
    pack_hash: str
    input_hash: str
    at: datetime


def latest_assessment(case_id: int) -> LatestAssessment | None:
    """What the team goes by: what other pack versions made of the same answers stands beside it (`reassess`)."""
    rows = Assessment.objects.filter(case_id=case_id, pack_version=F("case__wave__pack_version")).order_by("-id")
    row = rows.values_list(
        "result", "pack_version__name", "pack_version__version", "pack_version__content_hash", "input_hash", "at"
    ).first()
    return LatestAssessment(msgspec.json.decode(row[0]), *row[1:]) if row else None


@dataclass(frozen=True)
class HeardVoice:
    informant: str
    answers: dict[str, str]
    asked_on: date | None
    pack_hash: str
    kept: frozenset[str] = frozenset()  # questions whose answers stand in the version before: under seal


def voices_of(case_id: int) -> dict[str, HeardVoice]:
    rows = Voice.objects.filter(case_id=case_id, current=True)
    return {
        row[0]: HeardVoice(row[0], msgspec.json.decode(row[1]), row[2], row[3], frozenset(row[4].split()))
        for row in rows.values_list("informant", "answers", "asked_on", "pack_version__content_hash", "kept")
    }


@dataclass(frozen=True)
class AlertOfCase:
    alert: str
    urgency: str
    raised_at: datetime
    still_true: bool


def alerts_of(case_id: int) -> list[AlertOfCase]:
    rows = RaisedAlert.objects.filter(case_id=case_id).order_by("raised_at", "id")
    return [AlertOfCase(*row) for row in rows.values_list("alert", "urgency", "raised_at", "still_true")]


# --- counts ----------------------------------------------------------------------------------------------------------

_LEVELS = {
    "sqlite": "json_each(c.levels)",
    "postgresql": "json_each_text(c.levels::json)",
}
_COUNTS = """
SELECT c.wave_id, one.key, one.value, COUNT(*)
FROM cases_case c CROSS JOIN {levels} one JOIN schools_child child ON child.id = c.child_id
WHERE child.school_id IN ({schools}) AND c.voices_heard > 0 GROUP BY 1, 2, 3
"""


@dataclass(frozen=True)
class LevelCount:
    wave_id: str
    domain: str
    level: str
    children: int


def level_counts(schools: Sequence[int]) -> list[LevelCount]:
    """How many children somebody has spoken of stand at each level of each domain in each wave, at these schools."""
    if not schools:
        return []
    sql = _COUNTS.format(levels=_LEVELS[connection.vendor], schools=_places(schools))
    with connection.cursor() as cursor:
        cursor.execute(sql, list(schools))
        return [LevelCount(*row) for row in cursor.fetchall()]


def schools_counted(reader: Reader, school: int | None) -> list[School]:
    found = schools_for(reader, "see counts").order_by("name", "id")
    return [one for one in found if school in (None, one.pk)]


def waves_counted(schools: Sequence[int]) -> list[tuple[str, int, str]]:
    rows = Wave.objects.filter(schools__in=schools).order_by("opens_on", "number").distinct()
    return list(rows.values_list("id", "number", "name"))


def children_counted(schools: Sequence[int]) -> int:
    return School.objects.filter(pk__in=schools).aggregate(n=Count("children", filter=Q(children__left_on=None)))["n"]


# --- packs and devices -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PackVersionRow:
    id: int
    name: str
    version: str
    published_at: datetime
    published_by: str
    forms: list[tuple[str, str, str]]  # informant, version, state


def pack_versions() -> list[PackVersionRow]:
    """Published versions, newest first, with their forms; without their content (two statements)."""
    forms: dict[int, list[tuple[str, str, str]]] = {}
    for pack_version, *form in Form.objects.order_by("id").values_list(
        "pack_version_id", "informant", "version", "state"
    ):
        forms.setdefault(pack_version, []).append((form[0], form[1], form[2]))
    rows = PackVersion.objects.order_by("-published_at", "-id").values_list(
        "id", "name", "version", "published_at", "published_by__full_name"
    )
    return [PackVersionRow(*row[:4], row[4] or "", forms.get(row[0], [])) for row in rows]


def person_named(user_id: int) -> User | None:
    return User.objects.filter(pk=user_id, is_active=True).first()


# --- the system ------------------------------------------------------------------------------------------------------


#: That there is an alert or a report is told to nobody who is not told of it: what is owed of one has no kind here.
SEALED_KINDS = ("alert.", "concern.")


def events_owed() -> list[tuple[str, str, str, int]]:
    """(kind, state, problem, how many) of what has happened and is not yet followed up."""
    kinds = owed().values_list("kind", "state", "problem")
    counted = kinds.annotate(n=Count("id")).order_by("state", "kind", "problem")
    return [("…" if kind.startswith(SEALED_KINDS) else kind, *rest) for kind, *rest in counted]


def last_received() -> datetime | None:
    return Submission.objects.order_by("-id").values_list("received_at", flat=True).first()
