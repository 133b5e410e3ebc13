"""A number of questions in; an XLSForm of that length, in four languages, out: what `make bench-field` asks.

Shaped like the forms of a pack: sections of one informant each, choices, numbers, sums over a section, skips, a repeat
of household members, and a child picked from a list. All invented.
"""

import csv
import random
from collections.abc import Iterator, Sequence
from io import BytesIO, StringIO

from openpyxl import Workbook

LANGUAGES = ("English (en)", "Français (fr)", "isiZulu (zu)", "Sesotho (st)")
SECTIONS = ("child", "caregiver", "teacher", "health")
CHOICES = {"often": ("never", "sometimes", "often", "always", "dk"), "yes_no": ("yes", "no", "dk", "refused")}
Row = dict[str, object]


def workbook(questions: int, *, form_id: str = "kh_bench") -> bytes:
    """The form as .xlsx. `questions` counts what can be answered, the three of each household member once."""
    book = Workbook()
    book.remove(book.active)
    survey = list(_survey(questions))
    _sheet(book, "survey", survey)
    _sheet(
        book,
        "choices",
        [
            {"list_name": name, "name": code, **_said(code.capitalize())}
            for name, codes in CHOICES.items()
            for code in codes
        ],
    )
    _sheet(book, "settings", [{
        "form_id": form_id, "version": "1", "form_title": "Four voices", "default_language": LANGUAGES[0],
    }])  # fmt: skip
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def learners(count: int) -> bytes:
    """learners.csv with so many invented children."""
    chance = random.Random(7)
    given = ("Lerato", "Sipho", "Anele", "Thandeka", "Pieter", "Naledi", "Ayanda", "Kagiso")
    family = ("Mabaso", "Nkosi", "Dube", "Khoza", "Botha", "Molefe", "Zwane", "Ndlovu")
    text = StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("name", "label", "__version", "sex", "grade", "class"))
    for number in range(count):
        name = f"{number:08d}-0000-4000-8000-{chance.getrandbits(48):012x}"
        grade = chance.choice(("R", "1", "2", "3"))
        label = f"{chance.choice(given)} {chance.choice(family)} {number}"
        rows.writerow((name, label, 1, chance.choice(("female", "male")), grade, f"{grade}{chance.choice('ABC')}"))
    return text.getvalue().encode()


def _survey(questions: int) -> Iterator[Row]:
    yield from ({"type": name, "name": name} for name in ("start", "end", "today", "deviceid"))
    yield _asked("select_one_from_file learners.csv", "learner", "Which child?", required="yes")
    yield {
        "type": "calculate",
        "name": "grade",
        "calculation": "instance('learners')/root/item[name = ${learner}]/grade",
    }
    each = (questions - 4) // len(SECTIONS)
    for at, section in enumerate(SECTIONS):
        count = each if at else questions - 4 - each * (len(SECTIONS) - 1)
        yield from _section(section, count)
    yield _asked("integer", "members", "How many people live in the home?", constraint=". >= 0 and . <= 20")
    yield {"type": "begin repeat", "name": "people", "repeat_count": "${members}", **_said("Person")}
    yield _asked("text", "person", "First name")
    yield _asked("integer", "age", "Age in years", constraint=". >= 0 and . <= 120")
    yield _asked("select_one yes_no", "school", "Goes to school?", relevant="${age} >= 5 and ${age} <= 18")
    yield {"type": "end repeat"}
    yield {"type": "calculate", "name": "children", "calculation": "count(${people})"}


def _section(section: str, count: int) -> Iterator[Row]:
    letter = section[:2]
    yield {"type": "begin group", "name": section, **_said(section.capitalize())}
    summed: list[str] = []
    for number in range(1, count + 1):
        name = f"{letter}_{number}"
        relevant = f"${{{letter}_1}} != 'no'" if number % 10 == 5 else ""
        if number == 1:
            yield _asked("select_one yes_no", name, f"May we ask the {section} now?")
        elif number % 12 == 0:
            yield _asked("decimal", name, f"Measurement {number} of the {section}", constraint=". > 0 and . < 300")
        elif number % 17 == 0:
            yield _asked("text", name, f"What else did the {section} say?")
        else:
            yield _asked("select_one often", name, f"How often, in the last month: matter {number}?", relevant=relevant)
            summed.append(f"number(if(${{{name}}} = 'always', 3, if(${{{name}}} = 'often', 2, 0)))")
        if len(summed) == 5:
            yield {"type": "calculate", "name": f"{name}_sum", "calculation": " + ".join(summed)}
            summed = []
    yield {"type": "end group"}


def _asked(kind: str, name: str, words: str, **columns: str) -> Row:
    return {"type": kind, "name": name, **_said(words), **{key: text for key, text in columns.items() if text}}


def _said(words: str) -> Row:
    return {
        f"label::{language}": f"{words} [{language[-3:-1]}]" if at else words for at, language in enumerate(LANGUAGES)
    }


def _sheet(book: Workbook, name: str, rows: Sequence[Row]) -> None:
    sheet = book.create_sheet(name)
    header = list(dict.fromkeys(key for row in rows for key in row))
    sheet.append(header)
    for row in rows:
        sheet.append([row.get(key) for key in header])
