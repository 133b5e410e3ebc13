"""Whatever is wrong with a pack is found, in its row, with a cure; a good pack gets no word."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from khula.analysis.expressions import ExpressionError, Kind, is_condition, parse
from khula.analysis.expressions.in_french import in_french
from khula.analysis.packs import reader, xpath
from khula.analysis.packs.check import check_pack, questionnaires
from khula.analysis.packs.findings import Finding
from khula.analysis.packs.forms import CompiledForm, compile_form
from khula.analysis.packs.messages import MESSAGES
from khula.analysis.packs.reader import ROLES
from khula.analysis.packs.workbook import Grid, read_workbook
from khula.cli import main, odk_validate
from tests.analysis.authoring_errors.corpus import MISTAKES, Mistake
from tests.analysis.authoring_errors.little_pack import EN, FR, LittlePack

P = "pack.xlsx"
TODAY = date(2026, 11, 22)


@pytest.fixture(autouse=True, scope="module")
def _each_workbook_read_once() -> Iterator[None]:
    """One mistake spoils one workbook of five; the same bytes are the same sheets and the same form."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "read_workbook", _read)
        patch.setattr(questionnaires, "compile_form", lambda workbook, files: _compile(workbook))
        yield


@cache
def _read(content: bytes) -> tuple[Grid, ...]:
    return read_workbook(content)


@cache
def _compile(content: bytes) -> CompiledForm:
    return compile_form(content)


@cache
def findings_of(mistake: Mistake) -> tuple[tuple[str, str, int], list[Finding]]:
    pack = LittlePack()
    where = mistake.make(pack)
    return where, check_pack(pack.files(), on=TODAY)


# --- the corpus ------------------------------------------------------------------------------------------------------


def test_a_good_pack_gets_no_word() -> None:
    assert check_pack(LittlePack().files()) == []


@pytest.mark.parametrize("mistake", MISTAKES, ids=[f"{each.code}-{each.name}" for each in MISTAKES])
def test_a_mistake_is_found_in_its_row(mistake: Mistake) -> None:
    where, found = findings_of(mistake)
    assert where in [(one.file, one.sheet, one.row) for one in found if one.code == mistake.code]


@pytest.mark.parametrize("mistake", MISTAKES, ids=[f"{each.code}-{each.name}" for each in MISTAKES])
def test_a_mistake_accuses_nothing_else(mistake: Mistake) -> None:
    _, found = findings_of(mistake)
    assert {one.code for one in found} - {"PACK_410"} == {mistake.code, *mistake.also} - {"PACK_410"}


def test_there_are_mistakes_of_every_sort() -> None:
    # 412 says that the plan refuses what the check let pass; 601 needs Java and has its own test
    assert set(MESSAGES) - {each.code for each in MISTAKES} == {"PACK_412", "PACK_601"}
    assert len({each.name for each in MISTAKES}) == len(MISTAKES) >= 40


# --- the words -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", MESSAGES)
def test_every_finding_is_told_in_english_and_french(code: str) -> None:
    message = MESSAGES[code]
    for words in (message.problem, message.cure):
        assert set(words) == {"en", "fr"}
        assert words["en"] != words["fr"]


@pytest.mark.parametrize("mistake", MISTAKES, ids=[each.name for each in MISTAKES])
def test_no_finding_is_told_with_a_gap(mistake: Mistake) -> None:
    for one in findings_of(mistake)[1]:
        for language in ("en", "fr"):
            template = " ".join((MESSAGES[one.code].problem[language], MESSAGES[one.code].cure[language]))
            needed = set(re.findall(r"(?<!\$)\{(\w+)\}", re.sub("⟦[^⟧]*⟧", "", template)))
            assert needed <= set(one.words), one.code
            assert not re.search(r"⟦|⟧|(?<!\$)\{\w+\}", " ".join(one.told(language)))


