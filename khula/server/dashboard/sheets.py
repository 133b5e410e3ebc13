"""A reader and a child or a class in; the parts of a sheet of paper out: SNA 1, SNA 2, child sheet, class sheet.

Paper goes from hand to hand. On it stands only what this reader may be told and what may be printed at all
(`may_be_printed`): nothing restricted, nothing sealed, no alert, and no report of concern.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from khula.server.consent.access import HeldPost, Reader, can
from khula.server.dashboard.child_story import DomainStory, Telling
from khula.server.dashboard.queries import BoardChild, ChildFacts, HeardVoice
from khula.server.dashboard.status import HIGH, MEDIUM, VOICES, DomainLook, status_of
from khula.server.paper.sheet import Fields, Heading, Lines, Part, Table, Ticks, Words
from khula.server.people.roles import Role
from khula.server.plans.models import Action, Need
from khula.server.schools.languages import own_name
from khula.server.schools.models import Enrolment, School


@dataclass(frozen=True)
class InLearnerProfile(Telling):
    """A form that goes into the Learner Profile: what this reader may be told and the class teacher may read."""

    def may(self, domain: str, voice: str, sensitivity: str = "") -> bool:
        post = HeldPost(Role.TEACHER, self.child.school_id, self.child.school_class_id)
        about = {"child": self.child, "domain": domain, "voice": voice, "sensitivity": sensitivity}
        return super().may(domain, voice, sensitivity) and bool(can(Reader(0, (post,)), "see answers", **about))


CONFIDENTIAL = "Confidential: this paper is kept in the Learner Profile."


@dataclass(frozen=True)
class Case:
    """What this reader is told of one child in one wave."""

    child: ChildFacts
    school: School
    wave: str
    assessed_on: date | None
    heard: Mapping[str, HeardVoice]
    stories: Sequence[DomainStory]
    telling: Telling
    needs: Sequence[Need]
    grades: Sequence[tuple[int, str]]  # (year, grade), oldest first


def grades_of(child_id: str) -> list[tuple[int, str]]:
    rows = Enrolment.objects.filter(child_id=child_id).order_by("school_class__year", "pk")
    return list(dict.fromkeys(rows.values_list("school_class__year", "school_class__grade")))


# --- the SIAS policy's forms, in English as the district reads them --------------------------------------------------

#: The policy's sections, and the domains of a pack whose strengths and needs stand there.
SECTIONS: Sequence[tuple[str, tuple[str, ...]]] = (
    ("2.1 Communication", ()),
    ("2.2 Learning", ("education",)),
    ("2.3 Behaviour and social competence", ("psychosocial",)),
    ("2.4 Health, wellness and personal care", ("health", "nutrition")),
    ("2.5 Classroom and school", ()),
    ("2.6 Family, home and community situation", ("economic", "protection")),
)


def sna_1(case: Case) -> list[Part]:
    """The class teacher's form, with what is known filled in and room for what is not."""
    concerns = [f"{story.look.words}: {sentence}" for story in _grave(case) for sentence in printed_reasons(story)]
    asked = [f"{VOICES[voice]}, {heard.asked_on or 'day not known'}" for voice, heard in sorted(case.heard.items())]
    return [
        Heading("SNA 1: assessment and intervention by the teacher", 1),
        Words("Support Needs Assessment, school level (policy on Screening, Identification, Assessment and Support)."),
        Words(CONFIDENTIAL, small=True),
        *_learner(case),
        Heading("1. Areas of concern"),
        *[Words(f"• {one}") for one in concerns],
        Lines(3),
        Fields([
            ("Since when is it known", str(case.assessed_on or "")),
            ("How it became known", "; ".join(asked) and f"{case.wave}: {'; '.join(asked)}"),
            ("How it affects learning and development", ""),
        ]),
        Lines(2),
        Words("Scholastic profile", strong=True),
        Table(("Year", "Grade", "Result", "Schools attended"), [(str(year), grade, "", "") for year, grade in
              case.grades] or [("", "", "", "")]),
        Words("Disability diagnosed by a health professional (attach reports)", strong=True),
        Table(("Health professional", "Date", "Summary"), [("", "", "")] * 2),
        Heading("2. Strengths and needs of the learner"),
        *(part for section in SECTIONS for part in _strengths_and_needs(case, *section)),
        Heading("3. Support the teacher has given"),
        Table(("What was done", "By whom", "When", "What came of it"), _done(case) or [("",) * 4] * 3, (3, 2, 1, 3)),
        Heading("4. Brought to the school-based support team"),
        Fields([("Question to the team", ""), ("Parent or caregiver consulted on", ""), ("Class teacher", ""),
                ("Signature and date", "")]),
    ]  # fmt: skip


def sna_2(case: Case) -> list[Part]:
    """The team's form: the individual support plan, filled in from the child's plan."""
    return [
        Heading("SNA 2: intervention by the school-based support team (SBST)", 1),
        Words("Support Needs Assessment, school level (policy on Screening, Identification, Assessment and Support)."),
        Words(CONFIDENTIAL, small=True),
        *_learner(case),
        Heading("1. What the team thinks of the teacher’s assessment and support"),
        Lines(4),
        Heading("2. Individual support plan"),
        Table(("Area", "Need", "Goal", "What is done", "By whom", "Review"), _plan_rows(case) or [("",) * 6] * 4,
              (2, 3, 3, 3, 2, 2.3)),
        Heading("3. Review"),
        Table(("Date", "What came of it", "What next"), [("", "", "")] * 3, (1, 3, 3)),
        Heading("4. Decision"),
        Ticks("The team decides", [("to go on with the plan", False), ("to change the plan", False),
              ("to ask the district-based support team (DBST) for support", False)]),
        Fields([("Parent or caregiver consulted on", ""), ("SBST coordinator", ""), ("Principal", ""),
                ("Signatures and date", "")]),
    ]  # fmt: skip


