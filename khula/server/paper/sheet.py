"""The parts of a sheet in, the bytes of a PDF out: the same parts give the same bytes, without a browser.

The letters are those of `fonts/` (French, isiZulu, Sepedi, Tshivenda and the other languages of South African schools);
a sign the font does not hold is printed as �, never left out in silence.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from unicodedata import normalize
from xml.sax.saxutils import escape

from django.utils.translation import gettext as _
from reportlab.lib.colors import black, grey
from reportlab.lib.enums import TA_LEFT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, HRFlowable, Paragraph, SimpleDocTemplate, Spacer
from reportlab.platypus import Table as Grid

FONTS = Path(__file__).resolve().parent / "fonts"
MARGIN = 18 * mm
WIDTH = A4[0] - 2 * MARGIN - 12  # reportlab keeps 6 points free on both sides
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True)
class Heading:
    words: str
    level: int = 2  # 1 is the title of the sheet


@dataclass(frozen=True)
class Words:
    words: str
    strong: bool = False
    small: bool = False


@dataclass(frozen=True)
class Fields:
    """What is asked and what is known; where nothing is known there is a line to write on."""

    rows: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Ticks:
    """A box before each choice, crossed where it was chosen."""

    asked: str
    choices: Sequence[tuple[str, bool]]


@dataclass(frozen=True)
class Table:
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    wide: Sequence[float] = ()  # parts of the width, such as (2, 1, 1)


@dataclass(frozen=True)
class Lines:
    """Room to write by hand."""

    count: int = 3


Part = Heading | Words | Fields | Ticks | Table | Lines


def pdf(parts: Sequence[Part], *, title: str, language: str, foot: str = "") -> bytes:
    """The sheet as PDF: A4, every page with `foot` and its number of how many."""
    _fonts()
    out = BytesIO()
    document = SimpleDocTemplate(
        out, pagesize=A4, leftMargin=MARGIN, rightMargin=MARGIN, topMargin=16 * mm, bottomMargin=20 * mm,
        title=_printable(title), lang=language, invariant=1,
    )  # fmt: skip
    flow: list[Flowable] = []
    for part in parts:
        flow += _DRAWN[type(part)](part)
    document.build(flow, canvasmaker=lambda *given, **named: _Numbered(*given, foot=_printable(foot), **named))
    return out.getvalue()


class _Numbered(Canvas):
    """Knows how many pages there are only at the end, so the foot of each is written then."""

    def __init__(self, *given: Any, foot: str, **named: Any) -> None:
        super().__init__(*given, **named | {"initialFontName": "Paper"})
        self.foot, self.kept = foot, []

    def showPage(self) -> None:
        self.kept.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        for number, page in enumerate(self.kept, 1):
            self.__dict__.update(page)
            self.setFont("Paper", 8)
            self.drawString(MARGIN + 6, 11 * mm, self.foot)
            numbered = _("Page %(n)s of %(of)s") % {"n": number, "of": len(self.kept)}
            self.drawRightString(A4[0] - MARGIN - 6, 11 * mm, numbered)
            super().showPage()
        super().save()


@cache
def _fonts() -> frozenset[int]:
    """Registered once per process; the letters that can be printed."""
    for name, file in (("Paper", "DejaVuSans.ttf"), ("Paper-Bold", "DejaVuSans-Bold.ttf")):
        pdfmetrics.registerFont(TTFont(name, FONTS / file))
    pdfmetrics.registerFontFamily("Paper", normal="Paper", bold="Paper-Bold", italic="Paper", boldItalic="Paper-Bold")
    return frozenset(pdfmetrics.getFont("Paper").face.charToGlyph)


def _printable(text: object) -> str:
    """One letter and its mark as one sign, where there is one; what cannot be printed is seen to be missing."""
    known = _fonts()
    return "".join(
        sign if ord(sign) in known or sign == "\n" else " " if sign.isspace() else REPLACEMENT
        for sign in normalize("NFC", str(text))
    )


def _style(size: float, *, strong: bool = False, above: float = 0, below: float = 3, keep: bool = False) -> Any:
    return ParagraphStyle(
        f"paper{size}{strong}{keep}", fontName="Paper-Bold" if strong else "Paper", fontSize=size, leading=size * 1.35,
        spaceBefore=above, spaceAfter=below, keepWithNext=keep, alignment=TA_LEFT, splitLongWords=1,
    )  # fmt: skip


def _paragraph(text: object, style: Any) -> Paragraph:
    return Paragraph(escape(_printable(text)).replace("\n", "<br/>"), style)


def _heading(part: Heading) -> list[Flowable]:
    size = {1: 15, 2: 11.5}.get(part.level, 10)
    return [_paragraph(part.words, _style(size, strong=True, above=9 if part.level > 1 else 0, keep=True))]


def _words(part: Words) -> list[Flowable]:
    return [_paragraph(part.words, _style(8 if part.small else 9.5, strong=part.strong))]


def _fields(part: Fields) -> list[Flowable]:
    asked, known = _style(9, strong=True, below=0), _style(9.5, below=0)
    rows = [[_paragraph(label, asked), _paragraph(value, known)] for label, value in part.rows]
    if not rows:
        return []
    grid = Grid(rows, colWidths=[WIDTH * 0.36, WIDTH * 0.64], splitInRow=1)
    grid.setStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (0, -1), 0),
                   ("LINEBELOW", (1, 0), (1, -1), 0.4, grey)])  # fmt: skip
    return [grid, Spacer(1, 3)]


def _ticks(part: Ticks) -> list[Flowable]:
    gap = "\N{NO-BREAK SPACE}"  # a box never stands at the end of a line, away from its words
    boxes = f"{gap * 3} ".join(f"{'☒' if chosen else '☐'}{gap}{words}" for words, chosen in part.choices)
    return [*_words(Words(part.asked, strong=True)), *_words(Words(boxes))]


def _table(part: Table) -> list[Flowable]:
    head, cell = _style(8.5, strong=True, below=0), _style(8.5, below=0)
    rows = [[_paragraph(text, head) for text in part.head]]
    rows += [[_paragraph(text or "\n", cell) for text in row] for row in part.rows]  # room to write in an empty cell
    parts = part.wide or [1] * len(part.head)
    grid = Grid(rows, colWidths=[WIDTH * one / sum(parts) for one in parts], repeatRows=1, splitInRow=1)
    grid.setStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("GRID", (0, 0), (-1, -1), 0.4, grey),
                   ("LINEBELOW", (0, 0), (-1, 0), 1, black)])  # fmt: skip
    return [grid, Spacer(1, 5)]


def _lines(part: Lines) -> list[Flowable]:
    return [HRFlowable(width="100%", thickness=0.4, color=grey, spaceBefore=15, spaceAfter=0)] * part.count


_DRAWN: dict[type, Callable[[Any], list[Flowable]]] = {
    Heading: _heading,
    Words: _words,
    Fields: _fields,
    Ticks: _ticks,
    Table: _table,
    Lines: _lines,
}
