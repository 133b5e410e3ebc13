"""The compiler of forms for the field app: every form of the shipped pack, every feature that is said to be there."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyxform.xls2xform import convert

from khula.analysis.packs import xpath
from khula.analysis.packs.device import FormNotForDevice, device_form, refusals
from khula.analysis.packs.device.features import FUNCTIONS, FUNCTIONS_REFUSED, MATRIX
from khula.analysis.packs.device.tree import Call, NotRead, Number, Step, Sum, Text, read
from khula.analysis.packs.device.tree import Path as Way
from khula.analysis.packs.forms import compile_form

HERE = Path(__file__).resolve().parent.parent.parent
SHIPPED = sorted(path for path in (HERE / "packs").rglob("*.xlsx") if path.name != "pack.xlsx")


@cache
def xform(markdown: str) -> bytes:
    return str(convert(xlsform=markdown, validate=False, pretty_print=False, file_type=".md").xform).encode()


def plan(markdown: str) -> Any:
    return json.loads(device_form(xform(markdown)))


def survey(*rows: str, rest: str = "") -> str:
    head = "| survey | | | | | | |\n| | type | name | label | calculation | relevant | choice_filter |\n"
    return head + "\n".join(f"| | {row} |" for row in rows) + "\n" + rest


CHOICES = "| choices | | | | |\n| | list_name | name | label | in |\n| | place | a | A | x |\n| | place | b | B | y |\n"


# --- forms -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_form_of_the_shipped_pack_runs_on_tablets(path: Path) -> None:
    xml = compile_form(path.read_bytes()).xml
    assert refusals(xml) == ()
    assert device_form(xml) == device_form(xml)
    assert len(device_form(xml)) < len(xml) / 2


def test_a_calculation_stands_after_what_it_reads() -> None:
    made = plan(
        survey(
            "integer | n | N", "calculate | c | | ${b} + 1", "calculate | b | | ${a} + 1", "calculate | a | | ${n} + 1"
        )
    )
    names = [node[0] for node in made["nodes"]]
    assert [names[node] for _, node, *_ in made["order"]][:3] == ["a", "b", "c"]


def test_what_reads_inside_a_group_stands_after_what_hides_the_group() -> None:
    made = plan(
        survey("calculate | sum | | ${inner}", "begin_group | g | G | | ${last} = 1", "integer | inner | I",
               "end_group", "calculate | last | | ${n} + 1", "integer | n | N")
    )  # fmt: skip
    names = [node[0] for node in made["nodes"]]
    assert [names[node] for _, node, *_ in made["order"]][:3] == ["last", "g", "sum"]


def test_an_equality_on_a_column_is_found_by_index() -> None:
    made = plan(survey("integer | n | N", "select_one place | p | P | | | in = ${n} and name != 'a'", rest=CHOICES))
    (question,) = [ask for ask in made["asks"] if ask["k"] == "select1"]
    rows, value, label, reads = question["i"]
    assert rows == ["#", 0, 0, [[["==", "in", ["@", 1]], ["!=", ["$", "name"], "a"]]]]
    assert (value, label, reads) == ("name", "label", [1])


def test_one_of_a_repeat_is_there_when_the_form_opens_and_its_count_is_read() -> None:
    made = plan(survey("integer | n | N", "begin_repeat | r | R", "text | t | T", "end_repeat"))
    (repeat,) = [node for node in made["nodes"] if node[0] == "r"]
    assert repeat[2] == {"r": 1, "f": 1}


def test_texts_nobody_reads_stay_behind_and_outputs_are_resolved() -> None:
    made = plan(survey("text | a | A", "note | b | Hello ${a}!"))
    assert made["words"] == [["A", ["Hello ", ["@", 1], "!"]]]


def test_a_text_not_translated_is_said_in_the_default_language() -> None:
    made = plan(
        "| survey | | | | |\n| | type | name | label::English (en) | label::French (fr) | hint::English (en) |\n"
        "| | text | a | A | Ah | look |\n| settings | |\n| | default_language |\n| | English (en) |\n"
    )
    assert made["langs"] == ["en", "fr"]
    assert made["words"] == [["A", "look"], ["Ah", "look"]]


# --- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        (("text | a | A", "calculate | d | | digest(${a}, 'MD5')"), ("d", "calculation", "function", "digest()")),
        (("text | a | A", "calculate | n | | count('a')"), ("n", "calculation", "expression", "count()")),
        (("geotrace | way | W",), ("way", "type", "type", "geotrace")),
        (("calculate | w | | format-date(today(), '%W')",), ("w", "calculation", "date", "%W")),
        (("text | a | A", "calculate | w | | regex(${a}, '(?i)x')"), ("w", "calculation", "expression", "(?i)x")),
        (("calculate | a | | ${b}", "calculate | b | | ${a}"), ("a", "calculation", "circle", "a")),
        (("text | a | A | | ${a} = 1",), None),
        (("calculate | a | | instance('gone')/root/item/x",), ("a", "calculation", "list", "gone")),
        (("calculate | a | | /data/nothing/here",), ("a", "calculation", "path", "/data/nothing/here")),
        (("select_one_from_file places.xml | p | P",), ("p", "choice_filter", "list", "places")),
        (("select_one_from_file places.geojson | p | P",), ("p", "choice_filter", "list", "places")),
        (("start-geopoint | here | H",), ("here", "type", "action", "setgeopoint")),
    ],
)
def test_what_the_field_app_cannot_do_is_refused_by_name(
    rows: tuple[str, ...], wanted: tuple[str, str, str, str] | None
) -> None:
    found = [(one.question, one.column, one.kind, one.shown) for one in refusals(xform(survey(*rows)))]
    if wanted is None:
        assert found, "a question that hides itself goes in a circle"
    else:
        assert wanted in found


def test_a_film_is_refused_with_its_question() -> None:
    film = "| survey | | | | |\n| | type | name | label::English (en) | media::video::English (en) |\n| | text | a | A | film.mp4 |\n"
    assert [(one.question, one.shown) for one in refusals(xform(film))] == [("a", "media::video")]


def test_a_refused_form_has_no_plan() -> None:
    with pytest.raises(FormNotForDevice):
        device_form(xform(survey("geoshape | field | F")))


def test_an_entity_in_a_repeat_is_refused() -> None:
    rest = "| entities | | |\n| | list_name | label |\n| | people | ${t} |\n"
    assert [
        one.kind for one in refusals(xform(survey("begin_repeat | r | R", "text | t | T", "end_repeat", rest=rest)))
    ] == ["entities"]


# --- features --------------------------------------------------------------------------------------------------------


def test_every_function_of_javarosa_is_held_or_refused() -> None:
    assert set(xpath.FUNCTIONS) <= FUNCTIONS | FUNCTIONS_REFUSED
    assert not FUNCTIONS & FUNCTIONS_REFUSED


def test_the_evaluator_has_every_function_that_is_said_to_be_there() -> None:
    """Those that the compiler writes in other words have none of their own."""
    compiled_away = {"true", "false", "current", "instance", "pulldata", "jr:itext", "randomize"}
    source = (HERE / "field/src/forms/functions.js").read_text()
    missing = [name for name in sorted(FUNCTIONS - compiled_away) if f'"{name}"' not in source and f"  {name}: " not in source
               and f"STRICT.{name}" not in source]  # fmt: skip
    assert missing == []


def test_the_matrix_says_each_thing_once() -> None:
    assert len({feature for feature, *_ in MATRIX}) == len(MATRIX) > 30


# --- expressions -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("1 + 2 * 3", Sum("+", Number(1), Sum("*", Number(2), Number(3)))),
        ("- 3 - -2", Sum("-", Call("-", (Number(3),)), Call("-", (Number(2),)))),
        ("a or b and c", Sum("or", _way := Way("here", (Step("a"),)), Sum("and", Way("here", (Step("b"),)), Way("here", (Step("c"),))))),
        ("div div mod", Sum("div", Way("here", (Step("div"),)), Way("here", (Step("mod"),)))),
        ("../x[. = 'y']", Way("here", (Step(".."), Step("x", (Sum("=", Way("here", (Step("."),)), Text("y")),))))),
        ("instance('l')/root/item", Way("call", (Step("root"), Step("item")), Call("instance", (Text("l"),)))),
        ("jr:choice-name(a, 'b')", Call("jr:choice-name", (Way("here", (Step("a"),)), Text("b")))),
    ],
)  # fmt: skip
def test_an_expression_is_read_as_javarosa_reads_it(text: str, tree: object) -> None:
    assert read(text) == tree


@pytest.mark.parametrize(
    "text",
    ["", "(", "a |b", "1 +", "//a", "child::a", "'open", "$x", "a[", "f(,)", "a b", "(a)/b", "(" * 99 + "1" + ")" * 99],
)
def test_what_is_no_expression_is_told(text: str) -> None:
    with pytest.raises(NotRead):
        read(text)


BITS = """if( coalesce( once( selected( position( indexed-repeat( pulldata( jr:choice-name( count( randomize( instance('l')
current() today() regex( ( ) [ ] , . .. / // @ | - + * = != < <= and or div mod 'x' "y" '' 1 2.5 n r t root item /data
/data/r /data/r/t"""
ONE_CALCULATION = """<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"><h:head><h:title>t</h:title>
<model><instance><data id="t" version="1"><n/><r><t/></r><c/></data></instance>
<instance id="l"><root><item><n>1</n></item></root></instance><bind nodeset="/data/c" calculate="EXPRESSION"/></model></h:head>
<h:body><group ref="/data/r"><repeat nodeset="/data/r"><input ref="/data/r/t"/></repeat></group></h:body></h:html>"""


@given(st.lists(st.sampled_from(BITS.split()), max_size=12).map(" ".join))
def test_whatever_stands_in_an_expression_it_is_compiled_or_refused(expression: str) -> None:
    quoted = expression.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    refusals(ONE_CALCULATION.replace("EXPRESSION", quoted).encode())
