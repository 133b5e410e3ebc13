"""The shipped packs: nothing is wrong with them, they keep the published rules, and no wording is there that may not be."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khula.analysis.answers import codes_of, read_answers
from khula.analysis.assessment import Assessment, Assessor, assessor_for
from khula.analysis.packs.check import check_pack
from khula.analysis.packs.forms import compile_form
from khula.analysis.packs.pack import NOT_ENOUGH, Pack
from khula.analysis.packs.reader import BESIDE, FormSheets, Reading, SurveyRow, names_in, read
from khula.cli.odk_validate import objections

PACKS = Path(__file__).resolve().parents[2] / "packs"
FOUNDATION_PHASE = PACKS / "foundation_phase"
PLUG_INS = sorted(path for path in (PACKS / "plugins").iterdir() if path.is_dir())
WITHOUT_WORDS = {"cfm", "cyrm", "fies", "marko_d", "mics_discipline", "sdq"}
DOMAINS = ("health", "nutrition", "economic", "protection", "education", "psychosocial")
VOICES = ("child", "caregiver", "teacher", "health")
LEVELS = (NOT_ENOUGH, "low", "medium", "high")
FACTS = ("sex", "age_days", "age_months", "language", "grade")

READING = read(FOUNDATION_PHASE)
PACK: Pack = READING.pack
ASSESSOR: Assessor = assessor_for(PACK)


def answers_in(cell: str) -> dict[str, str]:
    """The answers of an example, ranges written out, a later one over an earlier one."""
    parts = (part.split("=", 1) for part in cell.split(";"))
    return {name: text.strip() for left, text in parts for name in names_in(left.strip())}


def assess(answers: Mapping[str, str]) -> Assessment:
    facts: dict[str, object] = {name: answers[name] for name in FACTS if name in answers}
    facts |= {name: float(answers[name]) for name in ("age_months",) if name in answers}
    return ASSESSOR.assess(read_answers(PACK, answers).values, **facts)  # type: ignore[arg-type]


def example(begins: str) -> dict[str, str]:
    return answers_in(next(one.given for one in PACK.examples if one.test.startswith(begins)))


ALL_IS_WELL = example("Zoleka Mthembu, all is well")


def form(informant: str, reading: Reading = READING) -> FormSheets:
    return next(one for one in reading.forms if one.form.informant == informant)


def rows_by_name(informant: str) -> dict[str, SurveyRow]:
    return {row.name: row for row in form(informant).rows}


# ------------------------------------------------------------------------------------------------ nothing is wrong


def test_the_shipped_pack_has_no_finding() -> None:
    assert [str((one.code, one.sheet, one.row, one.problem)) for one in check_pack(FOUNDATION_PHASE)] == []


@pytest.mark.parametrize("folder", PLUG_INS, ids=lambda folder: folder.name)
def test_a_plug_in_lacks_only_the_wording_it_may_not_ship(folder: Path) -> None:
    allowed = {"PACK_504"} if folder.name in WITHOUT_WORDS else set()
    assert {one.code for one in check_pack(folder)} == allowed


@pytest.mark.parametrize("one", READING.forms, ids=lambda one: one.form.form_id)
def test_every_form_becomes_an_xform_in_english_and_french(one: FormSheets) -> None:
    compiled = compile_form(READING.files[one.form.workbook])
    assert compiled.form_id == f"kh_{one.form.workbook.removesuffix('.xlsx')}"
    assert compiled.languages == ("en", "fr")
    assert compiled.media == ()
    assert compiled.saves_to == (("learners",) if one.form.informant == "register" else ())


@pytest.mark.needs("java")
@pytest.mark.parametrize("one", READING.forms, ids=lambda one: one.form.form_id)
def test_odk_validate_accepts_every_form(one: FormSheets) -> None:
    assert objections(compile_form(READING.files[one.form.workbook]).xml) == ""


@pytest.mark.parametrize("informant", VOICES)
def test_every_voice_picks_its_child_from_the_list_and_says_which_wave_it_is(informant: str) -> None:
    rows = rows_by_name(informant)
    assert (rows["learner"].kind, rows["learner"].argument) == ("select_one_from_file", "learners.csv")
    assert {f"learner_{fact}" for fact in ("wave", "sex", "birth_date", "grade", "language")} <= set(rows)
    assert [row.kind for row in form(informant).rows][:6] == [
        "start", "end", "today", "deviceid", "username", "audit"
    ]  # fmt: skip


# ------------------------------------------------------------------------------------------ beside the voices


def test_no_score_flag_or_level_rests_on_a_form_beside_the_voices() -> None:
    beside = {question.name for question in PACK.questions.values() if question.informant in BESIDE}
    assert {question.informant for question in PACK.questions.values()} == {*VOICES, *BESIDE}
    used = beside & set(ASSESSOR.plan.inputs)
    assert used == {"k_safe_now"}, "only what a safety note raises an alert by"
    for told in ("yes", "no", "unsure"):
        note = assess(ALL_IS_WELL | {"k_safe_now": told})
        assert note.domains == assess(ALL_IS_WELL).domains
        assert [name for name, true in note.alerts.items() if true] == ["a_k_note" if told == "yes" else "a_k_unsafe"]


def test_every_answer_of_a_safety_note_is_under_seal() -> None:
    asked = [question for question in PACK.questions.values() if question.form == "kh_safety"]
    assert len(asked) == 9
    assert {question.sensitivity for question in asked if question.type != "calculate"} == {"S4"}


def test_every_safety_note_calls_the_social_worker_now() -> None:
    own = [alert for alert in PACK.alerts.values() if alert.informant == "safety"]
    assert {(alert.urgency, alert.tell) for alert in own} == {("now", ("social_worker",))}


@pytest.mark.parametrize(("informant", "note"), [("service", "s_note"), ("followup", "f_note")])
def test_what_is_noted_freely_about_a_family_is_restricted(informant: str, note: str) -> None:
    assert PACK.questions[note].sensitivity == "S3"
    assert PACK.questions[note].informant == informant


def test_who_did_not_go_says_what_stood_in_the_way() -> None:
    barrier = rows_by_name("followup")["f_barrier"]
    assert (barrier.line["relevant"], barrier.line["required"]) == ("${f_attended} = 'no'", "yes")
    asked = [choice.name for choice in PACK.questions["f_barrier"].choices]
    assert asked == ["consent", "transport", "money", "work", "closed", "language", "too_far_wait", "other"]


# ------------------------------------------------------------------------------------------------- the levels


@pytest.mark.parametrize("domain", DOMAINS)
def test_every_domain_can_be_low_medium_high_and_not_yet_known(domain: str) -> None:
    reached = {assess(answers_in(one.given)).domains[domain].level for one in PACK.examples}
    assert reached == set(LEVELS)


def test_a_child_of_whom_nothing_is_known_is_not_called_well() -> None:
    nothing = assess({})
    assert {level.level for level in nothing.domains.values()} == {NOT_ENOUGH}
    assert {level.could_be for level in nothing.domains.values()} == {"high"}
    assert not any(nothing.flags.values()) and not any(nothing.alerts.values())


def test_no_single_voice_makes_a_child_well() -> None:
    for voice in VOICES:
        alone = {n: t for n, t in ALL_IS_WELL.items() if n in FACTS or PACK.questions[n].informant == voice}
        levels = {domain: level.level for domain, level in assess(alone).domains.items()}
        # money and papers are the caregiver's to tell; the other five domains need more voices
        assert {name for name, level in levels.items() if level == "low"} <= {"economic"}, voice


@pytest.mark.parametrize("domain", ["health", "nutrition"])
def test_a_nurse_who_has_not_come_never_reads_as_healthy(domain: str) -> None:
    without = {n: t for n, t in ALL_IS_WELL.items() if n in FACTS or PACK.questions[n].informant != "health"}
    assert assess(without).domains[domain].level == NOT_ENOUGH


def test_the_hunger_scale_alone_never_makes_food_low() -> None:
    assert assess({"hhs_1": "no", "hhs_2": "no", "hhs_3": "no"}).domains["nutrition"].level == NOT_ENOUGH


@given(st.sets(st.sampled_from(sorted(set(ALL_IS_WELL) - set(FACTS)))))
def test_an_answer_that_goes_missing_is_never_good_news(gone: set[str]) -> None:
    """From a child with one concern in every domain: taking answers away may hide a level, never turn it into OK."""
    troubled = ALL_IS_WELL | CONCERNS
    left = {name: text for name, text in troubled.items() if name not in gone}
    for domain, level in assess(left).domains.items():
        if level.level == "low":
            assert level.could_be in ("medium", "high"), domain
        assert level.level != "low" or CONCERN_IN[domain] in gone, domain


CONCERN_IN = {"health": "h_vision", "nutrition": "t_hungry", "economic": "c_shoes", "protection": "g_d_object",
              "education": "g_fn_remember", "psychosocial": "t_bullied"}  # fmt: skip
CONCERNS = {"h_vision": "refer", "t_hungry": "2", "c_shoes": "2", "g_d_object": "1", "g_fn_remember": "2",
            "t_bullied": "yes"}  # fmt: skip


def test_the_child_speaks_and_nobody_can_talk_it_away() -> None:
    said = assess(ALL_IS_WELL | {"c_hurt": "yes"})
    assert said.domains["protection"].level == "high"
    assert said.domains["protection"].informants_differ
    assert said.alerts["a_c_hurt"] is True


def test_a_childs_content_takes_nothing_away_from_what_the_nurse_saw() -> None:
    assert assess(ALL_IS_WELL | {"h_injury": "yes"}).domains["protection"].level == "high"


def test_a_question_that_was_not_asked_for_a_good_reason_leaves_nothing_open() -> None:
    """Follow-ups hidden by an answer (never hungry, never absent, Grade R) must not look like gaps."""
    for domain, level in assess(ALL_IS_WELL).domains.items():
        assert level.could_be is None, domain


def test_a_child_in_grade_r_is_not_missing_marks_or_reading() -> None:
    asked_later = ("t_caps_hl", "t_caps_fal", "t_caps_math", "c_reading", "c_letters", "c_words")
    grade_r = {name: text for name, text in ALL_IS_WELL.items() if name not in asked_later} | {"grade": "R"}
    school = assess(grade_r).domains["education"]
    assert (school.level, school.could_be) == ("low", None)


def hunger(**answers: str) -> dict[str, bool | None]:
    flags = assess(answers).flags
    return {name: flags[name] for name in ("f_hunger", "f_hunger_severe")}


def test_moderate_or_severe_hunger_is_told_though_one_answer_is_missing() -> None:
    """2 + 1 + ?: three to five of six. Moderate or severe is certain, which of the two is not."""
    answers = {"hhs_1": "yes", "hhs_1f": "often", "hhs_2": "yes", "hhs_2f": "rarely", "hhs_3": "yes"}
    assert hunger(**answers) == {"f_hunger": True, "f_hunger_severe": None}
    food = assess(answers).domains["nutrition"]
    assert (food.level, food.could_be) == ("medium", "high")


def test_hunger_that_is_not_known_is_not_told() -> None:
    assert hunger(hhs_1="yes", hhs_1f="rarely") == {"f_hunger": None, "f_hunger_severe": None}
    assert hunger() == {"f_hunger": None, "f_hunger_severe": None}
    assert hunger(hhs_1="no", hhs_2="no", hhs_3="no") == {"f_hunger": False, "f_hunger_severe": False}


def test_a_home_that_lacks_three_things_or_more_is_told_though_the_rest_is_missing() -> None:
    lacking = {"g_dwelling": "informal", "g_water": "far", "g_toilet": "pit"}
    flags = assess(lacking).flags
    assert (flags["f_lacks_several"], flags["f_lacks_many"]) == (True, None)
    flags = assess({"g_dwelling": "informal", "g_water": "far"}).flags
    assert (flags["f_lacks_several"], flags["f_lacks_many"]) == (None, None)


def test_a_refused_question_does_not_undo_what_is_known_and_is_never_hidden() -> None:
    """ADR 12: OK stands on the declared evidence; that a grave flag is not known is said beside it."""
    refused = assess(ALL_IS_WELL | {"c_hurt": "refused"}).domains["protection"]
    assert (refused.level, refused.could_be) == ("low", "high")
    not_heard = {n: t for n, t in ALL_IS_WELL.items() if n in FACTS or PACK.questions[n].informant != "child"}
    unheard = assess(not_heard).domains["protection"]
    assert (unheard.level, unheard.could_be) == ("low", "high")


@given(st.sets(st.sampled_from(sorted(set(ALL_IS_WELL) - set(FACTS)))))
def test_every_ok_has_its_evidence_and_says_what_it_could_still_be(gone: set[str]) -> None:
    left = assess({name: text for name, text in ALL_IS_WELL.items() if name not in gone})
    for name, level in left.domains.items():
        assert (level.level == "low") == (level.have >= PACK.domains[name].needs_at_least)
        open_levels = {f.level for f in PACK.flags.values() if f.domain == name and left.flags[f.name] is None}
        grave = [each for each in ("high", "medium") if each in open_levels]
        assert level.could_be == (grave[0] if grave else None), name


# ------------------------------------------------------------------------------------------ the published rules


def psc(*answers: int) -> Assessment:
    return assess({f"psc_{number}": str(answer) for number, answer in enumerate(answers, start=1)})


@given(st.lists(st.integers(0, 2), min_size=17, max_size=17))
def test_psc_17_is_scored_as_published(answers: list[int]) -> None:
    """Gardner 1999: which items make which score, and where screening positive begins."""
    item = dict(enumerate(answers, start=1))
    wanted = {
        "psc_int": (sum(item[i] for i in (2, 6, 9, 11, 15)), 5),
        "psc_att": (sum(item[i] for i in (1, 3, 7, 13, 17)), 7),
        "psc_ext": (sum(item[i] for i in (4, 5, 8, 10, 12, 14, 16)), 7),
        "psc_total": (sum(answers), 15),
    }
    scores = psc(*answers).scores
    for name, (total, cut_off) in wanted.items():
        assert (scores[name].value, scores[name].band) == (total, "positive" if total >= cut_off else "ok")


@pytest.mark.parametrize(("answered", "value"), [(17, 17), (14, 14), (13, None)])
def test_psc_17_counts_a_blank_as_nought_and_four_blanks_as_no_score(answered: int, value: int | None) -> None:
    assert psc(*[1] * answered).scores["psc_total"].value == value


def test_psc_17_without_a_score_may_still_be_positive_for_certain() -> None:
    score = psc(*[2] * 13).scores["psc_total"]
    assert (score.value, score.band) == (None, "positive")


@given(st.lists(st.integers(0, 3), min_size=10, max_size=10))
def test_ces_d_10_reverses_five_and_eight(answers: list[int]) -> None:
    score = assess({f"ces_{n}": str(a) for n, a in enumerate(answers, start=1)}).scores["ces_total"]
    total = sum(3 - a if n in (5, 8) else a for n, a in enumerate(answers, start=1))
    assert (score.value, score.band) == (total, "positive" if total >= 10 else "ok")


@pytest.mark.parametrize(
    ("answers", "score", "band"),
    [
        (("no", "no", "no"), 0, "little"),
        (("sometimes", "no", "no"), 1, "little"),
        (("rarely", "rarely", "no"), 2, "moderate"),
        (("rarely", "sometimes", "rarely"), 3, "moderate"),
        (("often", "sometimes", "rarely"), 4, "severe"),
        (("often", "often", "often"), 6, "severe"),
        (("yes, how often not said", "no", "no"), None, None),
    ],
)
def test_the_household_hunger_scale_is_scored_as_published(
    answers: tuple[str, ...], score: int | None, band: str | None
) -> None:
    """FANTA 2011; an unanswered frequency is unknown, where WFP's script makes it no hunger."""
    said: dict[str, str] = {}
    for number, often in enumerate(answers, start=1):
        said[f"hhs_{number}"] = "no" if often == "no" else "yes"
        if often in ("rarely", "sometimes", "often"):
            said[f"hhs_{number}f"] = often
    hunger = assess(said).scores["hhs_score"]
    assert (hunger.value, hunger.band) == (score, band)


