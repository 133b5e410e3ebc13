"""The demonstration: invented people, real forms, the real door; whole, repeatable, and near what was published."""

import json
from collections import Counter
from datetime import date
from uuid import UUID

import pytest
from django.db import transaction
from lxml import etree

from khula.analysis.packs.forms import compile_form
from khula.analysis.packs.reader import BESIDE
from khula.demo import make
from khula.demo.beside import beside_the_voices
from khula.demo.calendar import day_of_talk, waves_before
from khula.demo.fill import FormToFill, Unanswered, form_to_fill
from khula.demo.lives import INFORMANTS, Year
from khula.demo.make import PACK, SIGN_INS, NotEmpty, is_made, make_demo
from khula.demo.people import SCHOOLS, WAVES, InventedSchool, invent
from khula.demo.plans import make_plans
from khula.demo.post import post_all
from khula.demo.report import report
from khula.demo.sent import Place
from khula.server.cases.models import Case, RaisedAlert, Voice
from khula.server.collection.models import ConflictCopy, Submission
from khula.server.events.models import Event
from khula.server.people.models import User
from khula.server.plans.models import Action, NoAction, Task
from khula.server.schools.actions import add_school
from khula.server.schools.models import Child, Post
from khula.server.wsgi import application

TODAY = date(2026, 11, 20)
TWO_SCHOOLS = (
    InventedSchool(1, "700990011", "Ukhanyo Hill Primary School", "Gauteng", "Johannesburg Central", (8, 7, 6),
                   {"zu": 60, "st": 40}, (("thabo.mokoena", "Mr Thabo Mokoena"), ("nomfundo.cele", "Ms Nomfundo Cele"))),
    InventedSchool(6, "990990066", "Motlhwareng Primary School", "Limpopo", "Sekhukhune South", (9, 8, 7),
                   {"nso": 70, "ve": 30}, (("mahlatse.phasha", "Ms Mahlatse Phasha"), ("lesiba.mohlala", "Mr Lesiba Mohlala")), rural=True),
)  # fmt: skip


def small_demo(**more) -> list[str]:
    said: list[str] = []
    make_demo(
        application=application, password="invented only", today=TODAY, say=said.append, schools=TWO_SCHOOLS, **more
    )
    return said


# The people


def test_the_same_seed_gives_the_same_people() -> None:
    assert [child.full_name for child in invent(2024)] == [child.full_name for child in invent(2024)]
    assert [child.id for child in invent(2024)] != [child.id for child in invent(2024, seed=1)]


def test_there_are_249_children_and_as_many_are_lost_as_was_published() -> None:
    children = invent(2024)
    city = [child for child in children if not child.school.rural]
    assert len(children) == 249
    assert [sum(child.found_in(wave) for child in city) for wave in WAVES] == [162, 140, 123]
    assert round(100 * sum(child.sex == "female" for child in children) / 249) == 46


def test_nobody_has_the_name_of_another_and_ids_are_such_as_devices_make() -> None:
    children = invent(2024)
    assert len({child.full_name for child in children}) == 249
    assert all(UUID(child.id).version == 4 for child in children)


def test_two_of_one_family_are_ten_months_apart() -> None:
    families: dict[str, list[date]] = {}
    for child in invent(2024):
        families.setdefault(child.household, []).append(child.birth_date)
    pairs = [sorted(born) for born in families.values() if len(born) == 2]
    assert len(pairs) > 15
    assert all((younger - older).days > 300 for older, younger in pairs)


def test_talks_are_held_on_school_days_inside_the_wave() -> None:
    for dates in waves_before(TODAY):
        for child in invent(2024):
            for informant in INFORMANTS:
                day = day_of_talk(dates, child, informant)
                assert dates.opens_on <= day <= dates.closes_on
                assert day.weekday() < 5


# The forms


@pytest.fixture(scope="module")
def forms() -> dict[str, FormToFill]:
    names = (*INFORMANTS, "register")
    return {name: form_to_fill(compile_form((PACK / f"{name}.xlsx").read_bytes()).xml) for name in names}


WHEN = {"start": "2026-03-02T08:00:00.000+02:00", "end": "2026-03-02T08:10:00.000+02:00", "today": "2026-03-02"}
DEVICE = {"deviceid": "khula-demo:x", "username": "x", "instanceID": "uuid:x"}
LEARNER = {
    "name": "abc",
    "wave": "w1",
    "sex": "female",
    "grade": "R",
    "language": "zu",
    "given_names": "Nandi",
    "birth_date": "2019-01-01",
}


