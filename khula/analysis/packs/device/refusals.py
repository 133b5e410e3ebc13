"""A place in a form and a kind in; what the field app could not do with it out, for a person to put right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["function", "expression", "path", "list", "type", "appearance", "action", "circle", "entities", "date"]


@dataclass(frozen=True, order=True)
class Refusal:
    """`question` is its name ("" for the form), `column` that of the sheet survey, `shown` what is meant there."""

    question: str
    column: str
    kind: Kind
    shown: str


class FormNotForDevice(Exception):
    """The field app could not run the form; `refusals` say why."""

    def __init__(self, refusals: Iterable[Refusal]) -> None:
        self.refusals = tuple(refusals)
        super().__init__("; ".join(f"{one.question} {one.column}: {one.kind} {one.shown}" for one in self.refusals))