@pytest.mark.parametrize(
    ("months", "weight", "height", "baz", "haz", "waz"),
    [(60.32, 18.7, 113.8, -0.58, 0.96, 0.21), (60.911701, 20.5, 113.6, 0.42, 0.85, 0.79)],
)
def test_growth_equals_whos_own_cases(
    months: float, weight: float, height: float, baz: float, haz: float, waz: float
) -> None:
    girl = {"sex": "female", "age_months": str(months), "h_weight_kg": str(weight), "h_height_cm": str(height),
            "h_measured": "standing"}  # fmt: skip
    scores = assess(girl).scores
    assert [scores[name].value for name in ("baz", "haz", "waz")] == pytest.approx([baz, haz, waz])


# --------------------------------------------------------------------------------------------- what a device does


def alerts_of(informant: str) -> Iterator[str]:
    return (name for name, alert in PACK.alerts.items() if alert.informant == informant)


@pytest.mark.parametrize("informant", VOICES)
def test_the_device_asks_for_help_on_the_same_answers_as_the_server(informant: str) -> None:
    rows = rows_by_name(informant)
    for name in alerts_of(informant):
        due, help_ = rows[f"{name}_due"].line, rows[f"{name}_help"].line
        if "band(" not in PACK.alerts[name].when:  # a device has no growth tables; it uses a curve just above
            assert due["calculation"] == f"if({PACK.alerts[name].when}, 1, 0)", name
        assert help_["relevant"] == f"${{{name}_due}} = 1", name
        assert help_.text("label") == PACK.alerts[name].say_on_device, name


