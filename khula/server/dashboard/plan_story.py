"""What a child's plan tells one reader: needs with goals and actions, in the reader's words.

In: a reader, a child, the records of its plan. Out: plain rows for the templates, from which what the reader may not
know is left out already: a need that rests on a restricted answer keeps its domain and says whom to ask.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import SimpleNamespace

from django.utils import timezone
from django.utils.translation import gettext as _

from khula.analysis.packs.pack import Flag
from khula.server.cases.models import Case
from khula.server.consent.access import ChildPlace, Reader, can, may_be_printed
from khula.server.dashboard import queries
from khula.server.dashboard.child_story import Telling
from khula.server.dashboard.status import DomainLook, Status, Words, look_of, status_of
from khula.server.plans.models import Action, LevelOverride, Need
from khula.server.schools.models import Child

#: Words typed about a child are kept as restricted, unless whoever typed them says that the whole team may read them.
TYPED = "S3"
#: Nothing of this domain stands on a page that goes home, whatever was ticked.
NEVER_SENT_HOME = frozenset({"protection"})


@dataclass(frozen=True)
class ShownAction:
    id: int
    what: str
    owner: str
    review_on: date
    state: str
    words: Words
    result: str
    done_on: date | None
    overdue: bool


@dataclass(frozen=True)
class ShownNeed:
    id: int
    look: DomainLook
    words: str
    withheld: bool
    family: str  # names of the other children it is about, "" where it is about this one alone
    goals: Sequence[str]
    actions: Sequence[ShownAction]


@dataclass(frozen=True)
class Judged:
    """A practitioner's own level, beside the computed one."""

    status: Status
    computed: Status  # as it was when it was judged
    who: str
    on: object
    reason: str  # "" where the reader may not read it


@dataclass
class Reading:
    """One reader at one child's plan, in one language."""

    reader: Reader
    child: ChildPlace
    language: str
    _tellings: dict[int, Telling] = field(default_factory=dict)

    def telling(self, case: Case) -> Telling:
        """What may be said of a case: by the rules of where the child is, and of where it was then."""
        if case.pk not in self._tellings:
            pack = queries.pack_of(case.wave.pack_version.content_hash)
            child = case.child  # of a family's need perhaps a brother or a sister
            then = case.school_class
            moved = then is not None and then.school_id != child.school_id
            place = SimpleNamespace(school_id=then.school_id, school_class_id=then.pk) if moved else None
            self._tellings[case.pk] = Telling(self.reader, child, pack, self.language, lambda _flag: (), place)
        return self._tellings[case.pk]

    def may_read_typed(self, domain: str, by: int, for_all: bool, child: ChildPlace | None = None) -> bool:
        """Words a colleague typed about a domain: hers, open to all, or of a domain whose answers the reader reads."""
        place = child or self.child
        return for_all or by == self.reader.user_id or bool(
            can(self.reader, "see answers", child=place, domain=domain, voice="caregiver", sensitivity=TYPED)
        )  # fmt: skip

    def may_read(self, need: Need) -> bool:
        if need.flag and need.case is not None:
            telling = self.telling(need.case)
            rule = telling.pack.flags.get(need.flag)
            return rule is not None and telling.may_hear(rule)
        return self.may_read_typed(need.domain, need.by_id, need.for_all)

    def need_words(self, need: Need) -> str:
        """The flag's sentence, the typed words, or both; only for those who may read the need."""
        if not (need.flag and need.case is not None):
            return need.words
        telling = self.telling(need.case)
        say = telling.words(telling.pack.flags[need.flag].say)
        typed = need.words if self.may_read_typed(need.domain, need.by_id, need.for_all) else ""
        return f"{say} {typed}".strip()

    def what(self, action: Action, may_read_need: bool) -> str:
        """What is to be done, for those who may read why, for its owner, and where it is open to the whole team."""
        if may_read_need or action.for_all or self.reader.user_id in (action.owner_id, action.by_id):
            return action.what
        return _("Something was agreed. Ask who does it.")