def filled(form: FormToFill, **said: str) -> etree._Element:
    return etree.fromstring(form.fill({"learner": "abc", **said}, {**WHEN, **DEVICE}, LEARNER))


def test_what_is_not_relevant_is_not_in_the_form(forms) -> None:
    assert filled(forms["health"], h_assent="no").find("h_check") is None
    assert filled(forms["health"], h_assent="yes").find("h_check") is not None
    teacher = filled(forms["teacher"], t_signs="none", t_caps_hl="5")
    assert teacher.find(".//t_caps_hl") is None  # no report in Grade R


def test_what_the_form_calculates_is_calculated(forms) -> None:
    child = filled(forms["child"], c_assent="yes", c_go_on="yes", c_hurt="yes")
    assert child.findtext("learner_wave") == "w1"
    told = {node.text for node in child.iter() if str(node.tag).startswith("a_c_hurt_") and node.text}
    assert told == {"1"}, "the form says on the device that this answer cannot wait"
    assert child.findtext("meta/instanceID") == "uuid:x"


def test_a_required_question_is_never_left_out(forms) -> None:
    with pytest.raises(Unanswered, match="t_signs"):
        filled(forms["teacher"])


def test_every_invented_answer_is_one_the_form_offers(forms) -> None:
    from khula.analysis.answers import read_answers
    from khula.analysis.packs.reader import read_pack

    pack = read_pack(PACK)
    children = [child for child in invent(2024) if child.found_in(1)][:60]
    year = Year(1, children, lambda child, informant: date(2024, 10, 15))
    for child in children:
        for informant in INFORMANTS:
            preloads = {**WHEN, **DEVICE}
            xml = forms[informant].fill({**year.answers(child)[informant], "learner": child.id}, preloads, LEARNER)
            said = {node.tag: node.text for node in etree.fromstring(xml).iter() if len(node) == 0 and node.text}
            assert read_answers(pack, said).unreadable == ()


def test_every_answer_beside_the_voices_is_one_the_form_offers() -> None:
    from khula.analysis.answers import read_answers
    from khula.analysis.packs.reader import read

    reading = read(PACK)
    named = {one.form.informant: one.form.workbook for one in reading.forms if one.form.informant in BESIDE}
    forms = {who: form_to_fill(compile_form(reading.files[name]).xml) for who, name in named.items()}
    dates = waves_before(TODAY)[-1]
    children = [child for child in invent(2024) if child.found_in(3)]
    senders = {(school.emis_number, by): "x" for school in SCHOOLS for by in INFORMANTS}
    place = Place("w3", dates, {child.id: LEARNER for child in children}, senders)
    year = Year(3, children, lambda child, informant: day_of_talk(dates, child, informant))
    seen = Counter()
    for sent in beside_the_voices(year, place, children, forms, TODAY):
        root = etree.fromstring(sent.xml)
        said = {node.tag: node.text for node in root.iter() if len(node) == 0 and node.text}
        assert read_answers(reading.pack, said).unreadable == ()
        seen[root.get("id")] += 1
    assert set(seen) == {"kh_contact", "kh_followup", "kh_class_grid", "kh_letters", "kh_safety"}
    assert seen["kh_safety"] == 1


def test_every_question_of_the_pack_is_answered_by_somebody() -> None:
    from khula.analysis.packs.reader import read_pack

    children = invent(2024)[:80]
    year = Year(2, children, lambda child, informant: date(2025, 10, 15))
    answered = {
        name for child in children for said in year.answers(child).values() for name, text in said.items() if text
    }
    asked = {
        question.name
        for question in read_pack(PACK).questions.values()
        if question.type in ("select_one", "select_multiple", "integer", "decimal") and question.informant in INFORMANTS
    }
    assert asked - answered == {"t_sna1_date"} & asked


# The whole


def test_a_small_demonstration_is_whole() -> None:
    small_demo()
    assert is_made()
    assert Event.objects.exclude(state="done").count() == 0
    assert Child.objects.count() == 17
    assert Child.objects.exclude(left_on=None).count() >= 1
    heard = {wave: Case.objects.filter(wave__number=wave, voices_heard__gt=0).count() for wave in WAVES}
    assert heard == {1: 14, 2: 12, 3: 13}  # three newcomers are registered by a device in the third wave
    assert set(Submission.objects.filter(xform_id="kh_register").values_list("look_code", flat=True)) == {""}
    looks = Counter(Submission.objects.exclude(look_code="").values_list("look_code", flat=True))
    assert {"unknown_child", "unknown_version", "broken_xml", "second_interview"} <= looks.keys()
    assert ConflictCopy.objects.count() == 1
    assert Submission.objects.filter(state="replaced").count() >= 3
    late = Voice.objects.filter(case__wave__number=1, submission__pk__gt=first_of_wave(2))
    assert late.exists(), "some forms of the first wave arrive in the second"
    assert RaisedAlert.objects.count() == Event.objects.filter(kind="alert.raised").count()
    it_went_through_the_door()
    help_is_given_and_no_voice_is_heard_by_it()
    everybody_can_sign_in_and_works_somewhere()
    the_report_reads_what_is_on_record()
    some_red_cells_are_decided_and_the_others_wait()