@pytest.mark.parametrize(
    ("informant", "question", "kept"),
    [("child", "c_assent", "c_stopped"), ("caregiver", "g_consent", "g_declined"), ("health", "h_assent", None)],
)
def test_a_no_ends_the_talk_and_keeps_nothing_else(informant: str, question: str, kept: str | None) -> None:
    """Every question after the asking stands in a group that only a yes opens."""
    rows = form(informant).rows
    asked_at = next(number for number, row in enumerate(rows) if row.name == question)
    opened = [row.line["relevant"] for row in rows if row.kind == "begin_group" and row.path.count("/") == 2]
    assert any(f"${{{question}}} = 'yes'" in relevant and "'no'" not in relevant for relevant in opened)
    for row in rows[asked_at + 1 :]:
        if row.name in PACK.questions and PACK.questions[row.name].type not in ("calculate", "note"):
            inside = row.path.count("/") > 2
            assert inside or question in row.line["relevant"] or row.name == kept, row.name


def test_a_sealed_answer_is_marked_as_such() -> None:
    """A disclosure of abuse is for the few who must act on it."""
    said = {name: question for name, question in PACK.questions.items() if question.informant in VOICES}
    sealed = {name for name, question in said.items() if question.sensitivity == "S4"}
    assert {"c_hurt", "c_touch", "c_afraid_home", "g_d_hard", "t_signs", "h_injury", "h_sexual", "h_neglect"} == sealed


