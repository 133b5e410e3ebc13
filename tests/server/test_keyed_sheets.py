"""Sheets and their codes: what is printed for whom, who may print and key, and what is said of what cannot be read."""

import re

import pytest

from khula.server.keyed.checking import check
from khula.server.keyed.codes import SIGNS, NotACode, new_code, read_code, shown
from khula.server.keyed.models import Keying, Sheet
from khula.server.keyed.paper_form import refusals
from khula.server.packs.models import Form
from khula.server.schools.actions import move_child
from tests.server import cast as the
from tests.server import keying
from tests.server.cast import Cast, a_wave, the_cast
from tests.server.knocking import Phone, published


@pytest.fixture
def cast() -> Cast:
    return the_cast()


# --- codes ------------------------------------------------------------------------------------------------------------


def test_a_slip_of_the_finger_makes_no_code() -> None:
    code = new_code()
    assert read_code(shown(code).lower()) == code
    for place in range(len(code)):
        for sign in set(SIGNS) - {code[place]}:
            with pytest.raises(NotACode):
                read_code(code[:place] + sign + code[place + 1 :])
    for wrong in ("", "ABC", code + "2", code[:-1] + "0", code[:-1] + "é", "../../etc", code[:4]):
        with pytest.raises(NotACode):
            read_code(wrong)


def test_two_neighbours_that_changed_places_make_no_code() -> None:
    for _code in range(50):
        code = new_code()
        for at in range(len(code) - 1):
            pair = code[at : at + 2]
            if pair[0] != pair[1] and set(pair) != {SIGNS[0], SIGNS[-1]}:  # the one pair Luhn cannot tell apart
                with pytest.raises(NotACode):
                    read_code(code[:at] + pair[::-1] + code[at + 2 :])


def test_nothing_of_the_child_stands_in_the_code_or_in_the_square(cast: Cast) -> None:
    wave = a_wave(cast)
    sheet = keying.printed(cast, wave, cast.amahle, "teacher")
    assert re.fullmatch(f"[{SIGNS}]{{9}}", sheet.code)
    other = keying.printed(cast, wave, cast.sipho, "teacher")
    assert other.code != sheet.code


# --- printing ---------------------------------------------------------------------------------------------------------


def sheets_page(cast: Cast, who: str = "all", language: str = "en", informant: str = "teacher") -> str:
    form = Form.objects.get(informant=informant)
    asked = {"form": str(form.pk), "who": who, "language": language}
    return keying.by(cast.teacher).post(f"/class/{cast.class_1b.pk}/print", asked).content.decode()


def test_a_pack_for_a_class_holds_a_sheet_for_each_child(cast: Cast) -> None:
    a_wave(cast, keying.shipped_pack())
    page = sheets_page(cast)
    assert page.count("<article class=sheet") == 3
    for child in cast.children_of_1b:
        sheet = Sheet.objects.get(child=child)
        assert shown(sheet.code) in page
        assert page.count(f"<h2>{child}</h2>") == 1
    assert str(cast.pieter) not in page
    assert page.count("<svg") >= 3
    assert Form.objects.get(informant="teacher").version in page


def test_printed_again_it_is_the_same_sheet_until_it_is_in(cast: Cast) -> None:
    wave = a_wave(cast)
    first = keying.printed(cast, wave, cast.amahle, "teacher")
    assert keying.printed(cast, wave, cast.amahle, "teacher", cast.teacher).code == first.code
    keying.key_twice(cast, first, keying.as_typed(first, {"t_hungry": "1"}))
    assert keying.printed(cast, wave, cast.amahle, "teacher").code != first.code


def test_only_children_whose_voice_is_missing(cast: Cast) -> None:
    wave = a_wave(cast)
    Phone(cast.fieldworker).post(the.interview("teacher", cast.amahle, wave, said={"t_hungry": "1"}))
    page = sheets_page(cast, "missing")
    assert page.count("<article") == 2
    assert "Amahle" not in page
    for child in (cast.sipho, cast.lerato):
        Phone(cast.fieldworker).post(the.interview("teacher", child, wave, said={"t_hungry": "1"}))
    assert "every voice is heard already" in sheets_page(cast, "missing")


def test_skips_are_said_in_plain_words_in_the_language_of_the_sheet(cast: Cast) -> None:
    a_wave(cast, keying.shipped_pack())
    english, french = sheets_page(cast), sheets_page(cast, language="fr")
    assert "Ask only if “Yes” is ticked at question 9." in english
    assert "Ask only if the number at question 12 is more than 0." in english
    assert "si « Oui » est coché à la question 9" in french
    assert "<article class=sheet lang=fr>" in french
    assert "Ask only" not in french