KINDS = {"c": Kind.TEXT, "n": Kind.WHOLE, "d": Kind.DATE, "m": Kind.DECIMAL, "s": Kind.CODES, "scale": Kind.WHOLE}
BAD_EXPRESSIONS = (
    "", "(" * 80 + "1" + ")" * 80, "x" * 20_001, " + ".join(["${n}"] * 300), "${a b} = 1", "${n} =", "${n} = 1)",
    "${n} == 1", "${n} ${n}", "(${n}", "'abc", "1234567890123 = 1", "${c} = ''", "not ${c}", "abc", "${n} => 1",
    "foo(1)", "mising(${n})", "band(1)", "selected(1,'a')", "selected(${s},1)", "at-least(0,${n}=1)",
    "at-least(3,${n}=1)", "coalesce(1)", "if(1)", "‘a’", "${n} ≥ 1", "1 − 2", "1 – 2", "1 & 1", "1 | 2", "1 / 2",
    "5 % 2", "!${n}", ". > 3", "${n} + 1", "not(${n})", "${c} >= 1", "${c} + 1", "${m} mod 2 = 1", "${d} + ${d} = 1",
    "band(${n}) = 'a'", "selected(${n}, 'a')", "if(${n}=1, 1, 'a') = 1", "${n} = 'abc'", "${d} = 'abc'", "${n} = ${c}",
    "* 3", "1 + and 2",
)  # fmt: skip
ENGLISH = re.compile(r"\b(the|is|this|here|there|write|cannot|needs?|takes?|compares|missing before)\b", re.IGNORECASE)


