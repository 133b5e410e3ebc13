"""Where JavaRosa and @getodk/xforms-engine differ between themselves, by name, with the reason and the smallest form.

Khula answers as JavaRosa does, since ODK Collect is what it stands beside in the field. Each class carries a form and
steps on which the two engines are seen to differ; tests/clients/test_evaluator_agrees.py runs them all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isclose

from tests.clients.generated_forms import ENGLISH, FIXED_CHOICES, FRENCH, Row, Step, xform_of

#: What the form says of one question: relevant, calculate, constraint, … -> expression
Said = Mapping[str, str]


@dataclass(frozen=True)
class Explained:
    name: str
    reason: str
    survey: Sequence[Row]
    steps: Sequence[Step]
    at: str  # the question where it shows
    words: tuple[str | None, str | None]  # JavaRosa's and xforms-engine's
    belongs: Callable[[str, str | None, str | None, Said], bool]  # kind, JavaRosa's word, xforms-engine's, what is said
    kind: str = "value"
    choices: Sequence[Row] = field(default_factory=lambda: FIXED_CHOICES)

    def as_xform(self) -> str:
        labelled = [
            {f"label::{ENGLISH}": row["name"], f"label::{FRENCH}": row["name"]} | row if _is_shown(row) else row
            for row in self.survey
        ]
        settings = [{"form_title": "t", "form_id": "t", "version": "1", "default_language": ENGLISH}]
        return xform_of({"survey": labelled, "choices": self.choices, "settings": settings})


def class_of(kind: str, javarosa: str | None, xforms: str | None, said: Said) -> str | None:
    for each in EXPLAINED:
        if each.belongs(kind, javarosa, xforms, said):
            return each.name
    return None


def own_class_of(javarosa: str | None, khula: str | None, said: Said) -> str | None:
    return next((name for name, _, belongs in OWN if belongs(javarosa, khula, said)), None)


def _is_shown(row: Row) -> bool:
    return "name" in row and row["type"] != "calculate"


def _uses(pattern: str) -> Callable[[str, str | None, str | None, Said], bool]:
    """Some expression of the question has this in it."""
    compiled = re.compile(pattern)
    return lambda kind, javarosa, xforms, said: any(
        compiled.search(text) for what, text in said.items() if what != "above"
    )


def _written_as_number(text: str | None) -> str:
    return re.sub(r"(\d)\.0\b", r"\1", text or "")


def _without_halves(javarosa: str | None, other: str | None) -> bool:
    return (
        "?" in (javarosa or "") and (javarosa or "").replace("?", "").split() == (other or "").replace("?", "").split()
    )


def _nearly(one: str | None, other: str | None) -> bool:
    try:
        return isclose(float(one or ""), float(other or ""), rel_tol=1e-12)
    except ValueError:
        return False


def _set(at: str, text: str) -> Step:
    return Step("set", f"/data/{at}", text)


EXPLAINED: tuple[Explained, ...] = (
    Explained(
        "truth as 1 and 0",
        "A calculation that is true or false is kept as a truth and written 1 or 0; xforms-engine writes true or false.",
        [{"type": "integer", "name": "n"}, {"type": "calculate", "name": "c", "calculation": "${n} > 3"}],
        [_set("n", "5")],
        "/data/c",
        ("1", "true"),
        lambda kind, javarosa, xforms, said: (javarosa, xforms) in {("1", "true"), ("0", "false")},
    ),
    Explained(
        "guidance",
        "JavaRosa gives guidance apart from the hint; xforms-engine joins both.",
        [
            {"type": "text", "name": "t", f"hint::{ENGLISH}": "h", f"guidance_hint::{ENGLISH}": "g"}
            | {f"hint::{FRENCH}": "h", f"guidance_hint::{FRENCH}": "g"}
        ],
        [],
        "/data/t",
        ("h", "hg"),
        lambda kind, javarosa, xforms, said: kind == "hint" and (xforms or "").startswith(javarosa or ""),
        kind="hint",
    ),
    Explained(
        "whole numbers in texts",
        "A decimal that is whole is said without .0; xforms-engine keeps it once it has been an answer.",
        [{"type": "decimal", "name": "d"}, {"type": "note", "name": "n", f"label::{ENGLISH}": "${d} kg"}],
        [_set("d", "22")],
        "/data/n",
        ("22 kg", "22.0 kg"),
        lambda kind, javarosa, xforms, said: xforms is not None and _written_as_number(xforms) == javarosa,
        kind="label",
    ),
    Explained(
        "very large numbers in texts",
        "Java writes 9.99E20 where JavaScript writes 9.99e+20.",
        [
            {"type": "integer", "name": "n"},
            {"type": "calculate", "name": "c", "calculation": "concat('', pow(${n}, 3))"},
        ],
        [_set("n", "12345678")],
        "/data/c",
        ("1.8816759602665585E21", "1.8816759602665585e+21"),
        lambda kind, javarosa, xforms, said: "e+" in (xforms or "") or bool(re.search(r"\dE\d", javarosa or "")),
    ),
    Explained(
        "max, min and sum leave out blanks",
        "The largest, the smallest and the sum are of the answers there are; to xforms-engine one blank makes it no number.",
        [{"type": "integer", "name": "n"}, {"type": "calculate", "name": "c", "calculation": "max(${n}, 3)"}],
        [],
        "/data/c",
        ("3", ""),
        _uses(r"\b(max|min|sum)\("),
    ),
    Explained(
        "the truth of an answer",
        "boolean() of a question asks what was answered: blank and 0 are false. To xforms-engine it is true that there is such a question.",
        [
            {"type": "integer", "name": "n"},
            {"type": "calculate", "name": "c", "calculation": "if(boolean(${n}), 'a', 'b')"},
        ],
        [],
        "/data/c",
        ("b", "a"),
        _uses(r"\bboolean\("),
    ),
    Explained(
        "a name in the language of its moment",
        "jr:choice-name() in a calculation is asked anew when an answer in it changes, not when the language does.",
        [
            {"type": "select_one sex", "name": "s"},
            {"type": "calculate", "name": "c", "calculation": "jr:choice-name(${s}, '${s}')"},
        ],
        [_set("s", "female"), Step("language", text=FRENCH)],
        "/data/c",
        ("Girl", "Fille"),
        _uses(r"jr:choice-name\("),
    ),
    Explained(
        "half goes up",
        "round() takes a half up, as Java does, also below nothing; xforms-engine away from nothing.",
        [{"type": "decimal", "name": "d"}, {"type": "calculate", "name": "c", "calculation": "round(${d}, 1)"}],
        [_set("d", "-12.75")],
        "/data/c",
        ("-12.7", "-12.8"),
        _uses(r"\bround\("),
    ),
    Explained(
        "a date is not a text",
        "A date is compared with a date. A text that looks like one is no number, and nothing is less than it.",
        [{"type": "date", "name": "d", "constraint": ". < '2024-06-01'"}],
        [_set("d", "2019-04-11")],
        "/data/d",
        ("constraint", ""),
        _uses(r"[<>]=? *'\d{4}-\d\d-\d\d'"),
        kind="verdict",
    ),
    Explained(
        "the whole text",
        "regex() must match the whole text, as Java's matches(); xforms-engine looks for a part of it.",
        [
            {"type": "text", "name": "t"},
            {"type": "calculate", "name": "c", "calculation": "if(regex(${t}, '[0-9]+'), 'a', 'b')"},
        ],
        [_set("t", "3.5")],
        "/data/c",
        ("b", "a"),
        _uses(r"\bregex\("),
    ),
    Explained(
        "a new line is a space",
        "normalize-space() makes one space of every run of spaces and new lines; xforms-engine leaves new lines.",
        [
            {"type": "text", "name": "t"},
            {"type": "calculate", "name": "c", "calculation": "normalize-space(${t})"},
        ],
        [_set("t", "a\nb")],
        "/data/c",
        ("a b", "a\nb"),
        _uses(r"\bnormalize-space\("),
    ),
    Explained(
        "half a sign",
        "Where substr() cuts through a sign of two halves, Java writes ? for the half; xforms-engine keeps the half.",
        [
            {"type": "text", "name": "t"},
            {"type": "calculate", "name": "c", "calculation": "substr(${t}, 1)"},
        ],
        [_set("t", "🦒ß")],
        "/data/c",
        ("?ß", "ß"),
        lambda kind, javarosa, xforms, said: _without_halves(javarosa, xforms),
    ),
    Explained(
        "whole again",
        "JavaRosa takes a power to ten places or so of what it is; xforms-engine keeps the last digits of the machine.",
        [{"type": "integer", "name": "n"}, {"type": "calculate", "name": "c", "calculation": "pow(sqrt(${n}), 2)"}],
        [_set("n", "10")],
        "/data/c",
        ("10", "10.000000000000002"),
        lambda kind, javarosa, xforms, said: _nearly(javarosa, xforms),
    ),
    Explained(
        "True is true",
        "boolean-from-string() does not look at capitals; xforms-engine does.",
        [
            {"type": "text", "name": "t"},
            {"type": "calculate", "name": "c", "calculation": "if(boolean-from-string(${t}), 'a', 'b')"},
        ],
        [_set("t", "True")],
        "/data/c",
        ("a", "b"),
        _uses(r"\bboolean-from-string\("),
    ),
    Explained(
        "each by its own",
        "pyxform writes ${q} within [ ] as a path from the top; JavaRosa reads it as that of the one looked at.",
        [
            {"type": "begin_repeat", "name": "r"},
            {"type": "integer", "name": "n"},
            {"type": "end_repeat"},
            {"type": "calculate", "name": "c", "calculation": "count(${r}[${n} > 5])"},
        ],
        [_set("r[1]/n", "9"), Step("add", "/data/r")],
        "/data/c",
        ("1", "2"),
        _uses(r"\bcount\( */\S+ *\[|\bindexed-repeat\("),
    ),
    Explained(
        "what is hidden is not there",
        "Hidden answers and repeats are left out of count(), join() and the like; xforms-engine takes them in.",
        [
            {"type": "select_one yes_no", "name": "y"},
            {"type": "begin_repeat", "name": "r", "relevant": "${y} = 'yes'"},
            {"type": "text", "name": "t"},
            {"type": "end_repeat"},
            {"type": "calculate", "name": "c", "calculation": "count(${r})"},
        ],
        [],
        "/data/c",
        ("0", "1"),
        _uses(r"\b(count|count-non-empty|join)\("),
    ),
    Explained(
        "not a number as text",
        "string() of what is no number says NaN; xforms-engine says nothing.",
        [{"type": "integer", "name": "n"}, {"type": "calculate", "name": "c", "calculation": "string(${n} + 1)"}],
        [],
        "/data/c",
        ("NaN", ""),
        lambda kind, javarosa, xforms, said: "NaN" in (javarosa or ""),
    ),
    Explained(
        "repeats are not taken away",
        "A count that is blank or lowered leaves the repeats there are; a higher one adds. xforms-engine follows it down.",
        [
            {"type": "integer", "name": "n"},
            {"type": "begin_repeat", "name": "r", "repeat_count": "${n}"},
            {"type": "text", "name": "t"},
            {"type": "end_repeat"},
        ],
        [_set("n", "2"), _set("n", "1")],
        "/data/r[2]",
        ("", None),
        lambda kind, javarosa, xforms, said: "repeat_count" in said and kind == "group",
        kind="group",
    ),
    Explained(
        "a choice taken back is gone",
        "A choice that its filter no longer offers is taken out of the answer; xforms-engine hides it, and brings it back.",
        [
            {"type": "select_multiple signs", "name": "m"},
            {"type": "select_one signs", "name": "o", "choice_filter": "selected(${m}, name)"},
        ],
        [_set("m", "cough"), _set("o", "cough"), _set("m", "rash"), _set("m", "cough")],
        "/data/o",
        ("", "cough"),
        lambda kind, javarosa, xforms, said: "choices" in said and kind in {"value", "verdict", "message"},
    ),
    Explained(
        "defaults of what is hidden",
        "A default that is calculated is set when the form or the repeat begins, hidden or not; xforms-engine sets only what is shown.",
        [
            {"type": "select_one yes_no", "name": "y"},
            {"type": "text", "name": "d", "default": "concat('a', 'b')", "relevant": "${y} = 'yes'"},
        ],
        [_set("y", "yes")],
        "/data/d",
        ("ab", ""),
        lambda kind, javarosa, xforms, said: "default" in said,
    ),
    Explained(
        "a calculated default triggers",
        "A default that is calculated is a change of the answer, and triggers what waits for it; to xforms-engine it is none.",
        [
            {"type": "integer", "name": "n", "default": "3 + 4"},
            {"type": "calculate", "name": "c", "trigger": "${n}", "calculation": "'went'"},
        ],
        [],
        "/data/c",
        ("went", ""),
        lambda kind, javarosa, xforms, said: "trigger" in said and not xforms,
    ),
    Explained(
        "calculated first, then triggered",
        "When an answer changes, calculations come first, and a trigger sees their new values; xforms-engine's sees the old, the first time.",
        [
            {"type": "text", "name": "t"},
            {"type": "calculate", "name": "c", "calculation": "string-length(${t})"},
            {"type": "calculate", "name": "c2", "calculation": "${c}"},
            {"type": "calculate", "name": "x", "trigger": "${t}", "calculation": "${c2}"},
        ],
        [_set("t", "abc")],
        "/data/x",
        ("3", "0"),
        lambda kind, javarosa, xforms, said: "trigger" in said,
    ),
)


#: Where Khula says something else than JavaRosa: name, reason, what a question must hold for it.
OWN: tuple[tuple[str, str, Callable[[str | None, str | None, Said], bool]], ...] = (
    (
        "once, shown in the same step",
        "JavaRosa works out whether a question is shown, and its calculation, in no order one could rely on; once() of "
        "what the same answer shows then keeps the value of before or takes the new one. Khula first shows, then calculates.",
        lambda javarosa, khula, said: "once(" in said.get("calculate", "") and ("relevant" in said or "above" in said),
    ),
    (
        "in a group of a new repeat",
        "When a counted repeat grows, JavaRosa does not look into its groups: what gathers from them is of before, until an "
        "answer in them changes. Khula gathers at once.",
        lambda javarosa, khula, said: "join(" in said.get("calculate", "") and len(javarosa or "") < len(khula or ""),
    ),
    (
        "a choice's name in a draft opened again",
        "A draft taken up again is calculated anew, in the language then spoken, in Collect too; the JavaRosa compared with "
        "goes on with the form it has open.",
        lambda javarosa, khula, said: (
            bool(javarosa and khula) and any("jr:choice-name(" in text for text in said.values())
        ),
    ),
    (
        "half a sign",
        "Where substr() cuts through a sign of two halves, as 🦒, Java writes ? for the half; Khula leaves it out.",
        lambda javarosa, khula, said: _without_halves(javarosa, khula),
    ),
)
