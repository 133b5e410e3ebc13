"""A small pack with nothing wrong, built sheet by sheet so that a test can spoil one cell of it. All content is invented."""

from __future__ import annotations

import io
from functools import cache
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import PatternFill
from openpyxl.utils import get_column_letter

Sheets = dict[str, list[list[Any]]]

EN, FR = "::English (en)", "::French (fr)"

_SURVEY = [
    "type", "name", "label" + EN, "label" + FR, "hint" + EN, "hint" + FR, "relevant", "constraint",
    "constraint_message" + EN, "constraint_message" + FR, "required", "calculation", "choice_filter",
]  # fmt: skip
_CHOICES = ["list_name", "name", "label" + EN, "label" + FR]
_SETTINGS = ["form_title", "form_id", "version", "default_language", "client_editable"]

_YES_NO = [
    ["yes_no", "yes", "Yes", "Oui"],
    ["yes_no", "no", "No", "Non"],
    ["yes_no", "dk", "Don’t know", "Ne sait pas"],
]


def _survey(*rows: dict[str, Any]) -> list[list[Any]]:
    metadata = [{"type": kind, "name": kind} for kind in ("start", "end", "today", "deviceid", "username", "audit")]
    learner = [
        {
            "type": "select_one_from_file learners.csv",
            "name": "learner",
            "label" + EN: "Which child?",
            "label" + FR: "Quel enfant ?",
            "required": "yes",
        },
        *(
            {
                "type": "calculate",
                "name": f"learner_{fact}",
                "calculation": f"instance('learners')/root/item[name=${{learner}}]/{fact}",
            }
            for fact in ("wave", "sex")
        ),
    ]
    return [_SURVEY, *([row.get(column) for column in _SURVEY] for row in (*metadata, *learner, *rows))]


def _ask(kind: str, name: str, en: str, fr: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "name": name, "label" + EN: en, "label" + FR: fr, **more}


def _settings(title: str, form_id: str) -> list[list[Any]]:
    return [_SETTINGS, [title, form_id, "2026110101", "English (en)", "yes"]]


def _child() -> Sheets:
    return {
        "survey": _survey(
            _ask("select_one yes_no", "c_supper", "Did you eat last night?", "As-tu mangé hier soir ?"),
            _ask("select_one yes_no", "c_hurt", "Does somebody hurt you?", "Quelqu’un te fait-il du mal ?"),
            _ask(
                "note",
                "a_hurt_help",
                "Thank the child. Stay. Call.",
                "Remerciez l’enfant. Restez. Appelez.",
                relevant="${c_hurt} = 'yes'",
            ),
            _ask("select_one yes_no", "c_friend", "Do you have a friend?", "As-tu un ami ?"),
        ),
        "choices": [_CHOICES, *_YES_NO],
        "settings": _settings("Child", "kh_child"),
    }


def _caregiver() -> Sheets:
    moods = ["is sad", "is worried", "is angry", "laughs"]
    humeurs = ["est triste", "est inquiet", "est en colère", "rit"]
    return {
        "survey": _survey(
            *(
                _ask("select_one often", f"m_{i}", f"How often the child {mood}", f"Combien de fois l’enfant {humeur}")
                for i, (mood, humeur) in enumerate(zip(moods, humeurs, strict=True), start=1)
            ),
            _ask(
                "integer", "g_rooms", "How many rooms?", "Combien de pièces ?",
                constraint=". >= 0 and . <= 20",
                **{"constraint_message" + EN: "Between 0 and 20.", "constraint_message" + FR: "Entre 0 et 20."},
            ),
            _ask("select_one yes_no", "g_grant", "Is there a grant?", "Y a-t-il une allocation ?"),
        ),
        "choices": [
            _CHOICES,
            *_YES_NO,
            ["often", 0, "Never", "Jamais"],
            ["often", 1, "Sometimes", "Parfois"],
            ["often", 2, "Often", "Souvent"],
            ["often", "dk", "Don’t know", "Ne sait pas"],
        ],
        "settings": _settings("Caregiver", "kh_caregiver"),
    }  # fmt: skip


def _teacher() -> Sheets:
    return {
        "survey": _survey(
            _ask("integer", "t_absent", "Days absent this term?", "Jours d’absence ce trimestre ?"),
            _ask("select_one often", "t_hungry", "Comes hungry?", "Arrive affamé ?", hint="",
                 **{"hint" + EN: "In the last month.", "hint" + FR: "Le mois dernier."}),
        ),
        "choices": [
            _CHOICES,
            ["often", 0, "Never", "Jamais"],
            ["often", 1, "Sometimes", "Parfois"],
            ["often", 2, "Often", "Souvent"],
        ],
        "settings": _settings("Teacher", "kh_teacher"),
    }  # fmt: skip


