"""The questions of Form 22 in one table: the page that asks them, what is filled in beforehand, and the paper, read it.

Children's Act 38 of 2005, section 110, regulation 33. The headings follow the form as practitioners know it; they must
be checked against the gazetted form before real use (docs/how-to/report-a-concern.md).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from khula.server.paper.sheet import Fields, Heading, Lines, Part, Ticks, Words, pdf
from khula.server.people.models import User
from khula.server.people.roles import Role
from khula.server.safeguarding.models import Concern, ConcernRecord, ConcernVersion
from khula.server.schools.languages import own_name
from khula.server.schools.models import Child, School
from khula.server.schools.queries import posts_of, primary_caregiver

Text = str | Promise
Choices = Sequence[tuple[str, Text]]
MOST_LETTERS = 4000


@dataclass(frozen=True)
class Field:
    name: str
    label: Text
    kind: str = "text"  # text, area, choice, ticks
    choices: Choices = ()
    hint: Text = ""


@dataclass(frozen=True)
class Section:
    title: Text
    fields: Sequence[Field]


YES_NO: Choices = (("yes", lazy("Yes")), ("no", lazy("No")), ("unknown", lazy("Not known")))
CATEGORIES: Choices = (
    ("physical", lazy("Physical abuse that caused injury")),
    ("sexual", lazy("Sexual abuse")),
    ("neglect", lazy("Deliberate neglect")),
    ("emotional", lazy("Emotional abuse")),
    ("care", lazy("In need of care and protection")),
)
SECTIONS: Sequence[Section] = (
    Section(lazy("1. What is reported"), (
        Field("categories", lazy("Tick what applies"), "ticks", CATEGORIES),
        Field("seen", lazy("What was seen or heard, and when"), "area",
              hint=lazy("Facts only. Write what the child said in the child’s own words. Ask the child no questions.")),
        Field("injuries", lazy("Injuries or other signs on the body"), "area"),
        Field("behaviour", lazy("Changes in how the child behaves"), "area"),
        Field("incident_date", lazy("Day of the incident, if known")),
        Field("incident_place", lazy("Place of the incident, if known")),
        Field("risk", lazy("How great is the risk to the child now?"), "choice",
              (("mild", lazy("Mild")), ("moderate", lazy("Moderate")), ("severe", lazy("Severe")),
               ("unknown", lazy("Not known")))),
        Field("source", lazy("Who told you"), "choice",
              (("child", lazy("The child")), ("relative", lazy("A relative")), ("parent", lazy("A parent")),
               ("neighbour", lazy("A neighbour or friend")), ("professional", lazy("A professional")),
               ("self", lazy("I saw it myself")), ("other", lazy("Somebody else")))),
    )),
    Section(lazy("2. The child"), (
        Field("child_surname", lazy("Surname")),
        Field("child_names", lazy("First names")),
        Field("child_sex", lazy("Boy or girl"), "choice", (("female", lazy("Girl")), ("male", lazy("Boy")))),
        Field("child_birth", lazy("Date of birth or age")),
        Field("child_id", lazy("Identity or passport number, if known")),
        Field("child_language", lazy("Language the child speaks at home")),
        Field("school", lazy("School")),
        Field("school_emis", lazy("EMIS number of the school")),
        Field("grade", lazy("Grade and class")),
        Field("child_address", lazy("Where the child lives"), "area"),
        Field("child_safe", lazy("Where the child is now, and with whom"), "area"),
    )),
    Section(lazy("3. Parents or caregiver"), (
        Field("caregiver", lazy("Name of the caregiver")),
        Field("caregiver_relation", lazy("Who the caregiver is to the child")),
        Field("caregiver_contact", lazy("Address and telephone of the caregiver"), "area"),
        Field("parents", lazy("Names and addresses of the parents, if others"), "area"),
        Field("other_children", lazy("Other children in the home who may be at risk"), "area"),
    )),
    Section(lazy("4. A person the child trusts"), (
        Field("trusted", lazy("Name")),
        Field("trusted_contact", lazy("Address and telephone"), "area"),
    )),
    Section(lazy("5. The person said to have done it"), (
        Field("abuser_known", lazy("Is the person known?"), "choice", YES_NO),
        Field("abuser", lazy("Name")),
        Field("abuser_relation", lazy("Who this person is to the child")),
        Field("abuser_where", lazy("Where this person is now, and whether the child can be reached by them"), "area"),
    )),
    Section(lazy("6. Help by a doctor or nurse"), (
        Field("medical", lazy("Has a doctor or nurse seen the child?"), "choice", YES_NO),
        Field("medical_where", lazy("Who, where and when"), "area"),
    )),
    Section(lazy("7. The police"), (
        Field("police", lazy("Do the police know?"), "choice", YES_NO),
        Field("police_case", lazy("Station, case number and officer"), "area"),
    )),
    Section(lazy("8. The person who reports"), (
        Field("reporter", lazy("Name")),
        Field("reporter_capacity", lazy("Work or profession")),
        Field("reporter_place", lazy("Place of work")),
        Field("reporter_contact", lazy("Telephone and address"), "area"),
    )),
)  # fmt: skip
FIELDS: Mapping[str, Field] = {field.name: field for section in SECTIONS for field in section.fields}


def understood(posted: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """What came from the page, as it is kept: no field that is not in the table, no choice that is not offered."""
    kept = {}
    for name, field in FIELDS.items():
        given = [one for one in posted.get(name, ()) if not field.choices or one in dict(field.choices)]
        if field.kind != "ticks":
            given = given[:1]
        # PostgreSQL knows no text with a NUL in it.
        kept[name] = " ".join(given).replace("\0", "").replace("\r\n", "\n").strip()[:MOST_LETTERS]
    return kept


def missing(content: Mapping[str, str]) -> list[str]:
    """The fields without which the form cannot be completed."""
    lacking = [name for name in ("categories", "seen", "reporter") if not content.get(name)]
    if not content.get("child_names") and not content.get("child_surname"):
        lacking.append("child_names")
    return lacking


# --- filled in beforehand --------------------------------------------------------------------------------------------


def filled_in(*, reporter: User, school: School, child: Child | None) -> dict[str, str]:
    """What Khula knows already: the person who reports, the school, and of a child what stands on its page."""
    content = dict.fromkeys(FIELDS, "") | _of_reporter(reporter, school)
    content |= {"school": school.name, "school_emis": school.emis_number}
    return content | _of_child(child) if child else content


def _of_reporter(reporter: User, school: School) -> dict[str, str]:
    posts = posts_of(reporter.pk, on=timezone.localdate())
    roles = [str(Role(post.role).label) for post in posts if post.school_id in (None, school.pk)]
    return {
        "reporter": reporter.full_name,
        "reporter_capacity": ", ".join(dict.fromkeys(roles)),
        "reporter_place": school.name,
    }


def _of_child(child: Child) -> dict[str, str]:
    care = primary_caregiver(child.pk, on=timezone.localdate())
    born = child.birth_date.isoformat() if child.birth_date else ""
    if born and child.birth_date_estimated:
        born = _("%(day)s (estimated)") % {"day": born}
    klass = child.school_class
    return {
        "child_surname": child.family_name,
        "child_names": child.given_names,
        "child_sex": child.sex,
        "child_birth": born,
        "child_language": own_name(child.home_language),
        "grade": _("Grade %(grade)s, class %(name)s") % {"grade": klass.grade, "name": klass.name} if klass else "",
        "caregiver": care.caregiver.full_name if care else "",
        "caregiver_relation": care.relation if care else "",
    }


# --- on paper --------------------------------------------------------------------------------------------------------


def printed(concern: Concern, version: ConcernVersion, content: Mapping[str, str]) -> bytes:
    """Form 22 as PDF, in English as the offices that take it read it."""
    with translation.override("en"):
        records = list(concern.records.order_by("pk"))
        title = _("Form 22: reporting of abuse or deliberate neglect of a child")
        return pdf([*_head(concern, version, title, records), *_body(content), *_signed(records)], title=title,
                   language="en", foot=_("Form 22, confidential"))  # fmt: skip


def _head(concern: Concern, version: ConcernVersion, title: str, records: Sequence[ConcernRecord]) -> list[Part]:
    kept = timezone.localtime(version.at)
    state = _("Version %(n)s, saved %(at)s") % {"n": version.number, "at": f"{kept:%Y-%m-%d %H:%M}"}
    draft = [Words(_("DRAFT: not completed"), strong=True)] if concern.state == Concern.State.DRAFT else []
    to = {record.to for record in records}
    return [
        Heading(title, 1),
        Words(_("Section 110 of the Children’s Act 38 of 2005 (regulation 33). One form for each child.")),
        *draft,
        Words(state, small=True),
        Ticks(_("To"), [(str(words), code in to) for code, words in ConcernRecord.To.choices if code != "nobody"]),
    ]


def _body(content: Mapping[str, str]) -> list[Part]:
    parts: list[Part] = []
    for section in SECTIONS:
        parts.append(Heading(str(section.title)))
        for field in section.fields:
            parts += _on_paper(field, content.get(field.name, ""))
    return parts


def _on_paper(field: Field, value: str) -> list[Part]:
    if field.choices:
        chosen = value.split()
        return [Ticks(str(field.label), [(str(words), code in chosen) for code, words in field.choices])]
    lines: list[Part] = [Lines(2)] if field.kind == "area" and not value else []
    return [Fields([(str(field.label), value)]), *lines]


def _signed(records: Sequence[ConcernRecord]) -> list[Part]:
    """Handed in: what is known of it, and room to sign."""
    parts: list[Part] = [
        Heading(_("Signed")),
        Fields([(_("Signature of the person who reports"), ""), (_("Date and place"), "")]),
    ]
    for record in records:
        if record.reported_at is not None:
            at = f"{timezone.localtime(record.reported_at):%Y-%m-%d %H:%M}"
            how = ConcernRecord.How(record.how).label if record.how else ""
            rows = [(_("Handed to"), f"{ConcernRecord.To(record.to).label} – {record.office}"), (_("When"), at),
                    (_("How"), str(how)), (_("Reference or receipt"), record.receipt)]  # fmt: skip
            parts += [Heading(_("Received by")), Fields(rows)]
    if not any(record.reported_at for record in records):
        rows = [(_("Name and office"), ""), (_("Date and time"), ""), (_("Reference or receipt"), ""),
                (_("Signature"), "")]  # fmt: skip
        parts += [Heading(_("Received by")), Fields(rows)]
    return parts
