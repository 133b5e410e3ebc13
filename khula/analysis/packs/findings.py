"""A code of `messages.py`, a place and the words that fill its gaps in; a finding in either language out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from khula.analysis.packs.messages import MESSAGES, Severity
from khula.analysis.packs.pack import Place


@dataclass(frozen=True, order=True)
class Finding:
    """One thing to put right. `row` 0 means the whole sheet, `sheet` "" the whole file."""

    file: str
    sheet: str
    row: int
    code: str
    column: str = ""
    severity: Severity = "error"
    blocks_publishing: bool = True
    words: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def problem(self) -> str:
        return self.told("en")[0]

    @property
    def cure(self) -> str:
        return self.told("en")[1]

    def told(self, language: str) -> tuple[str, str]:
        """(what is wrong, what to do) in `language`; English where the language has no words."""
        message = MESSAGES[self.code]
        problem = message.problem.get(language, message.problem["en"])
        cure = message.cure.get(language, message.cure["en"])
        words = {**self.words, **_own_words(self.words, language)}
        return _fill(problem, words), _fill(cure, words)


class PackUnreadable(Exception):
    """Nothing of the pack could be read; `findings` say why."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("; ".join(f"{finding.code} {finding.file}" for finding in self.findings))


def finding(code: str, place: Place | None, column: str = "", **words: object) -> Finding:
    """The finding `code` at `place`; `words` fill the message's {gaps}, None or "" leaves a gap's part out."""
    message = MESSAGES[code]
    known = {name: str(word) for name, word in words.items() if word not in (None, "")}
    where = place or Place("", "", 0)
    if column:
        known.setdefault("column", column)
    return Finding(
        file=where.file,
        sheet=where.sheet,
        row=where.row,
        code=code,
        column=column,
        severity=message.severity,
        blocks_publishing=message.blocks_publishing,
        words=known,
    )


def nearest(word: str, known: Iterable[str], cutoff: float = 0.7) -> str:
    """The name somebody most likely meant, or ""."""
    names = {name.casefold(): name for name in known}
    close = get_close_matches(word.casefold(), names, n=1, cutoff=cutoff)
    return names[close[0]] if close else ""


def _own_words(words: Mapping[str, str], language: str) -> dict[str, str]:
    """A word `detail_fr` stands for `detail` where the finding is told in French."""
    ending = f"_{language}"
    return {name.removesuffix(ending): word for name, word in words.items() if name.endswith(ending)}


_OPTIONAL = re.compile("⟦([^⟧]*)⟧")
_GAP = re.compile(r"(\$?)\{(\w+)\}")  # ${name} keeps its sign and braces: it is how a condition writes a name


def _fill(template: str, words: Mapping[str, str]) -> str:
    def optional(match: re.Match[str]) -> str:
        part = match.group(1)
        return part if all(name in words for _, name in _GAP.findall(part)) else ""

    def gap(match: re.Match[str]) -> str:
        in_condition, name = match.groups()
        return f"${{{words.get(name, name)}}}" if in_condition else words.get(name, "…")

    return _GAP.sub(gap, _OPTIONAL.sub(optional, template)).strip()