def _health() -> Sheets:
    return {
        "survey": _survey(
            _ask("decimal", "weight_kg", "Weight (kg)", "Poids (kg)"),
            _ask("decimal", "height_cm", "Height (cm)", "Taille (cm)"),
            _ask("select_one yes_no", "n_oedema", "Swelling of both feet?", "Œdème des deux pieds ?"),
        ),
        "choices": [_CHOICES, *_YES_NO],
        "settings": _settings("Nurse", "kh_health"),
    }


def _scoring() -> Sheets:
    return {
        "pack": [
            ["key", "value"],
            ["name", "little"],
            ["version", "2026.11.1"],
            ["title" + EN, "A little pack"],
            ["title" + FR, "Un petit pack"],
            ["licence", "CC BY 4.0"],
            ["contact", "Nomvula Dlamini"],
        ],
        "instruments": [
            ["instrument", "label" + EN, "label" + FR, "informant", "form", "status", "may_ship_wording", "licence",
             "source"],
            ["mood", "Mood", "Humeur", "caregiver", "kh_caregiver", "descriptive", "yes", "CC BY 4.0", "ours"],
            ["growth", "Growth", "Croissance", "health", "kh_health", "reference", "yes", "facts", "WHO 2007"],
            ["home", "Home", "Foyer", "caregiver", "kh_caregiver", "descriptive", "yes", "CC BY 4.0", "ours"],
        ],
        "derive": [
            ["name", "when", "value", "if_unknown"],
            ["crowded", "${g_rooms} <= 1", 1, ""],
            ["crowded", "", 0, ""],
        ],
        "scales": [
            ["scale", "instrument", "label" + EN, "label" + FR, "method", "items", "reverse", "item_min", "item_max",
             "missing", "min_answered", "norm", "index", "source"],
            ["mood_total", "mood", "Mood", "Humeur", "sum", "m_1..4", "m_4", 0, 2, "zero", 3, "", "", "ours"],
            ["home_any", "home", "Home", "Foyer", "any", "crowded", "", 0, 1, "none", "", "", "", "ours"],
            ["baz", "growth", "BMI for age", "IMC pour l’âge", "zscore", "weight_kg height_cm", "", "", "", "", "",
             "bmi_age", "age_days", "WHO 2007"],
        ],
        "bands": [
            ["scale", "band", "label" + EN, "label" + FR, "from", "below", "sex", "age_from", "age_to", "source"],
            ["mood_total", "ok", "Below the cut-off", "Sous le seuil", "", 5, "", "", "", "ours"],
            ["mood_total", "positive", "At or above", "Au seuil ou plus", 5, "", "", "", "", "ours"],
            ["home_any", "no", "None", "Aucun", "", 1, "", "", "", "ours"],
            ["home_any", "yes", "Some", "Certains", 1, "", "", "", "", "ours"],
            ["baz", "usual", "Usual", "Habituel", -2, 1.01, "", 60, "", "WHO 2007"],
            ["baz", "heavy", "Heavy", "Élevé", 1.01, "", "", 60, "", "WHO 2007"],
            ["baz", "usual", "Usual", "Habituel", -2, 2.01, "", "", 60, "WHO 2006"],
            ["baz", "heavy", "Heavy", "Élevé", 2.01, "", "", "", 60, "WHO 2006"],
            ["baz", "thin", "Thin", "Mince", "", -2, "", 60, "", "WHO 2007"],
            ["baz", "thin", "Thin", "Mince", "", -2, "", "", 60, "WHO 2006"],
        ],
        "norms": [
            ["norm", "file", "index_unit", "age_from", "age_to", "adjust", "implausible_below", "implausible_above",
             "not_if", "source"],
            ["bmi_age", "who:bmi_for_age", "days", 0, 228, "who3sd", -5, 5, "${n_oedema} = 'yes'", "WHO"],
        ],
        "flags": [
            ["flag", "domain", "level", "informant", "when", "say" + EN, "say" + FR, "suggest"],
            ["f_thin", "nutrition", "high", "health", "band(${baz}) = 'thin'", "Thin for the age.",
             "Mince pour l’âge.", "clinic"],
            ["f_hungry", "nutrition", "medium", "teacher", "${t_hungry} = 2", "Comes hungry.", "Arrive affamé.",
             "meal"],
            ["f_supper", "nutrition", "watch", "child", "${c_supper} = 'no'", "No supper.", "Pas de dîner.", "meal"],
            ["f_mood", "psychosocial", "medium", "caregiver", "band(${mood_total}) = 'positive'",
             "Screened positive for low mood.", "Dépistage positif pour l’humeur.", "counsel"],
            ["f_absent", "psychosocial", "high", "teacher", "${t_absent} >= 10", "Often absent.", "Souvent absent.",
             "visit"],
            ["f_hurt", "protection", "high", "child", "${c_hurt} = 'yes'", "Says somebody hurts.",
             "Dit qu’on lui fait du mal.", "protect"],
            ["f_home", "protection", "medium", "caregiver", "${home_any} = 1 and ${g_grant} = 'no'", "Crowded, no grant.",
             "À l’étroit, sans allocation.", "grant"],
        ],
        "strengths": [
            ["strength", "domain", "informant", "when", "say" + EN, "say" + FR],
            ["s_friend", "psychosocial", "child", "${c_friend} = 'yes'", "Has a friend.", "A un ami."],
        ],
        "domains": [
            ["domain", "label" + EN, "label" + FR, "needs", "needs_at_least"],
            ["nutrition", "Food", "Alimentation", "baz t_hungry c_supper", 2],
            ["psychosocial", "Feelings", "Sentiments", "mood_total t_absent", 1],
            ["protection", "Safety", "Sécurité", "c_hurt crowded g_grant", 2],
        ],
        "alerts": [
            ["alert", "informant", "when", "urgency", "tell", "say" + EN, "say" + FR, "say_on_device" + EN,
             "say_on_device" + FR, "hide_from", "law"],
            ["a_hurt", "child", "${c_hurt} = 'yes'", "now", "social worker, case manager", "The child says somebody hurts.",
             "L’enfant dit qu’on lui fait du mal.", "Thank the child. Stay. Call.", "Remerciez l’enfant. Restez. Appelez.",
             "caregiver", "Children’s Act s110"],
        ],
        "tests": [
            ["test", "given", "expect", "source"],
            ["mood low", "m_1..3=0;m_4=2", "mood_total=0;band(mood_total)=ok;flag(f_mood)=no", "by hand"],
            ["mood high", "m_1..3=2;m_4=0", "mood_total=8;band(mood_total)=positive;domain(psychosocial)=medium", ""],
            ["absent", "t_absent=12", "flag(f_absent)=yes;domain(psychosocial)=high", ""],
            ["friend", "c_friend=yes", "strength(s_friend)=yes", ""],
            ["thin girl", "sex=female;age_days=2500;weight_kg=17;height_cm=120", "band(baz)=thin;flag(f_thin)=yes", ""],
            ["usual girl", "sex=female;age_days=2500;weight_kg=22;height_cm=120;t_hungry=0",
             "band(baz)=usual;domain(nutrition)=low", ""],
            ["heavy girl", "sex=female;age_days=2500;weight_kg=30;height_cm=120", "band(baz)=heavy", ""],
            ["thin young boy", "sex=male;age_days=1700;weight_kg=11;height_cm=104", "band(baz)=thin", ""],
            ["usual young boy", "sex=male;age_days=1700;weight_kg=16.5;height_cm=104", "band(baz)=usual", ""],
            ["heavy young boy", "sex=male;age_days=1700;weight_kg=21;height_cm=104", "band(baz)=heavy", ""],
            ["hungry", "t_hungry=2;c_supper=no", "flag(f_hungry)=yes;flag(f_supper)=yes;domain(nutrition)=medium", ""],
            ["hurt", "c_hurt=yes", "flag(f_hurt)=yes;alert(a_hurt)=yes;domain(protection)=high", ""],
            ["crowded", "g_rooms=1;g_grant=no;c_hurt=no", "home_any=1;band(home_any)=yes;domain(protection)=medium", ""],
            ["roomy", "g_rooms=5;g_grant=no;c_hurt=no", "band(home_any)=no;flag(f_home)=no;domain(protection)=low", ""],
            ["nothing known", "sex=male", "domain(protection)=not enough information", ""],
        ],
        "params": [
            ["param", "valid_from", "value", "source"],
            ["grant_amount", "2024-04-01", 530, "SASSA"],
        ],
    }  # fmt: skip