def _learner(case: Case) -> list[Part]:
    child = case.child
    born = f"{child.birth_date or ''}{' (estimated)' if child.birth_date_estimated else ''}"
    return [
        Fields([
            ("Surname and names", f"{child.name[len(child.given_names):].strip()}, {child.given_names}"),
            ("Date of birth", born), ("ID number", ""), ("LURITS/CEMIS number", ""),
            ("School", case.school.name), ("EMIS number", case.school.emis_number),
            ("Grade and class", f"{child.grade}, {child.class_name}" if child.class_name else ""),
            ("Home language", own_name(child.home_language)),
            ("Parent or caregiver", f"{child.caregiver} ({child.relation})" if child.caregiver else ""),
        ])
    ]  # fmt: skip


def _grave(case: Case) -> list[DomainStory]:
    return [story for story in case.stories if story.status in (HIGH, MEDIUM)]


def printed_reasons(story: DomainStory) -> list[str]:
    return [reason.sentence for reason in story.reasons if reason.on_paper]


def _strengths_and_needs(case: Case, title: str, domains: tuple[str, ...]) -> list[Part]:
    stories = [story for story in case.stories if story.look.name in domains]
    strengths = [words for story in stories for words, on_paper in story.strengths if on_paper]
    needs = [sentence for story in stories for sentence in printed_reasons(story)]
    needs += [reason.sentence for story in stories for reason in story.noticed if reason.on_paper]
    support = [row[3] for row in _plan_rows(case, domains) if row[3]]
    cells = ["\n".join(f"• {one}" for one in column) or "\n\n" for column in (strengths, needs, support)]
    return [Heading(title, 3), Table(("Strengths", "Needs and risks", "Support needed"), [cells])]


def _plan_rows(case: Case, domains: tuple[str, ...] | None = None) -> list[tuple[str, str, str, str, str, str]]:
    """What the plan says that may stand on paper: needs by the rules of the pack, words opened to the whole team."""
    rows = []
    for need in case.needs:
        if domains is not None and need.domain not in domains:
            continue
        words = need_on_paper(case.telling, need)
        for action in _open_to_all(need):
            goal = action.goal.words if action.goal and words else ""
            area = next((str(story.look.words) for story in case.stories if story.look.name == need.domain), "")
            rows.append((area, words, goal, action.what, action.owner.full_name, action.review_on.isoformat()))
    return rows


def _open_to_all(need: Need, *states: str) -> list[Action]:
    wanted = states or (Action.State.OPEN,)
    return [action for action in need.actions.all() if action.for_all and action.state in wanted]


def need_on_paper(telling: Telling, need: Need) -> str:
    """The flag's sentence where it may be printed and this reader may hear it; typed words where all may read them."""
    rule = telling.pack.flags.get(need.flag) if need.flag else None
    if need.flag:
        return telling.words(rule.say) if rule and telling.on_paper(rule) and telling.may_hear(rule) else ""
    return need.words if need.for_all else ""


def _done(case: Case) -> list[tuple[str, str, str, str]]:
    """What was done, and that it was; what came of it is written in by hand."""
    finished = (Action.State.DONE, Action.State.NOT_DONE)
    return [
        (action.what, action.owner.full_name, str(action.done_on or ""), str(Action.State(action.state).label))
        for need in case.needs
        for action in _open_to_all(need, *finished)
    ]


# --- the child sheet and the class sheet, in the reader's language ---------------------------------------------------


def child_sheet(case: Case) -> list[Part]:
    """Six domains on paper: level, the printed reasons, what helps, what to do next."""
    parts: list[Part] = [
        Heading(case.child.name, 1),
        Words(" · ".join(part for part in (case.child.class_name, case.school.name, case.wave) if part)),
        Words(_("Levels order the team’s work. They are no diagnosis."), small=True),
    ]
    for story in case.stories:
        parts.append(Heading(f"{story.look.words}: {story.status.symbol} {story.status.words}"))
        parts.append(Words(str(story.on_paper)))
        reasons = [one for one in printed_reasons(story) if one != str(story.on_paper)]
        parts += [Words(f"• {one}") for one in reasons]
        helps = [words for words, on_paper in story.strengths if on_paper]
        parts += [Words(f"{_('What helps')}: {'; '.join(helps)}")] if helps else []
        parts += [Words(f"{_('What to do next')}: {story.next_step}")] if story.next_step else []
    return [*parts, Lines(4)]


def class_sheet(
    title: str, under: str, looks: Sequence[DomainLook], children: Iterable[BoardChild]
) -> list[Part]:  # fmt: skip
    """The class board on paper: symbol and word, never a colour alone, and no reason."""
    rows = []
    for child in children:
        levels = [status_of(child.levels.get(look.name)) for look in looks]
        rows.append((child.name, *(f"{one.symbol} {one.words}" for one in levels), f"{child.voices}/4"))
    head = (_("Child"), *(str(look.words) for look in looks), _("Voices"))
    wide = (2.6, *([1.5] * len(looks)), 1.4)
    return [Heading(title, 1), Words(under), Table(head, rows or [("",) * len(head)], wide)]