def shown_need(reading: Reading, need: Need, child_id: str) -> ShownNeed:
    look = look_of(need.domain)
    may = reading.may_read(need)
    others = sorted(child.given_names for child in need.children.all() if child.pk != child_id)
    neutral = _("Something in this domain needs help. %(ask)s") % {"ask": look.ask}
    return ShownNeed(
        id=need.pk,
        look=look,
        words=reading.need_words(need) if may else neutral,
        withheld=not may,
        family=", ".join(others),
        goals=[goal.words if may else _("A goal was agreed.") for goal in need.goals.all()],
        actions=[
            shown_action(reading, action, may)
            for action in sorted(need.actions.all(), key=lambda one: (one.state != "open", one.review_on, one.pk))
        ],
    )


def shown_action(reading: Reading, action: Action, may_read_need: bool) -> ShownAction:
    mine = reading.reader.user_id in (action.owner_id, action.by_id)
    return ShownAction(
        id=action.pk,
        what=reading.what(action, may_read_need),
        owner=action.owner.full_name,
        review_on=action.review_on,
        state=action.state,
        words=Action.State(action.state).label,
        result=action.result if may_read_need or mine else "",
        done_on=action.done_on,
        overdue=action.state == Action.State.OPEN and action.review_on < timezone.localdate(),
    )


def shown_judgement(reading: Reading, one: LevelOverride) -> Judged:
    may = reading.may_read_typed(one.domain, one.by_id, for_all=False)
    reason = one.reason if may else ""
    return Judged(status_of(one.level), status_of(one.computed), one.by.full_name, one.at, reason)


def flags_of_domain(reading: Reading, case: Case, domain: str) -> list[Flag]:
    """What raised the domain in this case, as far as the reader may hear it; gravest first."""
    latest = queries.latest_assessment(case.pk)
    telling = reading.telling(case)
    raised = latest.result.get("domains", {}).get(domain, {}).get("raised", ()) if latest else ()
    rules = [telling.pack.flags[name] for name in raised if name in telling.pack.flags]
    return sorted(filter(telling.may_hear, rules), key=lambda rule: -status_of(rule.level).rank)


# The caregiver's page


def may_go_home(need: Need) -> bool:
    """A page that goes home holds nothing restricted: no safety domain, no flag or words kept as S3 or S4."""
    if need.domain in NEVER_SENT_HOME:
        return False
    if need.flag and need.case is not None:
        pack = queries.pack_of(need.case.wave.pack_version.content_hash)
        rule = pack.flags.get(need.flag)
        # `on_paper` asks the pack, not a reader: it holds whoever prints the page.
        return rule is not None and Telling(Reader(0, ()), need.case.child, pack, "en", lambda _flag: ()).on_paper(rule)
    return need.for_all and may_be_printed(need.domain, "caregiver", "S2")


def agreed_at_home(needs: Iterable[Need], language: str) -> list[tuple[str, Action]]:
    """What was agreed with the caregiver and may be told on her page: words in her language, and the action."""
    found = []
    for need in needs:
        if may_go_home(need):
            for action in need.actions.all():
                if action.on_slip and action.state == Action.State.OPEN:
                    found.append((_slip_words(action, language), action))
    return sorted(found, key=lambda one: one[1].review_on)


def _slip_words(action: Action, language: str) -> str:
    """The library says it in her language; words typed by hand stand as they are."""
    line = action.intervention
    if line is None or action.what not in (line.words_en, line.words_fr):
        return action.what
    return (line.slip_fr if language == "fr" else line.slip_en) or (
        line.words_fr if language == "fr" else line.words_en
    )


def strengths_for_home(child: Child, case: Case | None, language: str) -> list[str]:
    """What helps, from the last assessment; what rests on a restricted answer or on safety stays out."""
    latest = queries.latest_assessment(case.pk) if case else None
    if latest is None:
        return []
    pack = queries.pack_of(latest.pack_hash)
    telling = Telling(Reader(0, ()), child, pack, language, lambda _flag: ())
    true = latest.result.get("strengths", {})
    rules = [rule for name, rule in pack.strengths.items() if true.get(name) and rule.domain not in NEVER_SENT_HOME]
    return [telling.words(rule.say) for rule in rules if telling.on_paper(rule)]
