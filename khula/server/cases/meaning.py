"""The meaning of a published pack, ready for use: raw answers in, typed answers and assessments out.

A pack version never changes once published, so what was compiled stays for the life of the process, found by the
hash of its content.
"""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from threading import Lock
from typing import Any

import msgspec

from khula.analysis.answers import Value, read_answer
from khula.analysis.assessment import Assessor, assessor_for
from khula.analysis.packs.pack import MISSING_CODES, Pack
from khula.server.packs.models import PackVersion

_NEW = object()


class Meaning:
    """What the questions and scoring sheets of one pack version mean."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self.assessor: Assessor = assessor_for(pack)
        # question -> text -> value, for the questions that scores and flags use. One with choices has few possible
        # texts, each read once.
        used = self.assessor.plan.inputs
        self._known: dict[str, dict[str, Value | None]] = {name: {} for name in pack.questions if name in used}

    def read(self, answers: Mapping[str, str]) -> dict[str, Value]:
        """The answers that scores and flags use, where they can be read; the rest is left where it is."""
        values: dict[str, Value] = {}
        known = self._known
        for name, text in answers.items():
            before = known.get(name)
            if before is None:
                continue
            value: Any = before.get(text, _NEW)
            if value is _NEW:
                value = self._read_for_the_first_time(name, text)
            if value is not None:
                values[name] = value
        return values

    def understand(self, answers: Mapping[str, str], pack_hash: str) -> dict[str, Value]:
        """A form of another pack version is understood by its own lists first, then by those of this one."""
        if pack_hash != self.pack.content_hash:
            asked = meaning_of(pack_hash).pack.questions
            answers = {
                name: text
                for name, text in answers.items()
                if name in asked and read_answer(asked[name], text)[0] is not None
            }
        return self.read(answers)

    def _read_for_the_first_time(self, name: str, text: str) -> Value | None:
        question = self.pack.questions[name]
        value = read_answer(question, text)[0]
        if text in MISSING_CODES or (question.choices and value is not None):
            self._known[name][text] = value
        return value


_EPOCH = date(1970, 1, 1).toordinal()
_loading = Lock()


def meaning_of(content_hash: str) -> Meaning:
    with _loading:  # compiling takes a second of two cores: once, not once per thread
        return _meaning(content_hash)


@lru_cache(maxsize=16)
def _meaning(content_hash: str) -> Meaning:
    content = PackVersion.objects.values_list("content", flat=True).get(content_hash=content_hash)
    return Meaning(msgspec.json.decode(content, type=Pack))


def told(*, sex: str, birth_date: date | None, language: str, grade: str | None, on: date | None) -> dict[str, Any]:
    """What is known without asking, on the day the child was measured or spoken of; the rest is None."""
    age_days = (on - birth_date).days if on is not None and birth_date is not None and on >= birth_date else None
    return {
        "sex": sex or None,
        "age_days": age_days,
        "language": language or None,
        "grade": grade or None,
        "assessed_on": on.toordinal() - _EPOCH if on is not None else None,
    }