def test_what_is_not_asked_in_a_childs_grade_is_not_on_its_sheet_and_numbers_stay(cast: Cast) -> None:
    wave = a_wave(cast, keying.shipped_pack())
    cast.class_1a.grade = "R"
    cast.class_1a.save()
    move_child(child=cast.lerato, school_class=cast.class_1a, on=the.FIRST_DAY)
    grade_r = keying.named(keying.printed(cast, wave, cast.lerato, "teacher"))
    grade_1 = keying.named(keying.printed(cast, wave, cast.amahle, "teacher"))
    assert "t_caps_hl" in grade_1
    assert "t_caps_hl" not in grade_r
    assert grade_r["t_signs"].number == grade_1["t_signs"].number


def test_a_form_paper_cannot_ask_is_named_and_not_printed(cast: Cast) -> None:
    wave = a_wave(cast)
    photo = published(informant="teacher")  # with a photo
    Form.objects.filter(pack_version=wave.pack_version, informant="teacher").delete()
    photo.pack_version = wave.pack_version
    photo.save()
    client = keying.by(cast.teacher)
    page = client.get(f"/class/{cast.class_1b.pk}/print").content.decode()
    assert "Cannot be asked on paper: plate" in page
    asked = client.post(f"/class/{cast.class_1b.pk}/print", {"form": str(photo.pk), "who": "all"})
    assert asked.status_code == 422
    assert not Sheet.objects.exists()


def test_the_shipped_forms_can_all_be_printed(cast: Cast) -> None:
    keying.shipped_pack()
    for form in Form.objects.all():
        assert refusals(keying.plan_of(Sheet(form=form))) == [], form.form_id


def test_nothing_chosen_and_no_wave_are_said(cast: Cast) -> None:
    client, address = keying.by(cast.teacher), f"/class/{cast.class_1b.pk}/print"
    assert "in no wave yet" in client.get(address).content.decode()
    assert client.post(address, {"form": "1"}).status_code == 200
    a_wave(cast)
    for asked in ({}, {"form": "999999"}, {"form": ["x", "-1"]}):
        response = client.post(address, asked)
        assert response.status_code == 422
        assert "Choose at least one form." in response.content.decode()


# --- who may ----------------------------------------------------------------------------------------------------------

PRINTS = ("teacher", "nurse", "social_worker", "psychologist", "coordinator")
KEYS = (*PRINTS, "fieldworker")
EVERYBODY = (*KEYS, "district_official", "researcher", "administrator", "stranger")


@pytest.mark.parametrize("who", EVERYBODY)
def test_who_may_print_and_key(cast: Cast, who: str) -> None:
    wave = a_wave(cast)
    sheet = keying.printed(cast, wave, cast.amahle, "teacher")
    client = keying.by(getattr(cast, who))
    prints = client.get(f"/class/{cast.class_1b.pk}/print").status_code
    keys = client.get(f"/paper/{sheet.code}").status_code
    post = client.post(f"/paper/{sheet.code}/key", {"do": "keep", "q1": "1"}).status_code
    if who == "stranger":  # a teacher, of another school
        assert (prints, keys, post) == (404, 404, 404)
        return
    assert prints == (200 if who in PRINTS else 403)
    assert keys == (200 if who in KEYS else 403)
    assert post == (200 if who in KEYS else 403)
    assert Keying.objects.exists() == (who in KEYS)


def test_a_teacher_prints_and_keys_her_own_class_only(cast: Cast) -> None:
    sheet = keying.printed(cast, a_wave(cast), cast.pieter, "teacher")
    client = keying.by(cast.teacher)
    assert client.get(f"/class/{cast.class_1a.pk}/print").status_code == 404
    form = {"form": str(sheet.form_id), "who": "all"}
    assert client.post(f"/class/{cast.class_1a.pk}/print", form).status_code == 404
    for address in ("", "/key", "/decide", "/hand-in"):
        method = client.post if address else client.get
        assert method(f"/paper/{sheet.code}{address}").status_code == 404
    assert "Pieter" not in client.get("/paper").content.decode()


