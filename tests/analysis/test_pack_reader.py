"""A pack is read as its author sees it, and every row keeps its place."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import msgspec
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from khula.analysis.packs.check import check_pack
from khula.analysis.packs.pack import Pack, Place
from khula.analysis.packs.reader import BESIDE, NotAList, PackUnreadable, names_in, read, read_pack
from tests.analysis.authoring_errors.little_pack import EN, FR, LittlePack

P = "pack.xlsx"


@pytest.fixture
def little() -> LittlePack:
    return LittlePack()


def pack_of(little: LittlePack) -> Pack:
    return read_pack(little.files())


def test_a_folder_and_its_files_by_name_are_the_same_pack(little: LittlePack, tmp_path: Path) -> None:
    for name, content in little.files().items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "~$caregiver.xlsx").write_bytes(b"the lock of a spreadsheet program")
    (tmp_path / ".DS_Store").write_bytes(b"what a file manager leaves behind")
    assert read_pack(tmp_path) == read_pack(little.files())


def test_everything_keeps_its_place(little: LittlePack) -> None:
    pack = pack_of(little)
    row = little.row(P, "flags", "f_mood")
    assert pack.flags["f_mood"].place == Place(P, "flags", row)
    assert pack.questions["c_hurt"].place == Place("child.xlsx", "survey", little.row("child.xlsx", "survey", "c_hurt"))
    assert pack.derive["crowded"][1].place == Place(P, "derive", 3)


def test_blank_rows_do_not_move_the_row_numbers(little: LittlePack) -> None:
    little.books[P]["flags"].insert(1, [])
    assert pack_of(little).flags["f_thin"].place == Place(P, "flags", 3)


def test_a_stored_pack_is_the_pack_that_was_read(little: LittlePack) -> None:
    pack = pack_of(little)
    assert msgspec.json.decode(msgspec.json.encode(pack), type=Pack) == pack


def test_any_changed_byte_changes_the_hash(little: LittlePack) -> None:
    files = little.files()
    before = read_pack(files).content_hash
    assert read_pack(dict(reversed(files.items()))).content_hash == before
    assert read_pack({**files, "notes.txt": b"a"}).content_hash != before
    assert read_pack({**files, "notes.txt": b"b"}).content_hash != read_pack({**files, "notes.txt": b"a"}).content_hash


# --- cells -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("psc_1..3", ("psc_1", "psc_2", "psc_3")),
        ("psc_9..11", ("psc_9", "psc_10", "psc_11")),
        ("q01..03", ("q01", "q02", "q03")),
        ("psc_1..psc_2", ("psc_1", "psc_2")),
        ("a, b;c\n d", ("a", "b", "c", "d")),
        ("psc_1…2 x", ("psc_1", "psc_2", "x")),
        ("  ", ()),
    ],
)
def test_ranges_of_items_are_written_out(cell: str, names: tuple[str, ...]) -> None:
    assert names_in(cell) == names


@pytest.mark.parametrize("cell", ["psc_3..1", "psc_1 – 3", "1..3", "psc_1..99999"])
def test_what_is_no_list_of_names_is_refused(cell: str) -> None:
    with pytest.raises(NotAList):
        names_in(cell)


@pytest.mark.parametrize(
    ("written", "read_as"), [(5.0, "5"), (-2, "-2"), (1.01, "1.01"), (0.1 + 0.2, "0.3"), (" 7 ", "7")]
)
def test_a_number_is_read_as_it_is_shown(little: LittlePack, written: object, read_as: str) -> None:
    little.set(P, "bands", little.row(P, "bands", "mood_total"), "below", written)
    assert pack_of(little).bands[0].below == read_as


def test_a_percentage_becomes_a_number_of_items(little: LittlePack) -> None:
    row = little.row(P, "scales", "mood_total")
    for written in ("60%", 0.6):
        little.set(P, "scales", row, "min_answered", written)
        little.percent = [(P, "scales", f"{little.letter(P, 'scales', 'min_answered')}{row}")]
        assert pack_of(little).scales["mood_total"].min_answered == 3  # of 4, rounded up


def test_a_choice_named_with_a_number_is_a_plain_code(little: LittlePack) -> None:
    little.books["caregiver.xlsx"]["choices"][4][1] = 0.0
    assert [choice.name for choice in pack_of(little).questions["m_1"].choices] == ["0", "1", "2", "dk"]


def test_headings_may_have_capitals_spaces_and_other_names(little: LittlePack) -> None:
    headings = little.books[P]["scales"][0]
    headings[headings.index("item_max")] = " Item\u00a0Max "
    headings[headings.index("reverse")] = "Reversed"
    little.books[P][" Scales"] = little.books[P].pop("scales")
    found = read(little.files())
    assert found.findings == ()
    assert found.pack.scales["mood_total"].item_max == 2
    assert found.pack.scales["mood_total"].reverse == ("m_4",)


def test_spaces_nobody_sees_do_not_count(little: LittlePack) -> None:
    row = little.row(P, "scales", "mood_total")
    little.set(P, "scales", row, "instrument", "mood\u00a0 \u200b")
    little.set(P, "scales", row, "items", "m_1\u00a0m_2 m_3\u00a0 m_4")
    scale = pack_of(little).scales["mood_total"]
    assert (scale.instrument, scale.items) == ("mood", ("m_1", "m_2", "m_3", "m_4"))


def test_words_keep_the_spaces_french_wants(little: LittlePack) -> None:
    little.set("child.xlsx", "survey", little.row("child.xlsx", "survey", "c_hurt"), "label" + FR, "As-tu mal\u00a0?")
    assert pack_of(little).questions["c_hurt"].label["fr"] == "As-tu mal\u00a0?"


def test_a_value_merged_over_rows_holds_for_each(little: LittlePack) -> None:
    rows = little.books[P]["bands"]
    rows[2][0] = None
    little.merged = [(P, "bands", "A2:A3")]
    found = read(little.files())
    assert [band.scale for band in found.pack.bands[:2]] == ["mood_total", "mood_total"]
    assert found.findings == ()


def test_a_formula_gives_the_value_it_showed_last(little: LittlePack) -> None:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as book:
        sheet = book.add_worksheet("params")
        sheet.write_row(0, 0, ["param", "valid_from", "value", "source"])
        sheet.write_row(1, 0, ["grant_amount", "2024-04-01", None, "SASSA"])
        sheet.write_formula(1, 2, "=500+30", None, 530)
    del little.books[P]["params"]
    little.further["amounts.xlsx"] = stream.getvalue()
    assert [param.value for param in pack_of(little).params] == ["530"]


def test_roles_may_be_parted_by_commas_or_spaces(little: LittlePack) -> None:
    for written in ("social worker, nurse", "Social_Worker nurse", "social worker;nurse"):
        little.set(P, "alerts", 2, "tell", written)
        assert pack_of(little).alerts["a_hurt"].tell == ("social_worker", "nurse")


def test_what_a_flag_is_about_may_be_left_out_and_a_capital_makes_no_other_topic(little: LittlePack) -> None:
    assert {flag.about for flag in pack_of(little).flags.values()} == {""}
    little.add_column(P, "flags", "about")
    for name, written in (("f_thin", " Growth"), ("f_hungry", "Hunger"), ("f_supper", "hunger")):
        little.set(P, "flags", little.row(P, "flags", name), "about", written)
    flags = pack_of(little).flags
    assert (flags["f_thin"].about, flags["f_hungry"].about, flags["f_supper"].about) == ("growth", "hunger", "hunger")
    assert flags["f_mood"].about == ""
    assert check_pack(little.files()) == []


# --- languages -------------------------------------------------------------------------------------------------------


def test_texts_are_kept_by_language_code(little: LittlePack) -> None:
    pack = pack_of(little)
    assert pack.languages == ("en", "fr")
    assert pack.flags["f_hungry"].say == {"en": "Comes hungry.", "fr": "Arrive affamé."}
    assert pack.title == {"en": "A little pack", "fr": "Un petit pack"}


def test_a_text_without_a_language_is_in_the_default_language(little: LittlePack) -> None:
    headings = little.books[P]["domains"][0]
    headings[headings.index("label" + EN)] = "label"
    assert pack_of(little).domains["nutrition"].label == {"en": "Food", "fr": "Alimentation"}


# --- forms -----------------------------------------------------------------------------------------------------------


def test_only_what_people_answer_about_the_child_is_a_question(little: LittlePack) -> None:
    questions = pack_of(little).questions
    assert {"start", "today", "audit", "learner", "learner_sex"}.isdisjoint(questions)
    assert questions["m_1"].informant == "caregiver"


def test_a_question_knows_its_path_and_its_group(little: LittlePack) -> None:
    survey = little.books["child.xlsx"]["survey"]
    at = little.row("child.xlsx", "survey", "c_hurt") - 1
    survey[at : at + 1] = [["begin group", "safety", "Safety", "Sécurité"], survey[at], ["end_group"]]
    pack = pack_of(little)
    assert pack.questions["c_hurt"].path == "/data/safety/c_hurt"
    assert pack.questions["c_friend"].path == "/data/c_friend"


def test_who_a_child_is_is_not_scored(little: LittlePack) -> None:
    little.enrol()
    pack = pack_of(little)
    assert "family_name" not in pack.questions
    assert [form.informant for form in pack.forms if form.form_id == "kh_register"] == ["register"]


def test_a_study_with_one_informant_may_keep_its_scoring_in_the_form(little: LittlePack) -> None:
    little.books["caregiver.xlsx"] |= little.books.pop(P)
    assert pack_of(little).scales["mood_total"].place == Place("caregiver.xlsx", "scales", 2)


def test_the_sheet_settings_may_say_who_answers(little: LittlePack) -> None:
    little.books["grade_one.xlsx"] = little.books.pop("teacher.xlsx")
    little.add_column("grade_one.xlsx", "settings", "informant")
    little.set("grade_one.xlsx", "settings", 2, "informant", "Teacher")
    found = read(little.files())
    assert found.findings == ()
    assert found.pack.questions["t_absent"].informant == "teacher"


@pytest.mark.parametrize("informant", BESIDE)
def test_a_form_beside_the_voices_is_known_by_its_informant(little: LittlePack, informant: str) -> None:
    little.books["grade_one.xlsx"] = little.books.pop("teacher.xlsx")
    little.add_column("grade_one.xlsx", "settings", "informant")
    little.set("grade_one.xlsx", "settings", 2, "informant", informant)
    found = read(little.files())
    assert found.findings == ()
    assert found.pack.questions["t_absent"].informant == informant


@pytest.mark.parametrize("sheet", ["flags", "strengths"])
def test_no_level_and_no_strength_can_rest_on_a_safety_note(little: LittlePack, sheet: str) -> None:
    assert check_pack(little.files()) == []
    little.set(P, sheet, 2, "informant", "safety")
    assert "PACK_034" in {one.code for one in check_pack(little.files())}


def test_how_carefully_an_answer_is_kept_is_read_beside_the_question(little: LittlePack) -> None:
    little.add_column("child.xlsx", "survey", "khula::sensitivity")
    little.set("child.xlsx", "survey", little.row("child.xlsx", "survey", "c_hurt"), "khula::sensitivity", "s4")
    questions = pack_of(little).questions
    assert (questions["c_hurt"].sensitivity, questions["c_friend"].sensitivity) == ("S4", "")


# --- what is no pack -------------------------------------------------------------------------------------------------


def test_nothing_to_read_is_refused_with_the_reason() -> None:
    with pytest.raises(PackUnreadable) as caught:
        read_pack({"pack.xlsx": b"not a workbook"})
    assert [one.code for one in caught.value.findings] == ["PACK_002"]


@given(st.binary(max_size=400))
def test_no_bytes_bring_the_reader_down(content: bytes) -> None:
    with pytest.raises(PackUnreadable):
        read_pack({"pack.xlsx": content})


@given(st.data())
def test_no_damage_to_a_workbook_brings_the_reader_down(data: st.DataObject) -> None:
    whole = bytearray(LittlePack().files()["child.xlsx"])
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(PackUnreadable):
        read_pack({"child.xlsx": bytes(whole)})
