"""Reading sheets: what may be printed for a class, what a sheet asks, what waits, how often two persons differed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from django.db.models import Count, Exists, OuterRef, Q, Sum
from django.utils import timezone

from khula.server.collection.lists import LEARNERS
from khula.server.collection.models import Entity
from khula.server.consent.access import VOICES, Reader, can, reach, reader_of
from khula.server.keyed.codes import read_code
from khula.server.keyed.models import Decision, Keying, KeyingRule, Sheet
from khula.server.keyed.paper_form import Item, refusals, sheet_of
from khula.server.packs.models import Form
from khula.server.packs.queries import plan_of_form
from khula.server.people.models import User
from khula.server.schools.models import Child, Post, School, SchoolClass
from khula.server.waves.models import Assignment, Wave
from khula.server.waves.queries import current_wave_of_school

Json = Any
KEY = "key paper"
PRINT = "print forms"
MOST_LISTED = 200
texts = msgspec.json.Decoder(dict[str, str]).decode
decode = msgspec.json.Decoder().decode


# --- printing ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PrintableForm:
    form: Form
    languages: tuple[str, ...]
    cannot: tuple[str, ...]  # what paper cannot ask of it; printed only when empty


def class_printed_by(reader: Reader, class_id: int) -> SchoolClass | None:
    """The class, if this reader may print for it."""
    found = SchoolClass.objects.select_related("school").filter(pk=class_id).first()
    return found if found is not None and can(reader, PRINT, child=_place(found)) else None


@dataclass(frozen=True)
class _Place:
    school_id: int
    school_class_id: int


def _place(school_class: SchoolClass) -> _Place:
    return _Place(school_class.school_id, school_class.pk)


def children_printed(school_class: SchoolClass) -> list[Child]:
    children = Child.objects.filter(school_class=school_class, left_on=None)
    return list(children.order_by("family_name", "given_names", "pk"))


def wave_printed(school_id: int) -> Wave | None:
    return current_wave_of_school(school_id, on=timezone.localdate())


def forms_printed(wave: Wave) -> list[PrintableForm]:
    """One form for each voice of the wave's pack."""
    offered = Form.objects.filter(pack_version=wave.pack_version_id).exclude(state=Form.State.CLOSED)
    forms = {form.informant: form for form in offered.order_by("pk")}
    return [_printable(forms[voice]) for voice in VOICES if voice in forms]


def _printable(form: Form) -> PrintableForm:
    plan = plan_of(form.pk)
    if plan is None:
        return PrintableForm(form, (), (form.form_id,))
    return PrintableForm(form, tuple(plan["langs"]), tuple(refusals(plan)))


def plan_of(form_pk: int) -> Json:
    kept = plan_of_form(form_pk)
    return decode(kept[0]) if kept is not None else None


def heard(wave_id: str, child_ids: Sequence[str]) -> set[tuple[str, str]]:
    """(child, informant) of the voices that are in already."""
    rows = Assignment.objects.filter(wave_id=wave_id, child_id__in=child_ids, heard_on__isnull=False)
    return set(rows.values_list("child_id", "informant"))


def facts_of(children: Sequence[Child], wave: Wave) -> dict[str, str]:
    """Child -> its row of the list of learners as JSON, as a tablet would carry it into this wave."""
    rows = Entity.objects.filter(entity_list__name=LEARNERS, pk__in=[child.pk for child in children])
    listed = {pk: texts(data) for pk, data in rows.values_list("pk", "data")}
    return {child.pk: _written(child, wave, listed.get(child.pk, {})) for child in children}


def _written(child: Child, wave: Wave, listed: Mapping[str, str]) -> str:
    own = {
        "given_names": child.given_names,
        "family_name": child.family_name,
        "sex": child.sex,
        "birth_date": child.birth_date.isoformat() if child.birth_date else "",
        "grade": child.school_class.grade if child.school_class else "",
        "language": child.home_language,
    }
    return msgspec.json.encode({**own, **listed, "name": child.pk, "label": str(child), "wave": wave.pk}).decode()


# --- a sheet ----------------------------------------------------------------------------------------------------------


def sheet_for(reader: Reader, typed: str) -> Sheet | None:
    """The sheet of a code, if this reader may key it. Raises NotACode."""
    code = read_code(typed)
    found = Sheet.objects.select_related("child", "wave", "form", "school", "school_class").filter(code=code).first()
    return found if found is not None and can(reader, KEY, child=found) else None


@dataclass(frozen=True)
class Paper:
    """What a sheet asks."""

    plan: Json
    facts: Mapping[str, str]
    items: tuple[Item, ...]


def paper_of(sheet: Sheet, language: str) -> Paper:
    plan, facts = plan_of(sheet.form_id), texts(sheet.facts)
    return Paper(plan, facts, sheet_of(plan, facts, timezone.localdate(sheet.printed_at), language))