@pytest.mark.parametrize("text", BAD_EXPRESSIONS, ids=lambda text: text[:20] or "empty")
def test_what_is_wrong_with_an_expression_is_told_in_french(text: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        is_condition(parse(text), KINDS, {"scale"})
    quotes_left_out = re.sub(r"« .*? »|\$\{\w+\}|\b\w+\(\S*|'\w+'", "", in_french(str(caught.value)))
    assert not ENGLISH.search(quotes_left_out), in_french(str(caught.value))


def test_the_server_has_no_role_that_an_alert_cannot_tell() -> None:
    from khula.server.people.roles import Role

    assert set(Role.values) <= set(ROLES)


# --- the rules behind the findings -----------------------------------------------------------------------------------


def codes_after(spoil: Mapping[tuple[str, str, str, str], object]) -> set[str]:
    """Codes found when cells (file, sheet, row by its name, column) hold something else."""
    pack = LittlePack()
    for (file, sheet, row, column), value in spoil.items():
        pack.set(file, sheet, pack.row(file, sheet, row), column, value)
    return {one.code for one in check_pack(pack.files())}


def test_a_translation_missing_does_not_keep_the_examples_from_being_tried() -> None:
    found = codes_after(
        {("child.xlsx", "survey", "c_friend", "label" + FR): "", (P, "tests", "mood low", "expect"): "mood_total=1"}
    )
    assert found == {"PACK_500", "PACK_403"}


def test_missing_is_how_a_condition_asks_for_no_answer() -> None:
    assert (
        codes_after(
            {(P, "flags", "f_supper", "when"): "${c_supper} = 'no' or missing(${c_hurt}) and ${c_supper} = 'no'"}
        )
        == set()
    )


@pytest.mark.parametrize(
    ("on", "ended"),
    [(None, False), (date(2026, 11, 21), False), (date(2026, 11, 22), False), (date(2026, 11, 23), True)],
)
def test_a_licence_holds_on_its_last_day_and_has_ended_the_day_after(on: date | None, ended: bool) -> None:
    pack = LittlePack()
    pack.add_column(P, "instruments", "licence_expires")
    pack.set(P, "instruments", 2, "licence_expires", "2026-11-22")
    assert ("PACK_507" in {one.code for one in check_pack(pack.files(), on=on)}) is ended


def test_an_ended_licence_stands_in_the_way_of_publishing() -> None:
    assert MESSAGES["PACK_507"].blocks_publishing


BANDS_OF_THE_SUM = ("ok", "some", "much", "most")


def lower_bands(flags: Mapping[str, tuple[str, str]]) -> list[tuple[str, str]]:
    """(flag, what is proposed) for flags (level, condition) about a sum of four items with the four bands."""
    pack = LittlePack()
    sheets = pack.books[P]
    sheets["bands"] = [row for row in sheets["bands"] if row[0] != "mood_total"]
    for at, band in enumerate(BANDS_OF_THE_SUM):
        limits = [at * 2 if at else "", at * 2 + 2 if at < 3 else ""]
        sheets["bands"].append(["mood_total", band, band, f"fr {band}", *limits, "", "", "", "ours"])
    sheets["flags"] = [row for row in sheets["flags"] if row[0] != "f_mood"]
    for name, (level, when) in flags.items():
        sheets["flags"].append([name, "psychosocial", level, "caregiver", when, name, f"fr {name}", ""])
    found = [one for one in check_pack(pack.files()) if one.code == "PACK_308"]
    return [(sheets["flags"][one.row - 1][0], one.words["hint"]) for one in found]


BAND = "band(${mood_total})"


@pytest.mark.parametrize(
    ("flags", "found"),
    [
        # a worse band has its own, graver flag
        ({"f": ("medium", f"{BAND} = 'much'"), "g": ("high", f"{BAND} = 'most'")}, [("f", f"{BAND} = 'much' or {BAND} = 'most'")]),
        # the cure: this band or worse
        ({"f": ("medium", f"{BAND} = 'much' or {BAND} = 'most'"), "g": ("high", f"{BAND} = 'most'")}, []),
        ({"f": ("medium", f"{BAND} != 'ok' and {BAND} != 'some'"), "g": ("high", f"{BAND} = 'most'")}, []),
        # one band is left, so one word is enough
        ({"f": ("watch", f"{BAND} = 'some'"), "g": ("high", f"{BAND} = 'most' or {BAND} = 'much'")}, [("f", f"{BAND} != 'ok'")]),
        # inside a longer condition, and turned round
        ({"f": ("watch", f"${{g_rooms}} > 1 and 'much' = {BAND}"), "g": ("high", f"{BAND} = 'most'")}, [("f", f"{BAND} = 'much' or {BAND} = 'most'")]),
        # equally grave: two sorts of one concern
        ({"f": ("medium", f"{BAND} = 'much'"), "g": ("medium", f"{BAND} = 'most'")}, []),
        # too little and too much, with a band between them that nobody asks for
        ({"f": ("medium", f"{BAND} = 'ok'"), "g": ("high", f"{BAND} = 'most'")}, []),
        # fewer is worse
        ({"f": ("watch", f"{BAND} = 'some'"), "g": ("high", f"{BAND} = 'ok'")}, [("f", f"{BAND} = 'ok' or {BAND} = 'some'")]),
    ],
)  # fmt: skip
def test_a_flag_for_one_band_alone_is_found_where_a_further_one_is_graver(
    flags: dict[str, tuple[str, str]], found: list[tuple[str, str]]
) -> None:
    assert lower_bands(flags) == found


def test_a_single_measurement_has_no_bounds_and_needs_no_band_or_worse() -> None:
    """A z-score is known or not: thin and severely thin are never both possible."""
    pack = LittlePack()
    when = "band(${baz}) = 'heavy'"
    pack.books[P]["flags"].append(["f_heavy", "nutrition", "medium", "health", when, "Heavy.", "Lourd.", ""])
    pack.books[P]["flags"].append(["f_usual", "nutrition", "watch", "health", "band(${baz}) = 'usual'", "U.", "H.", ""])
    assert "PACK_308" not in {one.code for one in check_pack(pack.files())}


def test_a_band_holds_up_to_but_not_including_its_limit() -> None:
    """4.5 and 5 are the same cut-off for a sum of whole numbers: no hole, no overlap."""
    pack = LittlePack()
    pack.set(P, "bands", 2, "below", 4.5)
    pack.set(P, "bands", 3, "from", 4.5)
    assert check_pack(pack.files()) == []


def test_a_row_for_girls_wins_over_a_row_for_everybody() -> None:
    """More conditions win, so a general row beside a particular one is no overlap."""
    pack = LittlePack()
    pack.books[P]["bands"].append(["mood_total", "positive", "At or above", "Au seuil", 4, 5, "female", "", "", "ours"])
    example = ["girl at four", "sex=female;m_1..2=2;m_3=0;m_4=2", "band(mood_total)=positive", ""]
    pack.books[P]["tests"].append(example)
    assert check_pack(pack.files()) == []


def test_an_age_limit_of_the_instrument_excuses_the_other_ages() -> None:
    pack = LittlePack()
    for row in (2, 3):
        pack.set(P, "bands", row, "age_from", 48)
    assert {one.code for one in check_pack(pack.files())} == {
        "PACK_221",
        "PACK_410",
    }
    pack.add_column(P, "instruments", "age_from")
    pack.set(P, "instruments", 2, "age_from", 48)
    assert "PACK_221" not in {one.code for one in check_pack(pack.files())}


def test_a_pack_with_a_register_knows_the_codes_of_its_children() -> None:
    pack = LittlePack()
    pack.enrol()
    when = "${t_absent} >= 10 and ${language} = 'zu' and ${grade} != 'R'"
    pack.set(P, "flags", pack.row(P, "flags", "f_absent"), "when", when)
    pack.set(P, "tests", pack.row(P, "tests", "absent"), "given", "t_absent=12;language=zu;grade=1")
    assert check_pack(pack.files()) == []


def test_a_dated_parameter_is_tried_on_the_day_of_the_example() -> None:
    pack = LittlePack()
    pack.add(P, "params", param="grant_amount", valid_from="2026-04-01", value=580, source="SASSA")
    pack.books[P]["derive"] += [["rich", "${g_rooms} > 5 and ${grant_amount} = 580", 1, ""], ["rich", "", 0, ""]]
    for day, rich in (("2025-05-01", 0), ("2026-05-01", 1)):
        pack.books[P]["tests"].append([f"rooms on {day}", f"g_rooms=6;assessed_on={day}", f"rich={rich}", ""])
    assert check_pack(pack.files()) == []


@pytest.mark.parametrize(
    ("when", "possible"),
    [
        ("${t_absent} > 5 and ${t_absent} < 5", False),
        ("${t_absent} >= 12 and ${t_absent} <= 12", True),
        ("${t_absent} > 12 and ${t_absent} <= 12", False),
        ("${t_absent} = 12 and ${t_absent} >= 10", True),
        ("${t_absent} = 12 and ${t_absent} = 13", False),
        ("${t_absent} = 12 or ${t_absent} = 13", True),
        ("${t_absent} > 9 and (${t_hungry} = 0 or ${t_absent} < 20)", True),
        ("${t_absent} > 20 and (${t_hungry} = 0 and ${t_absent} < 9)", False),
    ],
)
def test_a_condition_nobody_can_meet_is_told_from_one_that_is_hard_to_meet(when: str, possible: bool) -> None:
    assert ("PACK_132" in codes_after({(P, "flags", "f_absent", "when"): when})) is not possible


@pytest.mark.parametrize(
    ("when", "code"),
    [
        ("${mood_total} >= 8", ""),
        ("${mood_total} > 8", "PACK_129"),
        ("${mood_total} < 0", "PACK_129"),
        ("${mood_total} <= 0", ""),
        ("9 <= ${mood_total}", "PACK_129"),
        ("${mood_total} = 8", ""),
        ("${mood_total} = 9", "PACK_129"),
        ("${mood_total} != 9", "PACK_129"),
        ("${mood_total} >= 8.5", "PACK_129"),
    ],
)
def test_a_number_is_held_against_the_scores_there_can_be(when: str, code: str) -> None:
    found = codes_after({(P, "flags", "f_mood", "when"): when})
    assert ("PACK_129" in found) is (code == "PACK_129")


def test_a_value_that_is_1_or_missing_may_be_asked_for() -> None:
    """Known and true, or not known: the condition decides something although 1 is the only value."""
    pack = LittlePack()
    pack.books[P]["derive"].append(["seen", "${t_absent} >= 10", 1, ""])
    pack.set(P, "flags", pack.row(P, "flags", "f_absent"), "when", "${seen} >= 1")
    assert "PACK_129" not in {one.code for one in check_pack(pack.files())}


def test_a_day_and_a_word_are_not_one_value() -> None:
    pack = LittlePack()
    pack.add("health.xlsx", "survey", type="date", name="n_day", **{"label" + EN: "Day", "label" + FR: "Jour"})
    pack.books[P]["derive"] += [["when_seen", "${n_oedema} = 'yes'", "${n_day}", ""], ["when_seen", "", "'never'", ""]]
    assert {one.code for one in check_pack(pack.files())} == {"PACK_135", "PACK_410"}


def test_a_decision_table_may_say_missing() -> None:
    pack = LittlePack()
    pack.books[P]["derive"].insert(1, ["crowded", "${g_rooms} = 0", "missing", "next"])
    pack.books[P]["tests"].append(["no room at all", "g_rooms=0", "crowded=missing", ""])
    assert check_pack(pack.files()) == []


@pytest.mark.parametrize(("lowest", "highest", "codes"), [
    (0, 0, {"PACK_201", "PACK_204"}),
    (1, 2, {"PACK_201"}),
    (-1, 2, set()),
    (0, 3, set()),
])  # fmt: skip
def test_every_choice_lies_between_the_limits_of_the_items(lowest: int, highest: int, codes: set[str]) -> None:
    spoil = {(P, "scales", "mood_total", "item_min"): lowest, (P, "scales", "mood_total", "item_max"): highest}
    assert codes_after(spoil) & {"PACK_201", "PACK_204"} == codes


def test_an_overlap_is_told_once_and_names_both_rows() -> None:
    pack = LittlePack()
    pack.set(P, "bands", 3, "from", 2)
    found = [one for one in check_pack(pack.files()) if one.code == "PACK_222"]
    assert [(one.row, one.words["other"], one.words["score"]) for one in found] == [(3, "2", "2")]


def test_a_hole_says_for_whom_it_is() -> None:
    pack = LittlePack()
    for row in (2, 3):
        pack.set(P, "bands", row, "sex", "female")
    holes = [one for one in check_pack(pack.files()) if one.code == "PACK_221"]
    assert {one.words["cell"] for one in holes} == {"sex=male"}


def test_a_cut_off_between_two_whole_scores_leaves_no_hole() -> None:
    """No sum of whole numbers lies between 4 and 5."""
    pack = LittlePack()
    pack.set(P, "bands", 2, "below", 4.25)
    pack.set(P, "bands", 3, "from", 4.75)
    assert check_pack(pack.files()) == []
    pack.set(P, "scales", 2, "method", "mean")
    pack.set(P, "bands", 2, "below", 1.2)
    pack.set(P, "bands", 3, "from", 1.3)
    assert "PACK_221" in {one.code for one in check_pack(pack.files())}


def test_a_plug_in_blocks_publishing_but_is_no_error() -> None:
    found = next(found for each in MISTAKES if each.code == "PACK_504" for found in findings_of(each)[1])
    assert (found.severity, found.blocks_publishing) == ("warning", True)


def test_a_plug_in_with_wording_and_licence_holder_may_be_published() -> None:
    pack = LittlePack()
    pack.set(P, "instruments", 2, "may_ship_wording", "plug-in")
    for column, value in (
        ("licence_holder", "Thandi Nkosi"),
        ("licence_number", "L-17"),
        ("licence_expires", "2028-01-01"),
    ):
        pack.add_column(P, "instruments", column)
        pack.set(P, "instruments", 2, column, value)
    assert check_pack(pack.files()) == []


def test_a_circle_over_three_rows_is_told_once() -> None:
    pack = LittlePack()
    pack.set(P, "derive", 2, "when", "${rooms_b} = 1")
    pack.books[P]["derive"] += [["rooms_b", "${rooms_c} = 1", 1, ""], ["rooms_c", "${crowded} = 1", 1, ""]]
    circles = [one for one in check_pack(pack.files()) if one.code == "PACK_130"]
    assert [one.words["circle"] for one in circles] == ["crowded → rooms_b → rooms_c → crowded"]


def test_a_score_in_an_example_is_compared_to_the_digits_it_is_written_with() -> None:
    given_ = "sex=female;age_days=2500;weight_kg=22;height_cm=120"
    exact = next(one for one in _examples_of(given_, "baz=0") if one.code == "PACK_403").words["got"]
    assert _examples_of(given_, f"baz={exact}") == []
    assert _examples_of(given_, f"baz={float(exact):.1f}") == []
    assert [one.code for one in _examples_of(given_, f"baz={float(exact) + 0.01:.2f}")] == ["PACK_403"]


def _examples_of(given_: str, expect: str) -> list[Finding]:
    pack = LittlePack()
    pack.books[P]["tests"].append(["a further one", given_, expect, ""])
    return check_pack(pack.files())


CELLS = st.sampled_from(
    ["", " ", "=1+1", "#N/A", "${", "${c_hurt}", "${nobody} = 'x'", "..", "m_1..", "1e9", "-1", "99", "yes", "dk", "'",
     "begin group", "end_repeat", "select_one", "select_one yes_no", "calculate", "😀", "a" * 300, "a;b=c", "=", "band()",
     "low", "high", "who:bmi_for_age", "2026-02-30", "\n", "x::y", "label::", "::", "(", "‘", True, 0, 1.5, -2]
)  # fmt: skip


@settings(max_examples=60, phases=[Phase.explicit, Phase.reuse, Phase.generate])  # shrinking takes minutes here
@given(st.data())
def test_nothing_that_can_be_typed_into_a_cell_brings_the_check_down(data: st.DataObject) -> None:
    pack = LittlePack()
    for _ in range(data.draw(st.integers(1, 5))):
        file = data.draw(st.sampled_from([P, P, *sorted(pack.books)]))
        sheet = data.draw(st.sampled_from(sorted(pack.books[file])))
        rows = pack.books[file][sheet]
        row = data.draw(st.integers(0, len(rows) - 1))
        column = data.draw(st.integers(0, len(rows[0])))
        rows[row].extend([None] * (column + 1 - len(rows[row])))
        rows[row][column] = data.draw(CELLS)
    for one in check_pack(pack.files()):
        assert all(one.told("fr"))


# --- forms -----------------------------------------------------------------------------------------------------------


def test_a_form_says_what_devices_need_with_it() -> None:
    pack = LittlePack()
    pack.add_column("child.xlsx", "survey", "image" + EN)
    pack.set("child.xlsx", "survey", pack.row("child.xlsx", "survey", "c_supper"), "image" + EN, "supper.png")
    files = pack.files()
    form = compile_form(files["child.xlsx"], files)
    assert (form.form_id, form.version, form.title) == ("kh_child", "2026110101", "Child")
    assert form.languages == ("en", "fr")
    assert form.media == ("supper.png",)
    assert form.entity_lists == ("learners",)
    assert form.saves_to == ()


def test_the_same_workbook_gives_the_same_form() -> None:
    workbook = LittlePack().files()["caregiver.xlsx"]
    assert compile_form(workbook).xml == compile_form(workbook).xml


def test_sheets_and_columns_of_ours_do_not_enter_the_form() -> None:
    pack = LittlePack()
    before = compile_form(pack.files()["caregiver.xlsx"]).xml
    pack.add_column("caregiver.xlsx", "survey", "khula::sensitivity")
    pack.set("caregiver.xlsx", "survey", pack.row("caregiver.xlsx", "survey", "m_1"), "khula::sensitivity", "S3")
    pack.books["caregiver.xlsx"]["bands"] = pack.books[P]["bands"]
    assert compile_form(pack.files()["caregiver.xlsx"]).xml == before


def test_every_function_we_let_pass_is_known_to_javarosa() -> None:
    """Names in the constants of the engine's own class; a few are known elsewhere in JavaRosa or in ODK Collect."""
    with zipfile.ZipFile(odk_validate.ODK_VALIDATE_PATH) as jar:
        constants = jar.read("org/javarosa/xpath/expr/XPathFuncExpr.class")
    elsewhere = {"current", "text", "node", "jr:itext", "jr:choice-name", "pulldata"}
    unknown = {name for name in xpath.FUNCTIONS if name.encode() not in constants}
    assert unknown <= elsewhere
    assert "floor" not in xpath.FUNCTIONS


@pytest.mark.parametrize(
    ("expression", "kinds"),
    [
        ("if(${b} > 0, foo(${b}), '')", ["function"]),
        ("coalesce(${a}, ${b}, 0)", ["arguments"]),
        ("sum(${a} | ${b})", ["union"]),
        ("${a} and (${b} or not(${c}))", []),
        ("instance('learners')/root/item[name=${learner}]/sex", []),
        ("concat('it’s', ${a})", []),
        ("${a} = ‘yes’", ["curly"]),
        ("count(${r}) div 2 mod (3)", []),
        ("${a} = 'x", ["unclosed"]),
        ("(${a}", ["unclosed"]),
        ("${a} & ${b}", ["character"]),
        (". >= 0 and . <= 20", []),
        ("if(${a}, 1)", ["arguments"]),
        ("round(${a}, 2) + today() - date('2020-01-01')", []),
    ],
)
def test_what_odk_validate_cannot_see_in_an_expression(expression: str, kinds: list[str]) -> None:
    assert [slip.kind for slip in xpath.slips(expression)] == kinds


@pytest.mark.needs("java")
def test_odk_validate_accepts_the_good_forms_and_refuses_a_bad_one() -> None:
    assert odk_validate.objections(compile_form(LittlePack().files()["caregiver.xlsx"]).xml) == ""
    xml = compile_form(LittlePack().files()["child.xlsx"]).xml
    said = odk_validate.objections(
        xml.replace(b"calculate=\"instance('learners')", b"calculate=\"floor(1) + instance('learners')", 1)
    )
    assert "floor" in said
    assert ".xml" not in said


# --- the command -----------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return _laid_out(LittlePack(), tmp_path / "little")


def _laid_out(pack: LittlePack, folder: Path) -> Path:
    folder.mkdir()
    for name, content in pack.files().items():
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def spoiled(tmp_path: Path) -> Path:
    pack = LittlePack()
    pack.set(P, "scales", 2, "reverse", "m_44")
    pack.set("child.xlsx", "survey", pack.row("child.xlsx", "survey", "today"), "type", "")
    return _laid_out(pack, tmp_path / "spoiled")


def run(*words: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["pack", "check", "--no-odk-validate", *map(str, words)])
    return result.exit_code, result.stdout


def test_the_command_says_that_nothing_is_wrong(folder: Path) -> None:
    assert run(folder) == (0, "little: nothing to put right.\n")
    assert run(folder, "--language", "fr") == (0, "little : rien à corriger.\n")


def test_the_command_groups_findings_by_file_and_ends_with_a_count(spoiled: Path) -> None:
    code, said = run(spoiled)
    assert code == 1
    assert said.index("child.xlsx\n") < said.index("PACK_028") < said.index("pack.xlsx\n") < said.index("PACK_200")
    assert "  PACK_200 error · scales, row 2, reverse\n" in said
    assert said.splitlines()[-1].startswith("spoiled. Errors: 3.")


def test_the_command_speaks_french(spoiled: Path) -> None:
    said = run(spoiled, "--language", "fr")[1]
    assert "PACK_200 erreur · scales, ligne 2, reverse" in said
    assert "La colonne `reverse` cite `m_44`" in said


def test_the_command_gives_findings_to_other_programs(spoiled: Path) -> None:
    found = json.loads(run(spoiled, "--json")[1])
    reverse = next(one for one in found if one["code"] == "PACK_200")
    assert (reverse["file"], reverse["sheet"], reverse["row"], reverse["column"]) == (P, "scales", 2, "reverse")


@pytest.mark.needs("java")
def test_the_command_hands_forms_to_odk_validate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Validate evaluates what is taken: a day that is none is found by it alone."""
    pack = LittlePack()
    pack.add("teacher.xlsx", "survey", type="calculate", name="t_day", calculation="date('no day')")
    folder = _laid_out(pack, tmp_path / "looped")
    result = CliRunner().invoke(main, ["pack", "check", "--odk-validate", "--json", str(folder)])
    assert [(one["code"], one["file"]) for one in json.loads(result.stdout)] == [("PACK_601", "teacher.xlsx")]
    assert result.exit_code == 1