def test_a_sheet_out_of_reach_reads_like_one_that_does_not_exist(cast: Cast) -> None:
    sheet = keying.printed(cast, a_wave(cast), cast.amahle, "teacher")
    client = keying.by(cast.stranger)
    theirs, none = (client.get("/paper", {"code": code}) for code in (sheet.code, new_code()))
    assert theirs.status_code == none.status_code == 422
    assert theirs.content.count(b"No sheet of yours") == none.content.count(b"No sheet of yours") == 1


def test_who_held_the_paper_keys_it_also_after_the_child_changed_class(cast: Cast) -> None:
    sheet = keying.printed(cast, a_wave(cast), cast.amahle, "teacher")
    move_child(child=cast.amahle, school_class=cast.other_class, on=the.FIRST_DAY)
    assert keying.by(cast.teacher).get(f"/paper/{sheet.code}").status_code == 200
    assert keying.by(cast.stranger).get(f"/paper/{sheet.code}").status_code == 404


def test_a_code_opens_its_sheet_however_it_is_written(cast: Cast) -> None:
    sheet = keying.printed(cast, a_wave(cast), cast.amahle, "teacher")
    client = keying.by(cast.nurse)
    for typed in (sheet.code, shown(sheet.code).lower(), f" {shown(sheet.code)} "):
        assert client.get("/paper", {"code": typed})["Location"] == f"/paper/{sheet.code}"
    wrong = client.get("/paper", {"code": sheet.code[:-1]})
    assert wrong.status_code == 422
    assert "a sign is missing or wrong" in wrong.content.decode()
    assert client.get("/paper/nothing").status_code == 404


# --- wrong input ------------------------------------------------------------------------------------------------------


@pytest.fixture
def sheet(cast: Cast) -> Sheet:
    return keying.printed(cast, a_wave(cast, keying.shipped_pack()), cast.amahle, "teacher")


def problems(page: str) -> dict[int, str]:
    found = re.findall(r"<p class=error id=q(\d+)_error>([^<]*)</p>", page)
    return {int(number): words.replace("&#x27;", "'") for number, words in found}