# ------------------------------------------------------------------------------------------------------- the words


def texts() -> Iterator[tuple[str, Mapping[str, str]]]:
    for one in READING.forms:
        for table in (one.survey, one.choices):
            for line in table or ():
                yield f"{one.form.workbook} {line.place.row}", line.text("label")
                yield f"{one.form.workbook} {line.place.row}", line.text("hint")
    for kind in (PACK.flags, PACK.strengths, PACK.alerts):
        for name, row in kind.items():  # type: ignore[attr-defined]
            yield name, row.say
    for name, alert in PACK.alerts.items():
        yield name, alert.say_on_device


def test_every_sentence_is_there_in_english_and_french_and_is_not_a_copy() -> None:
    said = [(where, text) for where, text in texts() if text]
    assert [where for where, text in said if set(text) != {"en", "fr"}] == []
    plain = str.maketrans("", "", "\N{NO-BREAK SPACE} ")
    same = {text["en"] for _, text in said if text["en"].translate(plain) == text["fr"].translate(plain)}
    same = {words for words in same if len(words.split()) > 1}
    assert same <= {"Grade 1", "Grade 2", "Grade 3", "Sepedi (Sesotho sa Leboa)"}


def test_french_punctuation_stands_behind_a_space_that_does_not_break() -> None:
    wrong = re.compile("[^\N{NO-BREAK SPACE}][?!;»]|«[^\N{NO-BREAK SPACE}]|[^\N{NO-BREAK SPACE}]:\\s|[\"'“”]")
    assert [(where, text["fr"]) for where, text in texts() if text and wrong.search(text["fr"])] == []