def unfinished(sheet_id: int, user_id: int) -> dict[str, str]:
    """What this person has typed so far."""
    typed = Keying.objects.filter(sheet_id=sheet_id, by_id=user_id, nth=None).values_list("typed", flat=True).first()
    return texts(typed) if typed else {}


@dataclass(frozen=True)
class Keyed:
    by_id: int
    by: str
    nth: int
    answers: Mapping[str, str]
    same_person: bool


def keyings(sheet_id: int) -> list[Keyed]:
    """The finished ones, in their order."""
    rows = Keying.objects.filter(sheet_id=sheet_id).exclude(nth=None).order_by("nth")
    return [
        Keyed(by_id, by, nth, texts(answers), same)
        for by_id, by, nth, answers, same in rows.values_list("by_id", "by__username", "nth", "answers", "same_person")
    ]


def differences(first: Mapping[str, str], second: Mapping[str, str]) -> list[str]:
    """Places in the form at which two keyings differ."""
    return [place for place in {**first, **second} if first.get(place, "") != second.get(place, "")]


def agreed_answers(sheet_id: int) -> dict[str, str]:
    """What both persons keyed, or the one; where they differed, what was decided."""
    first = dict(keyings(sheet_id)[0].answers)
    for place, answer in Decision.objects.filter(sheet_id=sheet_id).values_list("question", "answer"):
        first[place] = answer
    return {place: answer for place, answer in first.items() if answer}


def undecided(sheet_id: int) -> list[str]:
    done = keyings(sheet_id)
    decided = set(Decision.objects.filter(sheet_id=sheet_id).values_list("question", flat=True))
    return [place for place in differences(done[0].answers, done[1].answers) if place not in decided]


def keyed_once_will_do(school_id: int) -> bool:
    return KeyingRule.objects.filter(school_id=school_id, once=True).exists()


def nobody_else_keys(sheet: Sheet, user_id: int) -> bool:
    """Whether no other person may key this sheet today."""
    today = timezone.localdate()
    held = Post.objects.filter(Q(until=None) | Q(until__gt=today), Q(school=sheet.school_id) | Q(school=None))
    others = User.objects.filter(pk__in=held.values("user_id"), is_active=True).exclude(pk=user_id)
    return not any(can(reader_of(other, today), KEY, child=sheet) for other in others)


# --- what waits -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class WaitingSheet:
    code: str
    child: str
    class_name: str
    informant: str
    state: str
    mine: bool  # this reader keyed it already


def waiting_sheets(reader: Reader) -> list[WaitingSheet]:
    """Sheets somebody began to key and that are not in yet; those to decide first."""
    far = reach(reader, KEY)
    here = Q() if far.everywhere else Q(school__in=far.schools) | Q(school_class__in=far.classes)
    own = Keying.objects.filter(sheet=OuterRef("pk"), by=reader.user_id).exclude(nth=None)
    begun = (Sheet.State.DIFFERS, Sheet.State.AGREED, Sheet.State.ONCE)
    rows = Sheet.objects.filter(here, state__in=begun).annotate(mine=Exists(own)).order_by("state", "pk")
    names = (
        "code",
        "child__given_names",
        "child__family_name",
        "school_class__name",
        "form__informant",
        "state",
        "mine",
    )
    found = [
        WaitingSheet(code, f"{given} {family}", name or "", informant, state, bool(mine))
        for code, given, family, name, informant, state, mine in rows.values_list(*names)[:MOST_LISTED]
    ]
    return sorted(found, key=lambda one: begun.index(Sheet.State(one.state)))


@dataclass(frozen=True)
class SchoolCount:
    school: School
    printed: int
    waiting: int
    handed_in: int
    compared: int
    differed: int
    once: bool

    @property
    def per_cent(self) -> float | None:
        return 100 * self.differed / self.compared if self.compared else None


def school_counts(reader: Reader) -> list[SchoolCount]:
    """How far the paper of each school is that this reader looks after, and how often two persons differed."""
    far = reach(reader, "look after paper")
    schools = School.objects.all() if far.everywhere else School.objects.filter(pk__in=far.schools)
    counted = {
        row["school"]: row
        for row in Sheet.objects.order_by()
        .values("school")
        .annotate(
            printed=Count("pk"),
            handed_in=Count("pk", filter=Q(state=Sheet.State.HANDED_IN)),
            untouched=Count("pk", filter=Q(state=Sheet.State.PRINTED)),
            compared=Sum("compared"),
            differed=Sum("differed"),
        )
    }
    once = set(KeyingRule.objects.filter(once=True).values_list("school_id", flat=True))
    none = {"printed": 0, "handed_in": 0, "untouched": 0, "compared": 0, "differed": 0}
    return [
        SchoolCount(
            school=school,
            printed=row["printed"],
            waiting=row["printed"] - row["handed_in"] - row["untouched"],
            handed_in=row["handed_in"],
            compared=row["compared"],
            differed=row["differed"],
            once=school.pk in once,
        )
        for school in schools.order_by("name", "pk")
        for row in (counted.get(school.pk, none),)
    ]
