"""A pack small enough to see whole: four forms of a few questions, a register, and the sheets that score them.

Written as workbooks, read by the real reader and compiled by the real compiler, once per run.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from io import BytesIO

from openpyxl import Workbook

from khula.analysis.packs.pack import Pack
from khula.analysis.packs.reader import read_pack

Rows = Sequence[Mapping[str, object]]

META = [{"type": name, "name": name} for name in ("start", "end", "today", "deviceid", "username")]
CHILD_PICKED = [
    {"type": "select_one_from_file learners.csv", "name": "learner", "label": "Which child?", "required": "yes"},
    *(
        {
            "type": "calculate",
            "name": f"learner_{of}",
            "calculation": f"instance('learners')/root/item[name = ${{learner}}]/{of}",
        }
        for of in ("wave", "sex", "birth_date", "grade", "language")
    ),
]
CHOICES = {
    "yes_no": ["yes", "no", "dk", "refused"],
    "often": ["0", "1", "2", "dk"],
    "four": ["0", "1", "2", "3", "dk"],
    "eyes": ["pass", "refer", "na"],
    "language": ["zu", "st", "en"],
    "sex": ["female", "male"],
}
QUESTIONS = {
    "child": [
        ("select_one language", "c_interview_language"),
        ("select_one often", "c_hungry"),
        ("select_one yes_no", "c_hurt"),
        ("select_one often", "c_happy"),
    ],
    "caregiver": [
        ("select_one yes_no", "g_hunger"),
        *[("select_one four", f"g_{n}") for n in range(1, 6)],
    ],
    "teacher": [("select_one often", "t_hungry"), ("select_one four", "t_learn")],
    "health": [("decimal", "h_weight_kg"), ("decimal", "h_height_cm"), ("select_one eyes", "h_eyes")],
}
ALERT_NOTES = {
    "child": {"type": "note", "name": "a_hurt_help", "label": "Stay with the child.", "relevant": "${c_hurt} = 'yes'"},
    "caregiver": {
        "type": "note", "name": "a_hunger_help", "label": "Feed the child today.", "relevant": "${g_hunger} = 'yes'",
    },
}  # fmt: skip
REGISTER = [
    {"type": "text", "name": f"r_{name}", "label": name, "save_to": name}
    for name in ("given_names", "family_name", "birth_date", "grade", "class_name", "school_emis", "home_language")
] + [{"type": "select_one sex", "name": "r_sex", "label": "sex", "save_to": "sex"}]


def _workbook(sheets: Mapping[str, Rows]) -> bytes:
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        header = list(dict.fromkeys(key for row in rows for key in row))
        sheet.append(header)
        for row in rows:
            sheet.append([row.get(key) for key in header])
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def _choices() -> Rows:
    return [
        {"list_name": name, "name": code, "label::English (en)": code}
        for name, codes in CHOICES.items()
        for code in codes
    ]


def _form(informant: str, version: str, extra: Rows) -> bytes:
    asked = [{"type": kind, "name": name, "label": name} for kind, name in QUESTIONS[informant]]
    notes = [ALERT_NOTES[informant]] if informant in ALERT_NOTES else []
    survey = [
        {("label::English (en)" if key == "label" else key): value for key, value in row.items()}
        for row in [*META, *CHILD_PICKED, *asked, *notes, *extra]
    ]
    settings = [{
        "form_id": f"kh_{informant}", "version": version, "form_title": informant.capitalize(),
        "client_editable": "yes", "default_language": "English (en)",
    }]  # fmt: skip
    return _workbook({"survey": survey, "choices": _choices(), "settings": settings})


def _register(version: str) -> bytes:
    survey = [
        {("label::English (en)" if key == "label" else key): value for key, value in row.items()}
        for row in [*META, *REGISTER]
    ]
    settings = [{
        "form_id": "kh_register", "version": version, "form_title": "Register a child",
        "default_language": "English (en)",
    }]  # fmt: skip
    entities = [{"list_name": "learners", "label": "concat(${r_given_names}, ' ', ${r_family_name})"}]
    return _workbook({"survey": survey, "choices": _choices(), "settings": settings, "entities": entities})


def _flag(flag: str, domain: str, level: str, informant: str, when: str, about: str = "") -> dict[str, object]:
    say = f"{flag} was answered so."
    return {
        "flag": flag,
        "domain": domain,
        "level": level,
        "informant": informant,
        "when": when,
        "about": about,
        "say::English (en)": say,
    }


def _domain(domain: str, needs: str, at_least: int) -> dict[str, object]:
    return {"domain": domain, "label::English (en)": domain.title(), "needs": needs, "needs_at_least": at_least}


def _pack(version: str) -> bytes:
    en = "English (en)"
    about = {
        "name": "small", "version": version, f"title::{en}": "A small pack", "licence": "CC BY 4.0",
        "contact": "the tests",
    }  # fmt: skip
    return _workbook({
        "pack": [{"key": key, "value": value} for key, value in about.items()],
        "instruments": [{
            "instrument": "mood", f"label::{en}": "Mood", "informant": "caregiver", "form": "kh_caregiver",
            "status": "ours", "may_ship_wording": "yes", "licence": "CC BY 4.0", "source": "invented",
        }, {
            "instrument": "who", f"label::{en}": "Growth", "informant": "health", "form": "kh_health",
            "status": "reference", "may_ship_wording": "yes", "licence": "facts", "source": "WHO 2007",
        }],
        "scales": [{
            "scale": "mood", "instrument": "mood", f"label::{en}": "Low mood", "method": "sum", "items": "g_1..5",
            "item_min": 0, "item_max": 3, "missing": "prorate", "min_answered": 4, "round": 0, "source": "invented",
        }, {
            "scale": "haz", "instrument": "who", f"label::{en}": "Height for age", "method": "zscore",
            "items": "h_height_cm", "norm": "height_for_age", "index": "age_months", "missing": "none", "round": 2,
            "source": "WHO 2007",
        }],
        "bands": [
            {"scale": "mood", "band": "fine", f"label::{en}": "fine", "below": 8, "source": "invented"},
            {"scale": "mood", "band": "low_mood", f"label::{en}": "low", "from": 8, "source": "invented"},
            {"scale": "haz", "band": "stunted", f"label::{en}": "stunted", "below": -2, "source": "WHO"},
            {"scale": "haz", "band": "normal", f"label::{en}": "normal", "from": -2, "source": "WHO"},
        ],
        "norms": [{
            "norm": "height_for_age", "file": "who:height_for_age", "index_unit": "months", "age_from": 0,
            "age_to": 228, "adjust": "none", "implausible_below": -6, "implausible_above": 6, "source": "WHO 2007",
        }],
        "flags": [
            _flag("n_child", "nutrition", "medium", "child", "${c_hungry} = 2", "hunger"),
            _flag("n_teacher", "nutrition", "medium", "teacher", "${t_hungry} = 2", "hunger"),
            _flag("n_caregiver", "nutrition", "high", "caregiver", "${g_hunger} = 'yes'", "hunger"),
            _flag("n_stunted", "nutrition", "medium", "health", "band(${haz}) = 'stunted'"),
            _flag("p_hurt", "protection", "high", "child", "${c_hurt} = 'yes'"),
            _flag("p_mood", "protection", "medium", "caregiver", "band(${mood}) = 'low_mood'"),
            _flag("e_learn", "education", "medium", "teacher", "${t_learn} >= 2"),
            _flag("h_eyes_fail", "health", "medium", "health", "${h_eyes} = 'refer'"),
        ],
        "strengths": [{
            "strength": "s_happy", "domain": "protection", "informant": "child", "when": "${c_happy} = 0",
            f"say::{en}": "The child is happy.",
        }],
        "domains": [
            _domain("health", "h_eyes", 1),
            _domain("nutrition", "c_hungry t_hungry g_hunger haz", 2),
            _domain("protection", "c_hurt mood", 1),
            _domain("education", "t_learn", 1),
        ],
        "alerts": [{
            "alert": "a_hurt", "when": "${c_hurt} = 'yes'", "urgency": "now", "tell": "social_worker", "informant": "child",
            f"say_on_device::{en}": "Stay with the child.", f"say::{en}": "The child says somebody hurts the child.",
        }, {
            "alert": "a_hunger", "when": "${g_hunger} = 'yes'", "urgency": "today", "tell": "teacher",
            "informant": "caregiver", f"say_on_device::{en}": "Feed the child today.", f"say::{en}": "There is no food.",
        }],
        "tests": [{"test": "hurt", "given": "c_hurt=yes", "expect": "flag(p_hurt)=yes;alert(a_hurt)=yes", "source": "ours"}],
    })  # fmt: skip


@cache
def workbooks(version: str = "1", extra_teacher_question: str = "") -> Mapping[str, bytes]:
    """The folder of the pack: file name -> bytes."""
    extra = [{"type": "text", "name": extra_teacher_question, "label": "?"}] if extra_teacher_question else []
    forms = {f"{who}.xlsx": _form(who, version, extra if who == "teacher" else []) for who in QUESTIONS}
    return {**forms, "register.xlsx": _register(version), "pack.xlsx": _pack(version)}


@cache
def small_pack(version: str = "1") -> Pack:
    return read_pack(workbooks(version))
