"""Mistakes people make when they write a pack: each spoils one thing of the little pack, and says what must be found.

Every mistake is a function; its name says it, its body makes it, and it returns the place where the finding must stand.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass

from tests.analysis.authoring_errors.little_pack import EN, FR, LittlePack

Where = tuple[str, str, int]
P, CHILD, CAREGIVER, TEACHER, HEALTH = "pack.xlsx", "child.xlsx", "caregiver.xlsx", "teacher.xlsx", "health.xlsx"


@dataclass(frozen=True)
class Mistake:
    code: str
    make: Callable[[LittlePack], Where]
    also: frozenset[str]  # codes that rightly follow from the same mistake

    @property
    def name(self) -> str:
        return self.make.__name__


MISTAKES: list[Mistake] = []


def mistake(code: str, *also: str) -> Callable[[Callable[[LittlePack], Where]], Callable[[LittlePack], Where]]:
    def keep(make: Callable[[LittlePack], Where]) -> Callable[[LittlePack], Where]:
        MISTAKES.append(Mistake(code, make, frozenset(also)))
        return make

    return keep


def _write(pack: LittlePack, sheet: str, row: str, column: str, value: object, nth: int = 1, file: str = P) -> Where:
    number = pack.row(file, sheet, row, nth)
    pack.set(file, sheet, number, column, value)
    return file, sheet, number


# --- files -----------------------------------------------------------------------------------------------------------


@mistake("PACK_001")
def an_empty_folder(pack: LittlePack) -> Where:
    pack.books.clear()
    return "", "", 0


@mistake("PACK_002")
def a_csv_called_xlsx(pack: LittlePack) -> Where:
    pack.further["extra.xlsx"] = b"type,name,label\ntext,q,Question\n"
    return "extra.xlsx", "", 0


@mistake("PACK_002")
def a_zip_that_is_no_workbook(pack: LittlePack) -> Where:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("holiday.txt", "sea")
    pack.further["extra.xlsx"] = stream.getvalue()
    return "extra.xlsx", "", 0


@mistake("PACK_003")
def a_workbook_with_a_password(pack: LittlePack) -> Where:
    pack.further["extra.xlsx"] = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le")
    )
    return "extra.xlsx", "", 0


@mistake("PACK_004")
def an_old_excel_workbook(pack: LittlePack) -> Where:
    pack.further["extra.xls"] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
    return "extra.xls", "", 0


@mistake("PACK_005")
def a_zip_bomb(pack: LittlePack) -> Where:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/worksheets/sheet1.xml", bytes(80 * 1024 * 1024))
    pack.further["extra.xlsx"] = stream.getvalue()
    return "extra.xlsx", "", 0


@mistake("PACK_005", "PACK_110", "PACK_123", "PACK_401")
def formatting_down_to_the_last_row(pack: LittlePack) -> Where:
    pack.formatted.append((CHILD, "survey", 60_000))
    return CHILD, "", 0


@mistake("PACK_006")
def a_workbook_cut_in_two(pack: LittlePack) -> Where:
    whole = pack.files()[TEACHER]
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(stream, "w") as new:
        for part in old.infolist():
            content = old.read(part)
            new.writestr(part.filename, content[: len(content) // 2] if "sheet1" in part.filename else content)
    pack.further["extra.xlsx"] = stream.getvalue()
    return "extra.xlsx", "", 0


@mistake("PACK_006")
def entities_that_grow_without_end(pack: LittlePack) -> Where:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("[Content_Types].xml", '<!DOCTYPE t [<!ENTITY a "aaaa">]><Types>&a;</Types>')
    pack.further["extra.xlsx"] = stream.getvalue()
    return "extra.xlsx", "", 0


@mistake("PACK_007")
def a_form_named_after_nobody(pack: LittlePack) -> Where:
    pack.books["teachr.xlsx"] = pack.books.pop(TEACHER)
    return "teachr.xlsx", "", 0


@mistake("PACK_008")
def no_scoring_sheets(pack: LittlePack) -> Where:
    del pack.books[P]
    return P, "", 0


@mistake("PACK_009", "PACK_110", "PACK_123", "PACK_401", "PACK_115", "PACK_410")
def no_form_at_all(pack: LittlePack) -> Where:
    for file in (CHILD, CAREGIVER, TEACHER, HEALTH):
        del pack.books[file]
    return P, "", 0


@mistake("PACK_010")
def a_table_saved_by_an_old_program(pack: LittlePack) -> Where:
    pack.further["measures.csv"] = "raw,measure\nà,1\n".encode("cp1252")
    return "measures.csv", "", 0


@mistake("PACK_011")
def a_picture_outside_the_folder_media(pack: LittlePack) -> Where:
    pack.further["bread.png"] = b"\x89PNG"
    return "bread.png", "", 0


# --- sheets, columns and cells ---------------------------------------------------------------------------------------


@mistake("PACK_020", "PACK_111", "PACK_123", "PACK_110", "PACK_401", "PACK_410")
def a_sheet_called_scale(pack: LittlePack) -> Where:
    pack.books[P]["scale"] = pack.books[P].pop("scales")
    return P, "scale", 0


@mistake("PACK_020")
def a_settings_sheet_with_a_capital_and_a_space(pack: LittlePack) -> Where:
    pack.books[CHILD]["Settings "] = pack.books[CHILD].pop("settings")
    return CHILD, "Settings ", 0


@mistake("PACK_021")
def a_sheet_nobody_reads(pack: LittlePack) -> Where:
    pack.books[P]["budget"] = [["item", "rand"], ["paper", 120]]
    return P, "budget", 0


@mistake("PACK_022")
def flags_on_two_sheets(pack: LittlePack) -> Where:
    pack.books[P]["Flags "] = pack.books[P]["flags"]
    return P, "Flags ", 0


@mistake("PACK_023")
def headings_in_the_third_row(pack: LittlePack) -> Where:
    pack.books[P]["strengths"] = [[], [], *pack.books[P]["strengths"]]
    pack.books[P]["tests"] = [row for row in pack.books[P]["tests"] if "s_friend" not in str(row[2])]
    return P, "strengths", 1


@mistake("PACK_024", "PACK_027")
def a_column_called_metod(pack: LittlePack) -> Where:
    headings = pack.books[P]["scales"][0]
    headings[headings.index("method")] = "metod"
    return P, "scales", 1


@mistake("PACK_024")
def a_column_of_a_form_misspelt(pack: LittlePack) -> Where:
    headings = pack.books[CAREGIVER]["survey"][0]
    headings[headings.index("relevant")] = "relevent"
    return CAREGIVER, "survey", 1


@mistake("PACK_025")
def a_column_nobody_reads(pack: LittlePack) -> Where:
    pack.add_column(P, "flags", "priority")
    return P, "flags", 1


@mistake("PACK_026")
def a_column_twice(pack: LittlePack) -> Where:
    pack.add_column(P, "flags", "When ")
    return P, "flags", 1


@mistake("PACK_027", "PACK_301")
def no_column_for_the_level(pack: LittlePack) -> Where:
    at = pack.column(P, "flags", "level")
    for row in pack.books[P]["flags"]:
        del row[at]
    return P, "flags", 1


@mistake("PACK_028")
def a_flag_without_a_condition(pack: LittlePack) -> Where:
    return _write(pack, "flags", "f_absent", "when", "")


@mistake("PACK_028", "PACK_401")
def a_strength_without_a_name(pack: LittlePack) -> Where:
    return _write(pack, "strengths", "s_friend", "strength", "  ")


@mistake("PACK_029")
def a_formula_nobody_has_worked_out(pack: LittlePack) -> Where:
    return _write(pack, "bands", "mood_total", "below", "=4+1")


@mistake("PACK_030")
def a_cell_that_shows_an_error(pack: LittlePack) -> Where:
    return _write(pack, "params", "grant_amount", "value", "#REF!")


@mistake("PACK_031", "PACK_500")
def merged_cells_in_a_form(pack: LittlePack) -> Where:
    pack.merged.append((CAREGIVER, "survey", "C10:C11"))
    return CAREGIVER, "survey", 10


@mistake("PACK_032")
def a_limit_in_words(pack: LittlePack) -> Where:
    return _write(pack, "scales", "mood_total", "item_max", "two")


@mistake("PACK_033")
def a_cut_off_with_a_comma(pack: LittlePack) -> Where:
    return _write(pack, "bands", "baz", "below", "1,01", nth=1)


@mistake("PACK_034")
def a_method_that_does_not_exist(pack: LittlePack) -> Where:
    return _write(pack, "scales", "mood_total", "method", "summ")


@mistake("PACK_034")
def a_level_that_does_not_exist(pack: LittlePack) -> Where:
    return _write(pack, "flags", "f_mood", "level", "red")


@mistake("PACK_034")
def an_urgency_that_does_not_exist(pack: LittlePack) -> Where:
    return _write(pack, "alerts", "a_hurt", "urgency", "soon")


@mistake("PACK_034")
def an_informant_that_does_not_exist(pack: LittlePack) -> Where:
    return _write(pack, "flags", "f_thin", "informant", "nurse")


@mistake("PACK_034")
def a_sensitivity_that_does_not_exist(pack: LittlePack) -> Where:
    pack.add_column(CHILD, "survey", "khula::sensitivity")
    return _write(pack, "survey", "c_hurt", "khula::sensitivity", "secret", file=CHILD)


@mistake("PACK_035")
def a_range_written_with_a_dash(pack: LittlePack) -> Where:
    return _write(pack, "scales", "mood_total", "items", "m_1 – 4")


@mistake("PACK_035")
def a_range_that_runs_backwards(pack: LittlePack) -> Where:
    return _write(pack, "scales", "mood_total", "items", "m_4..1")


@mistake("PACK_036", "PACK_501")
def a_language_without_a_code(pack: LittlePack) -> Where:
    headings = pack.books[P]["domains"][0]
    headings[headings.index("label" + FR)] = "label::Français"
    return P, "domains", 1


@mistake("PACK_037")
def a_remark_beside_the_table(pack: LittlePack) -> Where:
    pack.books[P]["flags"][2].append("ask Sipho")
    return P, "flags", 3


@mistake("PACK_038")
def a_pack_without_a_version(pack: LittlePack) -> Where:
    pack.remove_row(P, "pack", pack.row(P, "pack", "version"))
    return P, "pack", 1


@mistake("PACK_039")
def a_key_nobody_reads(pack: LittlePack) -> Where:
    return P, "pack", pack.add(P, "pack", key="colour", value="blue")


# --- names -----------------------------------------------------------------------------------------------------------


@mistake("PACK_100")
def one_flag_twice(pack: LittlePack) -> Where:
    pack.books[P]["flags"].append(list(pack.books[P]["flags"][1]))
    return P, "flags", len(pack.books[P]["flags"])


@mistake("PACK_100")
def one_question_in_two_forms(pack: LittlePack) -> Where:
    pack.books[TEACHER]["survey"][-1][1] = "c_supper"
    pack.set(P, "flags", pack.row(P, "flags", "f_hungry"), "when", "${t_absent} > 20")
    for row in pack.books[P]["domains"] + pack.books[P]["tests"]:
        row[:] = [cell.replace("t_hungry", "t_absent") if isinstance(cell, str) else cell for cell in row]
    return TEACHER, "survey", len(pack.books[TEACHER]["survey"])


@mistake("PACK_101")
def a_flag_named_like_a_question(pack: LittlePack) -> Where:
    where = _write(pack, "flags", "f_absent", "flag", "t_absent")
    _write(pack, "tests", "absent", "expect", "domain(psychosocial)=high")
    return where


@mistake("PACK_101")
def a_scale_named_like_a_derived_value(pack: LittlePack) -> Where:
    pack.add(P, "derive", name="baz", when="", value=1)
    return P, "scales", pack.row(P, "scales", "baz")


@mistake("PACK_102", "PACK_401")
def a_name_with_a_space(pack: LittlePack) -> Where:
    return _write(pack, "strengths", "s_friend", "strength", "has friend")


@mistake("PACK_103")
def names_that_differ_in_a_capital(pack: LittlePack) -> Where:
    row = pack.add(CHILD, "survey", type="text", name="C_Hurt", **{"label" + EN: "Tell me", "label" + FR: "Raconte"})
    return CHILD, "survey", row


@mistake("PACK_104")
def a_name_that_begins_with_two_underscores(pack: LittlePack) -> Where:
    row = pack.add(CHILD, "survey", type="text", name="__story", **{"label" + EN: "Tell me", "label" + FR: "Raconte"})
    return CHILD, "survey", row


@mistake("PACK_105")
def a_question_called_sex(pack: LittlePack) -> Where:
    row = pack.add(CAREGIVER, "survey", type="text", name="sex", **{"label" + EN: "Sex?", "label" + FR: "Sexe ?"})
    return CAREGIVER, "survey", row


# --- references ------------------------------------------------------------------------------------------------------


@mistake("PACK_110")
def an_item_no_form_asks(pack: LittlePack) -> Where:
    return _write(pack, "scales", "mood_total", "items", "m_1..5")


@mistake("PACK_110")
def a_need_that_names_nothing(pack: LittlePack) -> Where:
    return _write(pack, "domains", "nutrition", "needs", "baz t_hungri c_supper")


@mistake("PACK_111", "PACK_221", "PACK_402")
def a_band_of_an_unknown_scale(pack: LittlePack) -> Where:
    return _write(pack, "bands", "home_any", "scale", "home_anny", nth=2)


@mistake("PACK_112")
def a_domain_misspelt(pack: LittlePack) -> Where:
    return _write(pack, "flags", "f_mood", "domain", "psychosocail")


@mistake("PACK_113")
def an_unknown_instrument(pack: LittlePack) -> Where:
    return _write(pack, "scales", "home_any", "instrument", "hime")


@mistake("PACK_114")
def an_unknown_norm(pack: LittlePack) -> Where:
    return _write(pack, "scales", "baz", "norm", "bmi_agee")


@mistake("PACK_115")
def an_instrument_of_an_unknown_form(pack: LittlePack) -> Where:
    return _write(pack, "instruments", "mood", "form", "kh_caregivr")


@mistake("PACK_116")
def an_instrument_of_the_wrong_informant(pack: LittlePack) -> Where:
    return _write(pack, "instruments", "mood", "informant", "teacher")


# --- conditions ------------------------------------------------------------------------------------------------------


@mistake("PACK_120")
def a_bracket_never_closed(pack: LittlePack) -> Where:
    return _write(pack, "flags", "f_home", "when", "(${home_any} = 1 and ${g_grant} = 'no'")


@mistake("PACK_120")
def two_equals_signs(pack: LittlePack) -> Where:
    return _write(pack, "flags", "f_hurt", "when", "${c_hurt} == 'yes'")


@mistake("PACK_121")
def quotes_made_curly_by_the_spreadsheet(pack: LittlePack) -> Where:
    return _write(pack, "flags", "f_hurt", "when", "${c_hurt} = ‘yes’")


@mistake("PACK_122")
def a_function_that_does_not_exist(pack: LittlePack) -> Where:
    return _write(pack, "flags", "f_mood", "when", "bands(${mood_total}) = 'positive'")


@mistake("PACK_122")
def a_function_of_excel(pack: LittlePack) -> Where:
    return _write(pack, "derive", "crowded", "when", "isblank(${g_rooms})")


@mistake("PACK_123")
def a_question_misspelt_in_a_condition(pack: LittlePack) -> Where:
    return _write(pack, "flags", "f_absent", "when", "${t_absnt} >= 10")


@mistake("PACK_124")
def a_choice_compared_by_size(pack: LittlePack) -> Where:
    return _write(pack, "flags", "f_hurt", "when", "${c_hurt} >= 1")


@mistake("PACK_124")
def a_number_where_a_condition_is_needed(pack: LittlePack) -> Where:
    return _write(pack, "flags", "f_absent", "when", "${t_absent} + 1")


@mistake("PACK_125")
def a_choice_with_a_capital(pack: LittlePack) -> Where:
    return _write(pack, "alerts", "a_hurt", "when", "${c_hurt} = 'Yes'")


@mistake("PACK_125")
def a_number_that_is_no_choice(pack: LittlePack) -> Where:
    return _write(pack, "flags", "f_hungry", "when", "${t_hungry} = 3")


@mistake("PACK_125")
def a_girl_where_female_is_meant(pack: LittlePack) -> Where:
    return _write(pack, "flags", "f_home", "when", "${home_any} = 1 and ${g_grant} = 'no' and ${sex} = 'girl'")


@mistake("PACK_126")
def a_band_that_does_not_exist(pack: LittlePack) -> Where:
    return _write(pack, "flags", "f_thin", "when", "band(${baz}) = 'severely_thin'")


@mistake("PACK_127")
def a_flag_that_waits_for_dont_know(pack: LittlePack) -> Where:
    return _write(pack, "flags", "f_supper", "when", "${c_supper} = 'no' or ${c_supper} = 'dk'")


@mistake("PACK_127")
def a_number_that_waits_for_dont_know(pack: LittlePack) -> Where:
    return _write(pack, "derive", "crowded", "when", "${g_rooms} <= 1 or ${m_1} = 'dk'")


@mistake("PACK_128")
def the_band_of_a_question(pack: LittlePack) -> Where:
    return _write(pack, "flags", "f_hungry", "when", "band(${t_hungry}) = 'positive'")


@mistake("PACK_129")
def a_cut_off_above_the_highest_score(pack: LittlePack) -> Where:
    return _write(pack, "flags", "f_mood", "when", "${mood_total} >= 15")


@mistake("PACK_129")
def a_cut_off_everybody_reaches(pack: LittlePack) -> Where:
    return _write(pack, "flags", "f_hungry", "when", "${t_hungry} >= 0")


@mistake("PACK_130")
def a_circle(pack: LittlePack) -> Where:
    where = _write(pack, "derive", "crowded", "when", "${home_any} = 1")
    return where


@mistake("PACK_131")
def a_question_asked_in_a_repeat(pack: LittlePack) -> Where:
    survey = pack.books[TEACHER]["survey"]
    at = pack.row(TEACHER, "survey", "t_absent") - 1
    begin = ["begin_repeat", "terms", "Terms", "Trimestres"]
    survey[at : at + 1] = [begin, survey[at], ["end_repeat"]]
    return P, "flags", pack.row(P, "flags", "f_absent")


@mistake("PACK_132")
def two_answers_at_once(pack: LittlePack) -> Where:
    return _write(pack, "flags", "f_home", "when", "${g_grant} = 'no' and ${home_any} = 1 and ${g_grant} = 'yes'")


@mistake("PACK_132")
def more_than_ten_and_fewer_than_five(pack: LittlePack) -> Where:
    return _write(pack, "flags", "f_absent", "when", "${t_absent} > 10 and ${t_absent} < 5")


@mistake("PACK_133")
def a_line_below_the_last_word(pack: LittlePack) -> Where:
    return P, "derive", pack.add(P, "derive", name="crowded", when="${g_rooms} > 10", value=0)


@mistake("PACK_134")
def lines_of_two_tables_mixed(pack: LittlePack) -> Where:
    pack.books[P]["derive"].insert(2, ["has_grant", "${g_grant} = 'yes'", 1, ""])
    return P, "derive", 4


@mistake("PACK_135")
def numbers_and_words_in_one_table(pack: LittlePack) -> Where:
    _write(pack, "derive", "crowded", "value", "'roomy'", nth=2)
    return P, "derive", pack.row(P, "derive", "crowded")


# --- scales ----------------------------------------------------------------------------------------------------------


@mistake("PACK_200")
def a_reversed_item_of_another_scale(pack: LittlePack) -> Where:
    return _write(pack, "scales", "mood_total", "reverse", "m_44")


@mistake("PACK_201", "PACK_224")
def limits_too_narrow_for_the_choices(pack: LittlePack) -> Where:
    return _write(pack, "scales", "mood_total", "item_max", 1)


@mistake("PACK_202")
def a_yes_and_no_added_up(pack: LittlePack) -> Where:
    return _write(pack, "scales", "mood_total", "items", "m_1..4 g_grant")


@mistake("PACK_203")
def no_limits(pack: LittlePack) -> Where:
    return _write(pack, "scales", "mood_total", "item_max", "")


@mistake("PACK_204", "PACK_201")
def limits_the_wrong_way_round(pack: LittlePack) -> Where:
    _write(pack, "scales", "mood_total", "item_min", 2)
    return _write(pack, "scales", "mood_total", "item_max", 0)


@mistake("PACK_205")
def more_answers_wanted_than_items(pack: LittlePack) -> Where:
    return _write(pack, "scales", "mood_total", "min_answered", 5)


@mistake("PACK_206")
def a_missing_rule_without_a_number(pack: LittlePack) -> Where:
    return _write(pack, "scales", "mood_total", "min_answered", "")


@mistake("PACK_207")
def an_item_twice(pack: LittlePack) -> Where:
    return _write(pack, "scales", "mood_total", "items", "m_1..4 m_2")


@mistake("PACK_208")
def a_z_score_without_a_norm(pack: LittlePack) -> Where:
    return _write(pack, "scales", "baz", "norm", "")


@mistake("PACK_208")
def a_sum_of_nothing(pack: LittlePack) -> Where:
    _write(pack, "scales", "home_any", "items", "")
    return P, "scales", pack.row(P, "scales", "home_any")


@mistake("PACK_209")
def a_norm_for_a_sum(pack: LittlePack) -> Where:
    return _write(pack, "scales", "mood_total", "norm", "bmi_age")


@mistake("PACK_210")
def body_mass_from_the_height_alone(pack: LittlePack) -> Where:
    return _write(pack, "scales", "baz", "items", "height_cm")


@mistake("PACK_211")
def nine_decimals(pack: LittlePack) -> Where:
    pack.add_column(P, "scales", "round")
    return _write(pack, "scales", "mood_total", "round", 9)


@mistake("PACK_212")
def a_z_score_added_up(pack: LittlePack) -> Where:
    return _write(pack, "scales", "mood_total", "items", "m_1..4 baz")


# --- bands, norms, parameters ----------------------------------------------------------------------------------------


@mistake("PACK_220", "PACK_221")
def limits_of_a_band_exchanged(pack: LittlePack) -> Where:
    where = _write(pack, "bands", "baz", "from", 1.01, nth=1)
    pack.set(*where, "below", -2)
    return where


@mistake("PACK_221")
def a_hole_between_two_bands(pack: LittlePack) -> Where:
    _write(pack, "bands", "mood_total", "from", 6, nth=2)
    return P, "bands", pack.row(P, "bands", "mood_total")


@mistake("PACK_221")
def a_hole_for_the_young_only(pack: LittlePack) -> Where:
    return _write(pack, "bands", "baz", "below", 1.5, nth=3)


@mistake("PACK_221")
def bands_for_girls_only(pack: LittlePack) -> Where:
    _write(pack, "bands", "mood_total", "sex", "female")
    _write(pack, "bands", "mood_total", "sex", "female", nth=2)
    return P, "bands", pack.row(P, "bands", "mood_total")


@mistake("PACK_222")
def bands_that_overlap(pack: LittlePack) -> Where:
    return _write(pack, "bands", "mood_total", "from", 4, nth=2)


@mistake("PACK_222")
def ages_that_overlap(pack: LittlePack) -> Where:
    _write(pack, "bands", "baz", "age_to", 61, nth=3)
    return P, "bands", pack.row(P, "bands", "baz", 3)


@mistake("PACK_223")
def cut_offs_for_one_language_only(pack: LittlePack) -> Where:
    pack.add_column(P, "bands", "language")
    for nth in (1, 2):
        _write(pack, "bands", "mood_total", "language", "zulu", nth=nth)
    for row in pack.books[P]["tests"]:
        row[1] = row[1].replace("m_1..3", "language=zulu;m_1..3") if isinstance(row[1], str) else row[1]
    return P, "bands", pack.row(P, "bands", "mood_total")


@mistake("PACK_224", "PACK_221")
def a_band_no_score_reaches(pack: LittlePack) -> Where:
    return _write(pack, "bands", "mood_total", "from", 50, nth=2)


@mistake("PACK_225", "PACK_223", "PACK_402")
def a_cut_off_for_a_language_no_child_has(pack: LittlePack) -> Where:
    pack.enrol()
    return cut_offs_for_one_language_only(pack)


@mistake("PACK_125")
def a_condition_on_a_grade_no_child_is_in(pack: LittlePack) -> Where:
    pack.enrol()
    return _write(pack, "flags", "f_absent", "when", "${t_absent} >= 10 and ${grade} != 'Grade R'")


@mistake("PACK_230")
def a_growth_table_that_is_not_there(pack: LittlePack) -> Where:
    return _write(pack, "norms", "bmi_age", "file", "who:bmi_age")


@mistake("PACK_231")
def a_growth_table_without_its_columns(pack: LittlePack) -> Where:
    pack.further["bmi.csv"] = b"sex,month,l,m,s\nmale,60,1,15,0.1\n"
    return _write(pack, "norms", "bmi_age", "file", "bmi.csv")


@mistake("PACK_232")
def ages_without_a_norm(pack: LittlePack) -> Where:
    _write(pack, "norms", "bmi_age", "age_to", 60)
    row = list(pack.books[P]["norms"][1])
    pack.books[P]["norms"].append(row)
    pack.set(P, "norms", 3, "age_from", 61)
    pack.set(P, "norms", 3, "age_to", 228)
    return P, "norms", 3


@mistake("PACK_233")
def two_norms_for_one_age(pack: LittlePack) -> Where:
    pack.books[P]["norms"].append(list(pack.books[P]["norms"][1]))
    return P, "norms", 3


@mistake("PACK_234")
def a_growth_table_with_a_word_in_it(pack: LittlePack) -> Where:
    pack.further["bmi.csv"] = b"sex,index,l,m,s\nmale,60,one,15,0.1\n"
    return _write(pack, "norms", "bmi_age", "file", "bmi.csv")


@mistake("PACK_235")
def a_rasch_table_with_a_score_left_out(pack: LittlePack) -> Where:
    pack.further["measures.csv"] = b"raw,measure\n" + b"".join(b"%d,%d\n" % (n, n) for n in range(8))
    _write(pack, "scales", "mood_total", "method", "rasch")
    _write(pack, "scales", "mood_total", "norm", "mood_norm")
    pack.add(P, "norms", norm="mood_norm", file="measures.csv", index_unit="", source="ours")
    return P, "norms", 3


@mistake("PACK_236")
def a_parameter_from_some_time_in_april(pack: LittlePack) -> Where:
    return _write(pack, "params", "grant_amount", "valid_from", "April 2024")


@mistake("PACK_237")
def a_parameter_twice_from_one_day(pack: LittlePack) -> Where:
    return P, "params", pack.add(P, "params", param="grant_amount", valid_from="2024-04-01", value=560, source="SASSA")


# --- flags, domains, alerts ------------------------------------------------------------------------------------------


@mistake("PACK_300")
def a_child_who_raises_a_high_flag_alone(pack: LittlePack) -> Where:
    return _write(pack, "flags", "f_supper", "level", "high")


@mistake("PACK_301")
def a_domain_nothing_can_raise(pack: LittlePack) -> Where:
    return (
        P,
        "domains",
        pack.add(
            P,
            "domains",
            domain="health",
            needs="c_supper",
            needs_at_least=1,
            **{"label" + EN: "Health", "label" + FR: "Santé"},
        ),
    )


@mistake("PACK_302")
def more_facts_wanted_than_named(pack: LittlePack) -> Where:
    return _write(pack, "domains", "nutrition", "needs_at_least", 4)


@mistake("PACK_303")
def no_fact_wanted_at_all(pack: LittlePack) -> Where:
    return _write(pack, "domains", "nutrition", "needs_at_least", 0)


@mistake("PACK_304")
def a_flag_of_somebody_who_was_not_asked(pack: LittlePack) -> Where:
    return _write(pack, "flags", "f_mood", "informant", "teacher")


@mistake("PACK_305")
def a_role_misspelt(pack: LittlePack) -> Where:
    return _write(pack, "alerts", "a_hurt", "tell", "social wroker, case manager")


@mistake("PACK_306")
def an_alert_hidden_from_whom_it_tells(pack: LittlePack) -> Where:
    return _write(pack, "alerts", "a_hurt", "hide_from", "caregiver, social worker")


@mistake("PACK_308")
def a_flag_for_one_band_and_not_for_the_worse(pack: LittlePack) -> Where:
    """A sum of which one answer is missing may lie in both bands, and then neither flag is raised."""
    _write(pack, "bands", "mood_total", "below", 7, nth=2)
    pack.books[P]["bands"].append(["mood_total", "severe", "Far above", "Bien au-dessus", 7, "", "", "", "", "ours"])
    pack.books[P]["flags"].append(
        ["f_mood_severe", "psychosocial", "high", "caregiver", "band(${mood_total}) = 'severe'", "Screened far above.",
         "Dépistage bien au-dessus.", "counsel"]
    )  # fmt: skip
    pack.books[P]["tests"].append(["mood severe", "m_1..3=2;m_4=0", "flag(f_mood_severe)=yes", ""])
    _write(pack, "tests", "mood high", "given", "m_1..3=1;m_4=0")
    _write(pack, "tests", "mood high", "expect", "mood_total=5;band(mood_total)=positive;flag(f_mood)=yes")
    pack.books[P]["tests"].append(["bullied", "t_absent=0;m_1..3=1;m_4=0", "domain(psychosocial)=medium", ""])
    return P, "flags", pack.row(P, "flags", "f_mood")


@mistake("PACK_307")
def one_fact_counted_twice(pack: LittlePack) -> Where:
    return _write(pack, "domains", "nutrition", "needs", "baz t_hungry baz")


# --- worked examples -------------------------------------------------------------------------------------------------


@mistake("PACK_400")
def an_example_without_equals(pack: LittlePack) -> Where:
    return _write(pack, "tests", "absent", "given", "t_absent 12")


@mistake("PACK_401")
def an_example_of_an_unknown_question(pack: LittlePack) -> Where:
    return _write(pack, "tests", "absent", "given", "t_abscent=12")


@mistake("PACK_401")
def an_example_of_an_unknown_flag(pack: LittlePack) -> Where:
    return _write(pack, "tests", "absent", "expect", "flag(f_abcent)=yes")


@mistake("PACK_402")
def an_example_with_an_impossible_answer(pack: LittlePack) -> Where:
    return _write(pack, "tests", "hurt", "given", "c_hurt=Yes")


@mistake("PACK_402")
def an_example_that_expects_a_colour(pack: LittlePack) -> Where:
    return _write(pack, "tests", "hurt", "expect", "domain(protection)=red")


@mistake("PACK_403")
def an_example_that_comes_out_otherwise(pack: LittlePack) -> Where:
    return _write(pack, "tests", "mood high", "expect", "mood_total=7;band(mood_total)=positive")


@mistake("PACK_403", "PACK_404", "PACK_409")
def a_cut_off_moved_by_one(pack: LittlePack) -> Where:
    _write(pack, "flags", "f_absent", "when", "${t_absent} > 12")
    return P, "tests", pack.row(P, "tests", "absent")


@mistake("PACK_404")
def a_flag_no_example_raises(pack: LittlePack) -> Where:
    return P, "flags", pack.add(
        P, "flags", flag="f_far", domain="nutrition", level="medium", informant="teacher", when="${t_absent} = 19",
        **{"say" + EN: "Lives far away.", "say" + FR: "Habite loin."},
    )  # fmt: skip


@mistake("PACK_405", "PACK_633")
def an_alert_no_example_raises(pack: LittlePack) -> Where:
    row = list(pack.books[P]["alerts"][1])
    pack.books[P]["alerts"].append(row)
    pack.set(P, "alerts", 3, "alert", "a_swollen")
    pack.set(P, "alerts", 3, "informant", "health")
    pack.set(P, "alerts", 3, "when", "${n_oedema} = 'yes'")
    return P, "alerts", 3


@mistake("PACK_406")
def a_strength_no_example_shows(pack: LittlePack) -> Where:
    pack.remove_row(P, "tests", pack.row(P, "tests", "friend"))
    return P, "strengths", pack.row(P, "strengths", "s_friend")


@mistake("PACK_407", "PACK_409")
def a_band_no_example_reaches(pack: LittlePack) -> Where:
    pack.remove_row(P, "tests", pack.row(P, "tests", "roomy"))
    return P, "bands", pack.row(P, "bands", "home_any")


@mistake("PACK_408")
def a_cut_off_no_example_shows(pack: LittlePack) -> Where:
    pack.remove_row(P, "tests", pack.row(P, "tests", "thin young boy"))
    return P, "bands", pack.row(P, "bands", "thin", 2)


@mistake("PACK_409")
def a_level_no_example_shows(pack: LittlePack) -> Where:
    _write(pack, "tests", "usual girl", "given", "sex=female;age_days=2500;weight_kg=22;height_cm=120")
    _write(pack, "tests", "usual girl", "expect", "band(baz)=usual")
    return P, "domains", pack.row(P, "domains", "nutrition")


@mistake("PACK_410", "PACK_222")
def examples_beside_wrong_sheets(pack: LittlePack) -> Where:
    _write(pack, "bands", "mood_total", "from", 4, nth=2)
    return P, "tests", 1


@mistake("PACK_411")
def an_example_that_expects_nothing(pack: LittlePack) -> Where:
    return _write(pack, "tests", "nothing known", "expect", "")


# --- sources, licences, languages ------------------------------------------------------------------------------------


@mistake("PACK_500")
def a_question_not_translated(pack: LittlePack) -> Where:
    return _write(pack, "survey", "c_friend", "label" + FR, "", file=CHILD)


@mistake("PACK_500")
def a_hint_not_translated(pack: LittlePack) -> Where:
    return _write(pack, "survey", "t_hungry", "hint" + FR, "", file=TEACHER)


@mistake("PACK_500")
def a_constraint_message_not_translated(pack: LittlePack) -> Where:
    return _write(pack, "survey", "g_rooms", "constraint_message" + FR, "", file=CAREGIVER)


@mistake("PACK_500")
def a_choice_not_translated(pack: LittlePack) -> Where:
    return _write(pack, "choices", "yes", "label" + FR, "", file=HEALTH)


@mistake("PACK_500")
def a_sentence_of_a_flag_not_translated(pack: LittlePack) -> Where:
    return _write(pack, "flags", "f_hurt", "say" + FR, " \u00a0 ")


@mistake("PACK_501")
def a_whole_language_left_out(pack: LittlePack) -> Where:
    at = pack.column(CAREGIVER, "choices", "label" + FR)
    for row in pack.books[CAREGIVER]["choices"]:
        del row[at]
    return CAREGIVER, "choices", 1


@mistake("PACK_502")
def a_scale_without_a_source(pack: LittlePack) -> Where:
    return _write(pack, "scales", "mood_total", "source", "")


@mistake("PACK_502")
def a_parameter_without_a_source(pack: LittlePack) -> Where:
    return _write(pack, "params", "grant_amount", "source", None)


@mistake("PACK_503")
def an_instrument_without_a_licence(pack: LittlePack) -> Where:
    return _write(pack, "instruments", "mood", "licence", "")


@mistake("PACK_504")
def a_plug_in_without_its_wording(pack: LittlePack) -> Where:
    for number in range(1, 5):
        for language in (EN, FR):
            _write(pack, "survey", f"m_{number}", "label" + language, "", file=CAREGIVER)
    return _write(pack, "instruments", "mood", "may_ship_wording", "plug-in")


@mistake("PACK_505")
def a_plug_in_whose_licence_holder_is_not_named(pack: LittlePack) -> Where:
    return _write(pack, "instruments", "mood", "may_ship_wording", "Plug-in")


@mistake("PACK_507")
def a_licence_that_has_ended(pack: LittlePack) -> Where:
    pack.add_column(P, "instruments", "licence_expires")
    return _write(pack, "instruments", "mood", "licence_expires", "2020-12-31")


@mistake("PACK_236")
def a_licence_that_ends_on_no_day(pack: LittlePack) -> Where:
    pack.add_column(P, "instruments", "licence_expires")
    return _write(pack, "instruments", "mood", "licence_expires", "end of 2030")


@mistake("PACK_506")
def a_flag_that_says_nothing(pack: LittlePack) -> Where:
    _write(pack, "flags", "f_thin", "say" + EN, "")
    return _write(pack, "flags", "f_thin", "say" + FR, "")


# --- forms -----------------------------------------------------------------------------------------------------------


@mistake("PACK_600")
def something_only_pyxform_notices(pack: LittlePack) -> Where:
    pack.add_column(CHILD, "survey", "save_to")
    return _write(pack, "survey", "c_friend", "save_to", "friend", file=CHILD)


@mistake("PACK_602")
def an_unknown_function_hidden_in_a_branch(pack: LittlePack) -> Where:
    row = pack.add(
        TEACHER,
        "survey",
        type="calculate",
        name="t_half",
        calculation="if(${t_absent} > 0, floor(${t_absent} div 2), '')",
    )
    return TEACHER, "survey", row


@mistake("PACK_603")
def three_values_for_coalesce_hidden_in_a_branch(pack: LittlePack) -> Where:
    row = pack.add(
        TEACHER,
        "survey",
        type="calculate",
        name="t_any",
        calculation="if(${t_absent} > 0, coalesce(${t_absent}, ${t_hungry}, 0), '')",
    )
    return TEACHER, "survey", row


@mistake("PACK_604")
def an_expression_cut_short(pack: LittlePack) -> Where:
    return _write(pack, "survey", "c_hurt", "relevant", "selected(${c_supper}, 'no'", file=CHILD)


@mistake("PACK_605")
def questions_joined_with_a_bar(pack: LittlePack) -> Where:
    row = pack.add(TEACHER, "survey", type="calculate", name="t_sum", calculation="sum(${t_absent} | ${t_hungry})")
    return TEACHER, "survey", row


@mistake("PACK_606")
def a_constraint_that_does_not_explain_itself(pack: LittlePack) -> Where:
    return _write(pack, "survey", "t_absent", "constraint", ". <= 60", file=TEACHER)


@mistake("PACK_607")
def a_calculation_that_is_required(pack: LittlePack) -> Where:
    return _write(pack, "survey", "learner_sex", "required", "yes", file=CHILD)


@mistake("PACK_608")
def a_question_without_words(pack: LittlePack) -> Where:
    _write(pack, "survey", "c_friend", "label" + EN, "", file=CHILD)
    return _write(pack, "survey", "c_friend", "label" + FR, "", file=CHILD)


@mistake("PACK_609")
def a_form_without_a_version(pack: LittlePack) -> Where:
    pack.set(CHILD, "settings", 2, "version", "")
    return CHILD, "settings", 2


@mistake("PACK_609")
def a_form_without_an_id(pack: LittlePack) -> Where:
    pack.set(CHILD, "settings", 2, "form_id", "")
    return CHILD, "settings", 2


@mistake("PACK_610")
def a_filter_on_a_column_that_is_not_there(pack: LittlePack) -> Where:
    return _write(pack, "survey", "c_friend", "choice_filter", "grade = ${c_supper}", file=CHILD)


@mistake("PACK_611")
def a_picture_that_is_not_there(pack: LittlePack) -> Where:
    for language in (EN, FR):
        pack.add_column(CHILD, "survey", "image" + language)
        where = _write(pack, "survey", "c_supper", "image" + language, "supper.png", file=CHILD)
    return where


@mistake("PACK_612")
def choices_from_a_list_that_is_not_there(pack: LittlePack) -> Where:
    return _write(pack, "survey", "c_supper", "type", "select_one yesno", file=CHILD)


@mistake("PACK_613", "PACK_124")
def a_type_of_question_misspelt(pack: LittlePack) -> Where:
    return _write(pack, "survey", "t_absent", "type", "integr", file=TEACHER)


@mistake("PACK_614")
def a_question_misspelt_in_a_form(pack: LittlePack) -> Where:
    return _write(pack, "survey", "c_hurt", "relevant", "${c_super} = 'no'", file=CHILD)


@mistake("PACK_615")
def a_group_never_closed(pack: LittlePack) -> Where:
    row = pack.add(CHILD, "survey", type="begin group", name="more", **{"label" + EN: "More", "label" + FR: "Suite"})
    return CHILD, "survey", row


@mistake("PACK_616")
def a_group_never_begun(pack: LittlePack) -> Where:
    return CHILD, "survey", pack.add(CHILD, "survey", type="end_group")


@mistake("PACK_617")
def a_choice_twice(pack: LittlePack) -> Where:
    return (
        CHILD,
        "choices",
        pack.add(CHILD, "choices", list_name="yes_no", name="yes", **{"label" + EN: "Yes!", "label" + FR: "Oui !"}),
    )


@mistake("PACK_618")
def a_list_nobody_uses(pack: LittlePack) -> Where:
    return (
        CHILD,
        "choices",
        pack.add(CHILD, "choices", list_name="colours", name="red", **{"label" + EN: "Red", "label" + FR: "Rouge"}),
    )


@mistake("PACK_619")
def a_form_that_does_not_ask_which_child(pack: LittlePack) -> Where:
    survey = pack.books[TEACHER]["survey"]
    survey[:] = [row for row in survey if not str(row[1]).startswith("learner")]
    return TEACHER, "survey", 1


@mistake("PACK_620")
def a_register_that_saves_nothing(pack: LittlePack) -> Where:
    pack.enrol()
    del pack.books["register.xlsx"]["entities"]
    at = pack.column("register.xlsx", "survey", "save_to")
    for row in pack.books["register.xlsx"]["survey"]:
        del row[at:]
    return "register.xlsx", "entities", 0


@mistake("PACK_621", "PACK_116")
def two_forms_with_one_id(pack: LittlePack) -> Where:
    pack.set(TEACHER, "settings", 2, "form_id", "kh_health")
    return TEACHER, "settings", 2


@mistake("PACK_622", "PACK_500")
def a_label_without_a_language(pack: LittlePack) -> Where:
    pack.add_column(CHILD, "choices", "label")
    return CHILD, "choices", 1


@mistake("PACK_623")
def a_default_language_nobody_wrote(pack: LittlePack) -> Where:
    pack.set(CHILD, "settings", 2, "default_language", "english (en)")
    return CHILD, "settings", 2


@mistake("PACK_624")
def a_choice_with_a_capital_in_a_form(pack: LittlePack) -> Where:
    return _write(pack, "survey", "c_hurt", "relevant", "${c_supper} = 'No'", file=CHILD)


@mistake("PACK_625")
def a_question_far_below_the_others(pack: LittlePack) -> Where:
    last = pack.books[CHILD]["survey"].pop()
    pack.books[CHILD]["survey"] += [[] for _ in range(61)]
    pack.books[CHILD]["survey"].append(last)
    return CHILD, "survey", len(pack.books[CHILD]["survey"])


@mistake("PACK_626")
def curly_quotes_in_a_form(pack: LittlePack) -> Where:
    return _write(pack, "survey", "c_hurt", "relevant", "${c_supper} = ‘no’", file=CHILD)


@mistake("PACK_627")
def a_form_that_does_not_record_the_day(pack: LittlePack) -> Where:
    pack.remove_row(CHILD, "survey", pack.row(CHILD, "survey", "today"))
    return CHILD, "survey", 1


@mistake("PACK_628")
def a_calculation_left_empty(pack: LittlePack) -> Where:
    return _write(pack, "survey", "learner_sex", "calculation", "", file=CHILD)


@mistake("PACK_629")
def a_list_of_children_misspelt(pack: LittlePack) -> Where:
    return _write(pack, "survey", "learner", "type", "select_one_from_file learner.csv", file=CHILD)


@mistake("PACK_630")
def a_form_that_encrypts_its_answers(pack: LittlePack) -> Where:
    pack.add_column(CHILD, "settings", "public_key")
    pack.set(CHILD, "settings", 2, "public_key", "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A")
    return CHILD, "settings", 2


@mistake("PACK_631")
def a_form_that_sends_its_answers_elsewhere(pack: LittlePack) -> Where:
    pack.add_column(CHILD, "settings", "submission_url")
    pack.set(CHILD, "settings", 2, "submission_url", "https://forms.example.org/submission")
    return CHILD, "settings", 2


@mistake("PACK_632")
def a_form_that_cannot_be_corrected(pack: LittlePack) -> Where:
    pack.set(CHILD, "settings", 2, "client_editable", "")
    return CHILD, "settings", 2


@mistake("PACK_633")
def an_alert_that_says_nothing_on_the_device(pack: LittlePack) -> Where:
    pack.remove_row(CHILD, "survey", pack.row(CHILD, "survey", "a_hurt_help"))
    return P, "alerts", pack.row(P, "alerts", "a_hurt")


@mistake("PACK_633")
def a_note_that_was_changed_in_one_place_only(pack: LittlePack) -> Where:
    _write(pack, "survey", "a_hurt_help", "label" + FR, "Remerciez l’enfant. Restez.", file=CHILD)
    return P, "alerts", pack.row(P, "alerts", "a_hurt")


@mistake("PACK_633")
def a_note_in_the_form_of_somebody_else(pack: LittlePack) -> Where:
    at = pack.row(CHILD, "survey", "a_hurt_help")
    note = {heading: pack.get(CHILD, "survey", at, heading) for heading in ("type", "name", "label" + EN, "label" + FR)}
    pack.remove_row(CHILD, "survey", at)
    pack.add(TEACHER, "survey", **note)
    return P, "alerts", pack.row(P, "alerts", "a_hurt")


@mistake("PACK_236")
def an_example_on_no_day(pack: LittlePack) -> Where:
    return _write(pack, "tests", "nothing known", "given", "sex=male;assessed_on=May 2026")


# --- what the field app cannot do ------------------------------------------------------------------------------------


@mistake("PACK_640")
def a_function_the_field_app_does_not_have(pack: LittlePack) -> Where:
    row = pack.add(TEACHER, "survey", type="calculate", name="t_sum", calculation="digest(${t_absent}, 'MD5')")
    return TEACHER, "survey", row


@mistake("PACK_640")
def such_a_function_where_a_relevant_reads_it(pack: LittlePack) -> Where:
    return _write(pack, "survey", "c_friend", "relevant", "checklist(1, 2, ${c_hurt} = 'yes')", file=CHILD)


@mistake("PACK_641")
def a_date_written_as_the_week_of_the_year(pack: LittlePack) -> Where:
    row = pack.add(TEACHER, "survey", type="calculate", name="t_week", calculation="format-date(today(), '%W')")
    return TEACHER, "survey", row


@mistake("PACK_641")
def a_place_in_a_list_as_a_bare_number(pack: LittlePack) -> Where:
    first = "instance('yes_no')/root/item[1]/name"
    row = pack.add(CHILD, "survey", type="calculate", name="c_first", calculation=first)
    return CHILD, "survey", row


@mistake("PACK_642")
def a_question_for_a_line_on_a_map(pack: LittlePack) -> Where:
    labels = {"label" + EN: "Way to school", "label" + FR: "Chemin de l’école"}
    return CHILD, "survey", pack.add(CHILD, "survey", type="geotrace", name="c_way", **labels)


@mistake("PACK_642")
def a_question_another_app_would_answer(pack: LittlePack) -> Where:
    pack.add_column(TEACHER, "survey", "appearance")
    return _write(pack, "survey", "t_absent", "appearance", "ex:org.example.count", file=TEACHER)


@mistake("PACK_643")
def choices_from_a_file_that_is_no_table(pack: LittlePack) -> Where:
    pack.further["media/places.geojson"] = b'{"type": "FeatureCollection", "features": []}'
    labels = {"label" + EN: "Where?", "label" + FR: "Où ?"}
    row = pack.add(CHILD, "survey", type="select_one_from_file places.geojson", name="c_place", **labels)
    return CHILD, "survey", row


@mistake("PACK_644")
def two_calculations_that_wait_for_each_other(pack: LittlePack) -> Where:
    pack.add(TEACHER, "survey", type="calculate", name="t_first", calculation="${t_second} + 1")
    pack.add(TEACHER, "survey", type="calculate", name="t_second", calculation="${t_first} + 1")
    return TEACHER, "survey", pack.row(TEACHER, "survey", "t_first")


@mistake("PACK_645")
def several_children_enrolled_in_one_form(pack: LittlePack) -> Where:
    pack.enrol()
    survey = pack.books["register.xlsx"]["survey"]
    survey.insert(1, ["begin_repeat", "children", "Child", "Enfant"])
    survey.append(["end_repeat"])
    return "register.xlsx", "entities", 0
