"""The one source of how a level, a domain and a voice look and read, on screen, on paper, in sheets and drawings.

In: the pack's words (`high`, `nutrition`, `caregiver`). Out: words, symbol, colours, picture, who takes it up.
`style_block()` writes the colours and the phone's column names into `static/khula.css`; a test compares them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from khula.server.dashboard.static_files import versioned

Words = str | Promise


@dataclass(frozen=True)
class Status:
    """How one level is shown: always symbol and word, the colour only helps."""

    level: str  # as the pack and the case say it
    mark: str  # one letter: class in the style sheet
    symbol: str
    words: Words
    paper: str
    ink: str
    rank: int  # higher comes first; not yet known stands below OK so that it is never good news


HIGH = Status("high", "a", "■", _("Act now"), "#5f0f14", "#ffffff", 3)
MEDIUM = Status("medium", "w", "▲", _("Watch"), "#d98a00", "#000000", 2)
LOW = Status("low", "o", "●", _("OK"), "#eaf5ee", "#12241a", 1)
UNKNOWN = Status("not enough information", "u", "–", _("Not yet known"), "#ffffff", "#3a3f44", 0)
STATUSES = (HIGH, MEDIUM, LOW, UNKNOWN)
_BY_LEVEL = {status.level: status for status in STATUSES}
DIFFER = "≠"


def status_of(level: str | None) -> Status:
    """The status of a level; whatever is missing or unheard of is not yet known, never OK."""
    return _BY_LEVEL.get(level or "", UNKNOWN)


@dataclass(frozen=True)
class DomainLook:
    """A domain in plain words, its picture (`static/pictures.svg#name`) and who takes it up."""

    name: str
    words: Words
    ask: Words  # where the reader may not see the answers
    taken_up: Words  # what to do next

    @property
    def anchor(self) -> str:
        """The place on the child's page: short where the board links to it many times."""
        return self.name[:2] if self in DOMAINS else self.name


HEALTH = DomainLook(
    "health", _("Health"), _("Ask the nurse."), _("The school health nurse takes this up with the caregiver.")
)
FOOD = DomainLook(
    "nutrition",
    _("Food"),
    _("Ask the nurse."),
    _("The nurse checks growth. The social worker looks at food in the home."),
)
HOME = DomainLook(
    "economic", _("Money and home"), _("Ask the social worker."), _("The social worker takes this up with the family.")
)
SAFETY = DomainLook(
    "protection",
    _("Safety and care"),
    _("Ask the social worker."),
    _("The social worker takes this up. Do not question the child."),
)
SCHOOL = DomainLook(
    "education",
    _("School"),
    _("Ask the class teacher."),
    _("The class teacher starts support and brings it to the school team."),
)
FEELINGS = DomainLook(
    "psychosocial",
    _("Feelings and friends"),
    _("Ask the social worker."),
    _("The psychologist or the social worker takes this up."),
)
DOMAINS = (HEALTH, FOOD, HOME, SAFETY, SCHOOL, FEELINGS)
_BY_NAME = {look.name: look for look in DOMAINS}


def look_of(domain: str, label: str = "") -> DomainLook:
    """The look of a domain; one that only a pack knows goes by the pack's label and the coordinator."""
    known = _BY_NAME.get(domain)
    if known is not None:
        return known
    return DomainLook(domain, label or domain, _("Ask the coordinator."), _("The coordinator takes this up."))


def in_order(domains: Mapping[str, object] | tuple[str, ...]) -> list[str]:
    """Domains in the order of the board: ours first, then what else the pack brings."""
    ours = [look.name for look in DOMAINS if look.name in domains]
    return ours + [name for name in domains if name not in _BY_NAME]


SEX: Mapping[str, Words] = {"female": _("Girl"), "male": _("Boy")}
VOICES: Mapping[str, Words] = {
    "child": _("Child"),
    "caregiver": _("Caregiver"),
    "teacher": _("Teacher"),
    "health": _("Nurse"),
}
SAID: Mapping[str, Words] = {
    "concern": _("Concern"),
    "no concern": _("No concern"),
    "not known": _("Not known"),
}

BEGIN = "/* from status.py: begin */"
END = "/* from status.py: end */"


def style_block(languages: tuple[str, ...] = ("en", "fr")) -> str:
    """The part of the style sheet that this file decides."""
    lines, pictures = [BEGIN], versioned("pictures.svg")
    lines += [f".{status.mark}{{background:{status.paper};color:{status.ink}}}" for status in STATUSES]
    # On the board a cell without a class is OK: it is the most frequent. The columns after the domains are plain.
    lines.append(f".board td{{background:{LOW.paper};color:{LOW.ink}}}")
    lines += [f".board .{status.mark}{{background:{status.paper};color:{status.ink}}}" for status in STATUSES]
    plain = ",".join(f".d{count} td:nth-child(n+{count + 2})" for count in range(6, 10))
    lines.append(f"{plain},.board td[colspan]{{background:none}}")
    # The pictures over the columns stand here and not in the page, which has to stay small.
    lines += [
        f".d6 th:nth-child({number}) a::before{{content:url({pictures}#v-{look.name})}}"
        for number, look in enumerate(DOMAINS, start=2)
    ]
    lines += ["@media(max-width:46rem){", *_column_names(languages), "}"]
    return "\n".join([*lines, END])


def _column_names(languages: tuple[str, ...]) -> list[str]:
    """On a phone each cell carries the name of its column."""
    lines = []
    for language in languages:
        with override(language):
            for number, words in enumerate([*(look.words for look in DOMAINS), _("Voices"), _("Change")], start=2):
                lines.append(f':lang({language})>body .d6 td:nth-child({number})::before{{content:"{words}"}}')
    return lines