@pytest.mark.parametrize(
    ("name", "typed", "says"),
    [
        ("t_months", "two", "This is no whole number."),
        ("t_months", "1.5", "This is no whole number."),
        ("t_months", "99999999999", "This is no whole number."),
        ("t_fn_learn", "0", "Type what stands beside the ticked box: 1, 2, 3, 4, 5."),
        ("t_fn_learn", "6", "Type what stands beside the ticked box"),
        ("t_fn_learn", "yes", "Type what stands beside the ticked box"),
        ("t_fn_learn", "1 2", "Only one box may be ticked here."),
        ("t_signs", "2 99", "Type what stands beside the ticked box"),
        ("t_sna1_date", "31/2/2026", "There is no such day."),
        ("t_sna1_date", "soon", "There is no such day."),
        ("q0", "", "Type the day of the talk."),
        ("q0", "1/1/2190", "This day has not come yet."),
        ("q0", "3", "There is no such day."),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said_at_its_place_and_nothing_typed_is_lost(
    cast: Cast, sheet: Sheet, name: str, typed: str, says: str
) -> None:
    number = 0 if name == "q0" else keying.named(sheet)[name].number
    form = {**keying.anything(sheet, 2), f"q{number}": typed}
    response = keying.key(cast.nurse, sheet, form, do="stands")
    page = response.content.decode()
    assert response.status_code == 422
    assert set(problems(page)) == {number}
    assert says in problems(page)[number]
    assert f"href=#q{number}" in page
    for place, text in form.items():
        assert f'name={place} id={place} value="{text}"' in page
    again = keying.by(cast.nurse).get(f"/paper/{sheet.code}").content.decode()
    assert f'name=q{number} id=q{number} value="{typed}"' in again
    assert not Keying.objects.exclude(nth=None).exists()


def test_days_are_read_as_people_write_them(sheet: Sheet) -> None:
    paper = keying.paper_of(sheet)
    for day in ("2026-03-02", "2/3/2026", "02.03.2026", "2 3 2026", "2026/3/2"):
        found = check(paper.plan, paper.items, paper.facts, {"/today": day}, today=keying.today(), language="en")
        assert found.answers["/today"] == "2026-03-02"


def test_what_does_not_fit_is_said_and_may_stand_so_on_the_paper(cast: Cast, sheet: Sheet) -> None:
    named = keying.named(sheet)
    said = {"t_sna1": "no", "t_sna1_date": "1/2/2026", "t_days_open": "500", "t_signs": "none"}
    typed = keying.as_typed(sheet, said)
    response = keying.key(cast.nurse, sheet, typed)
    page = response.content.decode()
    assert response.status_code == 422
    found = problems(page)
    assert "was not to be asked" in found[named["t_sna1_date"].number]
    assert "70" in found[named["t_days_open"].number]  # the form's own words
    assert set(found) == {named["t_sna1_date"].number, named["t_days_open"].number}
    for user in (cast.nurse, cast.coordinator):
        assert keying.key(user, sheet, typed, do="stands").status_code == 302
    sheet.refresh_from_db()
    kept = keying.answers_in(sheet)
    assert "t_sna1_date" not in kept
    assert "t_days_open" not in kept
    assert kept["t_sna1"] == "no"
    page = keying.by(cast.nurse).get(f"/paper/{sheet.code}").content.decode()
    assert f"question {named['t_sna1_date'].number}, {named['t_days_open'].number}" in page
    assert all(one.stands_so for one in Keying.objects.all())


def test_an_answer_the_form_wants_is_asked_for(cast: Cast, sheet: Sheet) -> None:
    response = keying.key(cast.nurse, sheet, keying.as_typed(sheet, {"t_fn_learn": "0"}))
    assert response.status_code == 422
    assert set(problems(response.content.decode())) == {keying.named(sheet)["t_signs"].number}


def test_saved_for_now_it_is_there_when_one_comes_back_and_for_nobody_else(cast: Cast, sheet: Sheet) -> None:
    nurse = keying.by(cast.nurse)
    number = keying.named(sheet)["t_good_at"].number
    kept = nurse.post(f"/paper/{sheet.code}/key", {"do": "keep", f"q{number}": "Reading & <b>", "q1": "abc\x00"})
    assert "It is not finished yet" in kept.content.decode()
    page = nurse.get(f"/paper/{sheet.code}").content.decode()
    assert 'value="Reading &amp; &lt;b&gt;"' in page
    assert 'value="abc"' in page
    assert "Reading" not in keying.by(cast.social_worker).get(f"/paper/{sheet.code}").content.decode()
    assert Sheet.objects.get(child=cast.amahle).state == Sheet.State.PRINTED


def test_several_ticks_are_the_same_in_any_order(cast: Cast, sheet: Sheet) -> None:
    number = keying.named(sheet)["t_signs"].number
    typed = keying.as_typed(sheet, {"t_signs": "injury afraid"})
    keying.key(cast.nurse, sheet, {**typed, f"q{number}": "2 3"})
    keying.key(cast.coordinator, sheet, {**typed, f"q{number}": "3,2"})
    sheet.refresh_from_db()
    assert sheet.state == Sheet.State.HANDED_IN
    assert keying.answers_in(sheet)["t_signs"] == "injury afraid"


def test_what_somebody_wrote_is_shown_as_text(cast: Cast, sheet: Sheet) -> None:
    number = keying.named(sheet)["t_good_at"].number
    typed = keying.as_typed(sheet, {"t_signs": "none"})
    keying.key(cast.nurse, sheet, {**typed, f"q{number}": "<script>alert(1)</script>"})
    keying.key(cast.coordinator, sheet, {**typed, f"q{number}": "sings ]]> & 'x'"})
    page = keying.by(cast.nurse).get(f"/paper/{sheet.code}").content.decode()
    assert "<script" not in page
    keying.by(cast.nurse).post(f"/paper/{sheet.code}/decide", {f"w{number}": "2"})
    sheet.refresh_from_db()
    assert keying.answers_in(sheet)["t_good_at"] == "sings ]]> & 'x'"


def test_where_choices_begin_with_a_number_of_their_own_letters_stand_beside_the_boxes(
    cast: Cast, sheet: Sheet
) -> None:
    """ "7 – Outstanding" as the first choice: whoever types 7 would have keyed the worst mark."""
    named = keying.named(sheet)
    assert [one.mark for one in named["t_caps_hl"].choices][:3] == ["a", "b", "c"]
    assert [one.mark for one in named["t_fn_learn"].choices][:3] == ["1", "2", "3"]
    number = named["t_caps_hl"].number
    typed = keying.as_typed(sheet, {"t_signs": "none"})
    assert keying.key(cast.nurse, sheet, {**typed, f"q{number}": "7"}).status_code == 422
    for user in (cast.nurse, cast.coordinator):
        assert keying.key(user, sheet, {**typed, f"q{number}": "A"}).status_code == 302
    sheet.refresh_from_db()
    assert keying.answers_in(sheet)["t_caps_hl"] == named["t_caps_hl"].choices[0].code