def some_red_cells_are_decided_and_the_others_wait() -> None:
    assert Action.objects.exists()
    assert NoAction.objects.exists()
    assert {"open", "covered"} <= set(Task.objects.values_list("state", flat=True))
    assert make_plans() == 0


def first_of_wave(number: int) -> int:
    return (
        Voice.objects.filter(case__wave__number=number)
        .order_by("submission_id")
        .values_list("submission_id", flat=True)[0]
    )


def it_went_through_the_door() -> None:
    assert not Submission.objects.filter(device=None).exists()
    taken = Submission.objects.exclude(state="quarantined").count() + 1  # the unknown child's form was looked at
    assert Event.objects.filter(kind="submission.received").count() == taken


def help_is_given_and_no_voice_is_heard_by_it() -> None:
    beside = Submission.objects.filter(form__informant__in=BESIDE)
    assert set(beside.values_list("form__informant", flat=True)) == set(BESIDE)
    assert set(beside.values_list("state", "look_code")) == {("in case", "")}
    assert not Voice.objects.filter(submission__in=beside).exists()
    assert RaisedAlert.objects.exclude(note=None).count() == 1


def everybody_can_sign_in_and_works_somewhere() -> None:
    for sign_in in SIGN_INS:
        person = User.objects.get(username=sign_in.username)
        assert person.check_password("invented only")
        if sign_in.username != "hlulani.chauke":
            assert Post.objects.filter(user=person, role=sign_in.role, until=None).exists(), sign_in.username
    teacher = Post.objects.get(user__username="thabo.mokoena", until=None)
    assert teacher.school_class.year == waves_before(TODAY)[-1].year


def test_a_demonstration_that_was_cut_off_is_finished_not_made_twice(monkeypatch) -> None:
    class Undo(Exception):
        pass

    with pytest.raises(Undo), transaction.atomic():
        small_demo()
        whole = state()
        raise Undo
    cut_off(monkeypatch)
    assert state() == whole


def state() -> tuple:
    cases = Case.objects.order_by("child_id", "wave__number").values_list(
        "child_id", "wave__number", "levels", "voices_heard"
    )
    looks = Submission.objects.order_by("instance_id").values_list("instance_id", "state", "look_code")
    return list(cases), list(looks), Child.objects.count(), ConflictCopy.objects.count()


def cut_off(monkeypatch) -> None:
    """Begin anew, lose power in the middle of the second wave, and start again on another day."""

    class PowerCut(Exception):
        pass

    posted: list[int] = []

    def fails(app, tokens, sent):
        posted.append(len(sent))
        if len(posted) == 2:
            post_all(app, tokens, sent[: len(sent) // 2])
            raise PowerCut
        return post_all(app, tokens, sent)

    monkeypatch.setattr(make, "post_all", fails)
    with pytest.raises(PowerCut):
        small_demo()
    assert not is_made()
    monkeypatch.setattr(make, "post_all", post_all)
    with transaction.atomic():
        make_demo(
            application=application, password="invented only", today=date(2026, 12, 24), say=print, schools=TWO_SCHOOLS
        )


def test_the_demonstration_never_mixes_with_real_schools() -> None:
    add_school(emis_number="700111222", name="A real school")
    with pytest.raises(NotEmpty):
        small_demo()
    assert not Event.objects.filter(kind="demo.begun").exists()


def test_without_a_demonstration_the_report_says_so() -> None:
    assert "no demonstration" in report()[0]


def the_report_reads_what_is_on_record() -> None:
    lines = "\n".join(report())
    assert "stunted" in lines
    assert "work still owed: 0 events" in lines
    assert not any(child in lines for child in Child.objects.values_list("family_name", flat=True))


def test_every_school_of_the_demonstration_is_invented_and_has_two_teachers() -> None:
    assert len(SCHOOLS) == len({school.emis_number for school in SCHOOLS}) == 6
    assert len({username for school in SCHOOLS for username, _ in school.teachers}) == 12
    assert json.dumps([school.number for school in SCHOOLS]) == "[1, 2, 3, 4, 5, 6]"