_GOOD: dict[str, Sheets] = {
    "child.xlsx": _child(),
    "caregiver.xlsx": _caregiver(),
    "teacher.xlsx": _teacher(),
    "health.xlsx": _health(),
    "pack.xlsx": _scoring(),
}


class LittlePack:
    """The good pack, in hand to be spoiled. Rows count as in the spreadsheet: the headings are row 1."""

    def __init__(self) -> None:
        # copied row by row: forms share lists of choices, and a mistake is made in one of them only
        self.books: dict[str, Sheets] = {
            file: {sheet: [list(cells) for cells in rows] for sheet, rows in sheets.items()}
            for file, sheets in _GOOD.items()
        }
        self.further: dict[str, bytes] = {}
        self.merged: list[tuple[str, str, str]] = []  # file, sheet, range
        self.formatted: list[tuple[str, str, int]] = []  # file, sheet, a row far below that only has a colour
        self.percent: list[tuple[str, str, str]] = []  # file, sheet, cell shown as a percentage

    def row(self, file: str, sheet: str, first_cell: str, nth: int = 1) -> int:
        """Number of the nth row whose first or second cell is `first_cell`."""
        rows = [n for n, cells in enumerate(self.books[file][sheet], start=1) if first_cell in cells[:2]]
        return rows[nth - 1]

    def set(self, file: str, sheet: str, row: int, column: str, value: Any) -> None:
        cells = self.books[file][sheet][row - 1]
        at = self.column(file, sheet, column)
        cells.extend([None] * (at + 1 - len(cells)))
        cells[at] = value

    def get(self, file: str, sheet: str, row: int, column: str) -> Any:
        return self.books[file][sheet][row - 1][self.column(file, sheet, column)]

    def column(self, file: str, sheet: str, heading: str) -> int:
        return self.books[file][sheet][0].index(heading)

    def letter(self, file: str, sheet: str, heading: str) -> str:
        return str(get_column_letter(self.column(file, sheet, heading) + 1))

    def add(self, file: str, sheet: str, /, **cells: Any) -> int:
        """Adds a row; the number of the row."""
        headings = self.books[file][sheet][0]
        self.books[file][sheet].append([cells.get(heading) for heading in headings])
        return len(self.books[file][sheet])

    def add_column(self, file: str, sheet: str, heading: str) -> None:
        for number, cells in enumerate(self.books[file][sheet]):
            cells.extend([None] * (len(self.books[file][sheet][0]) - len(cells)) if number else [])
            cells.append(heading if number == 0 else None)

    def remove_row(self, file: str, sheet: str, row: int) -> None:
        del self.books[file][sheet][row - 1]

    def enrol(self) -> None:
        """Adds the form that enrols a child, with the languages and grades there are."""
        self.books["register.xlsx"] = {
            "survey": [
                ["type", "name", "label" + EN, "label" + FR, "save_to"],
                ["text", "family_name", "Family name", "Nom de famille", "family_name"],
                ["select_one language", "r_language", "Home language", "Langue de la maison", "home_language"],
                ["select_one grade", "r_grade", "Grade", "Classe", "grade"],
            ],
            "choices": [
                _CHOICES,
                ["language", "zu", "isiZulu", "isiZulu"],
                ["language", "st", "Sesotho", "Sesotho"],
                ["grade", "R", "Grade R", "Grade R"],
                ["grade", 1, "Grade 1", "Grade 1"],
            ],
            "settings": _settings("Register", "kh_register"),
            "entities": [["list_name", "label"], ["learners", "${family_name}"]],
        }

    def files(self) -> dict[str, bytes]:
        return {**{file: self._bytes(file) for file in self.books}, **self.further}

    def _bytes(self, file: str) -> bytes:
        looks = [each for each in (*self.merged, *self.percent, *self.formatted) if each[0] == file]
        if not looks and self.books[file] == _GOOD.get(file):
            return _good_bytes(file)
        return self._made(file)

    def _made(self, file: str) -> bytes:
        book = Workbook()
        book.remove(book.active)
        for sheet, rows in self.books[file].items():
            page = book.create_sheet(sheet)
            for cells in rows:
                page.append(["" if cell is None else cell for cell in cells])
        for _, sheet, cells in (m for m in self.merged if m[0] == file):
            book[sheet].merge_cells(cells)
        for _, sheet, row in (f for f in self.formatted if f[0] == file):
            book[sheet].cell(row, 1).fill = PatternFill("solid", fgColor="EEEEEE")
        for _, sheet, cell in (p for p in self.percent if p[0] == file):
            book[sheet][cell].number_format = "0%"
        stream = io.BytesIO()
        book.save(stream)
        return stream.getvalue()


@cache
def _good_bytes(file: str) -> bytes:
    return LittlePack()._made(file)