def test_no_flag_speaks_as_if_it_were_a_diagnosis() -> None:
    diagnosis = re.compile(r"diagnos|disorder|suffers|depressed|abused|trouble mental|souffre|déprimé", re.IGNORECASE)
    said = [text for row in (*PACK.flags.values(), *PACK.strengths.values()) for text in row.say.values()]
    assert [text for text in said if diagnosis.search(text)] == []


def test_every_flag_that_raises_a_level_suggests_what_could_be_done() -> None:
    assert [flag.name for flag in PACK.flags.values() if not flag.suggest] == []


def test_every_domain_has_strengths_to_speak_of() -> None:
    assert {strength.domain for strength in PACK.strengths.values()} == set(DOMAINS)


@pytest.mark.parametrize(("informant", "most"), [("child", 25), ("caregiver", 100), ("teacher", 32), ("health", 30)])
def test_the_pack_stays_short(informant: str, most: int) -> None:
    """A tool that is too long is not filled in. Whoever adds a question takes another one out."""
    asked = [row for row in form(informant).rows if row.name in PACK.questions and PACK.questions[row.name].label]
    assert 0 < len(asked) <= most


def test_questions_of_a_child_are_answered_with_three_faces_or_one_word() -> None:
    for row in form("child").rows:
        question = PACK.questions.get(row.name)
        if question is None or question.type != "select_one" or question.sensitivity == "S1":
            continue
        assert len(codes_of(question)) <= 3, row.name


@pytest.mark.parametrize("name", sorted(WITHOUT_WORDS))
def test_a_plug_in_holds_no_word_of_its_licence_holder(name: str) -> None:
    reading = read(PACKS / "plugins" / name)
    holders = [one for one in reading.pack.instruments.values() if one.may_ship_wording == "plug-in"]
    assert holders and all(one.licence for one in holders)
    for one in reading.forms:
        items = [row for row in one.rows if row.name in reading.pack.questions and row.kind not in ("calculate",)]
        assert items and not any(row.line.text("label") for row in items)
        choices = list(one.choices or ())
        assert {label for line in choices for label in line.text("label").values()} <= {
            line["name"] for line in choices
        }
