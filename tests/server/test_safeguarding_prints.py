"""What goes on paper of a child or a class: every heading filled in where it is known, and nothing that may not go."""

import re
from datetime import date
from io import BytesIO

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pypdf import PdfReader

from khula.server.dashboard.child_address import short
from khula.server.people.models import User
from khula.server.plans.models import Action, Goal, Need, Plan
from khula.server.waves.models import Wave
from tests.server.cast import Cast, a_wave, interview, the_cast
from tests.server.knocking import Phone

TEAM = ("teacher", "nurse", "social_worker", "psychologist", "coordinator")
SHEETS = ("sna-1.pdf", "sna-2.pdf", "sheet.pdf")
SECRET = "Ubaba uyamshaya uma edakiwe"  # typed for those of the domain only
OPEN = "Sit Amahle in the first row."


@pytest.fixture
def cast() -> Cast:
    return the_cast()


@pytest.fixture
def wave(cast: Cast) -> Wave:
    wave = a_wave(cast)
    phone = Phone(cast.fieldworker)
    phone.post(interview("child", cast.amahle, wave, said={"c_hurt": "yes", "c_hungry": "2"}))
    phone.post(
        interview("caregiver", cast.amahle, wave, said={"g_hunger": "yes"} | {f"g_{n}": "3" for n in range(1, 6)})
    )
    phone.post(interview("teacher", cast.amahle, wave, said={"t_learn": "3", "t_hungry": "2"}))
    return wave


def plan_of(cast: Cast) -> None:
    """One need all may read, and one that only its domain may."""
    at, by = timezone.now(), cast.social_worker
    plan = Plan.objects.create(child=cast.amahle, opened_at=at, opened_by=by)
    for domain, words, for_all, what in (
        ("education", "Cannot follow from the back of the room.", True, OPEN),
        ("protection", SECRET, False, SECRET),
    ):
        need = Need.objects.create(plan=plan, domain=domain, words=words, for_all=for_all, by=by, at=at)
        need.children.add(cast.amahle)
        goal = Goal.objects.create(need=need, words=f"{words} – better by June", by=by, at=at)
        Action.objects.create(
            need=need,
            goal=goal,
            what=what,
            for_all=for_all,
            owner=cast.teacher,
            review_on=date(2026, 6, 30),
            by=by,
            at=at,
        )


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def read(answer: HttpResponse) -> str:
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Cache-Control"] == "no-store"
    assert "Amahle" not in answer["Content-Disposition"]
    text = "\n".join(page.extract_text() for page in PdfReader(BytesIO(answer.content)).pages)
    return re.sub(r"\s+", " ", text)


@pytest.mark.acceptance_team
@pytest.mark.parametrize("form", ["sna-1.pdf", "sna-2.pdf"])
def test_every_header_field_of_sna_1_and_2_is_filled_in(cast: Cast, wave: Wave, form: str) -> None:
    text = read(signed_in(cast.teacher).get(f"/c/{short(cast.amahle.pk)}/{form}"))
    for known in (
        "Surname and names Nkosi, Amahle", "Date of birth 2018-05-04", "School Ikusasa Primary School",
        "EMIS number 700400001", "Grade and class 1, 1B", "Home language isiZulu",
        "Parent or caregiver Thandi Nkosi (grandmother)", "ID number", "LURITS/CEMIS number", "Page 1 of",
        "Confidential: this paper is kept in the Learner Profile.",
    ):  # fmt: skip
        assert known in text, known


@pytest.mark.acceptance_team
def test_sna_1_holds_the_policys_sections_and_what_is_known(cast: Cast, wave: Wave) -> None:
    plan_of(cast)
    text = read(signed_in(cast.teacher).get(f"/c/{short(cast.amahle.pk)}/sna-1.pdf"))
    for heading in (
        "SNA 1: assessment and intervention by the teacher", "1. Areas of concern", "2. Strengths and needs of the learner",
        "2.1 Communication", "2.2 Learning", "2.3 Behaviour and social competence",
        "2.4 Health, wellness and personal care", "2.5 Classroom and school",
        "2.6 Family, home and community situation", "3. Support the teacher has given", "Scholastic profile",
    ):  # fmt: skip
        assert heading in text, heading
    assert "• School: e_learn was answered so." in text
    assert text.count(OPEN) == 1  # under learning, and nowhere else
    assert "2025 1" in text  # year and grade of the scholastic profile
    assert OPEN in text
    assert "Teacher, 2026-03-02" in text


@pytest.mark.acceptance_team
@pytest.mark.parametrize("who", TEAM)
def test_what_the_class_teacher_may_not_read_stands_on_no_form_she_keeps(cast: Cast, wave: Wave, who: str) -> None:
    """The nurse and the social worker read what the caregiver said of food; the Learner Profile is the teacher's."""
    client = signed_in(getattr(cast, who))
    for form in ("sna-1.pdf", "sna-2.pdf"):
        text = read(client.get(f"/c/{short(cast.amahle.pk)}/{form}"))
        assert "n_caregiver was answered so." not in text
        assert "n_child was answered so." not in text
    if who in ("nurse", "social_worker"):
        assert "n_caregiver was answered so." in read(client.get(f"/c/{short(cast.amahle.pk)}/sheet.pdf"))


@pytest.mark.acceptance_team
def test_sna_2_holds_the_plan(cast: Cast, wave: Wave) -> None:
    plan_of(cast)
    text = read(signed_in(cast.teacher).get(f"/c/{short(cast.amahle.pk)}/sna-2.pdf"))
    for words in ("SNA 2: intervention by the school-based support team (SBST)", "2. Individual support plan",
                  "Cannot follow from the back of the room.", "better by June", OPEN, "Mr Thabo Mokoena", "2026-06-30",
                  "☐ to ask the district-based support team (DBST) for support"):  # fmt: skip
        assert words in text, words


@pytest.mark.acceptance_team
@pytest.mark.parametrize("who", TEAM)
def test_nothing_restricted_or_sealed_stands_on_any_paper_whoever_prints_it(cast: Cast, wave: Wave, who: str) -> None:
    """What the child disclosed, what the caregiver says of herself, an alert, a report: on no sheet, for no role."""
    plan_of(cast)
    teacher = signed_in(cast.teacher)
    teacher.post(f"/c/{short(cast.amahle.pk)}/concern")
    client = signed_in(getattr(cast, who))
    page = client.get(f"/c/{short(cast.amahle.pk)}").content.decode()
    if who == "social_worker":
        assert "p_hurt was answered so." in page  # she reads it on the screen
    for place in (*(f"/c/{short(cast.amahle.pk)}/{sheet}" for sheet in SHEETS), f"/class/{cast.class_1b.pk}/sheet.pdf"):
        text = read(client.get(place))
        for secret in ("p_hurt was answered so.", SECRET, "somebody hurts", "mood", "concern you", "Form 22"):
            assert secret not in text, (place, secret)


@pytest.mark.parametrize("who", ["stranger", "fieldworker", "district_official", "researcher", "administrator"])
def test_who_may_not_see_the_child_gets_no_paper_of_it(cast: Cast, wave: Wave, who: str) -> None:
    client = signed_in(getattr(cast, who))
    for place in (*(f"/c/{short(cast.amahle.pk)}/{sheet}" for sheet in SHEETS), f"/class/{cast.class_1b.pk}/sheet.pdf"):
        assert client.get(place).status_code == (404 if who == "stranger" else 403)


def test_a_child_that_does_not_exist_and_a_school_without_a_wave_have_no_paper(cast: Cast) -> None:
    client = signed_in(cast.nurse)
    for sheet in SHEETS:
        assert client.get(f"/c/nobody/{sheet}").status_code == 404
        assert client.get(f"/c/{short(cast.amahle.pk)}/{sheet}").status_code == 404
    assert client.get("/class/0/sheet.pdf").status_code == 404


@pytest.mark.acceptance_team
def test_the_class_sheet_names_every_child_with_its_levels_in_words(cast: Cast, wave: Wave) -> None:
    text = read(signed_in(cast.teacher).get(f"/class/{cast.class_1b.pk}/sheet.pdf"))
    for words in ("Class 1B", "Ikusasa Primary School · Wave 2", "Amahle Nkosi", "Sipho Nkosi", "Lerato Mokoena",
                  "■ Act now", "3/4", "0/4", "Safety"):  # fmt: skip
        assert words in text, words
    assert "Pieter" not in text  # of another class


@pytest.mark.acceptance_team
def test_the_child_sheet_says_each_domain_with_symbol_and_word(cast: Cast, wave: Wave) -> None:
    text = read(signed_in(cast.teacher).get(f"/c/{short(cast.amahle.pk)}/sheet.pdf"))
    for words in ("Amahle Nkosi", "1B · Ikusasa Primary School · Wave 2", "■ Act now", "What to do next"):
        assert words in text, words


def test_the_sheets_speak_the_readers_language_and_the_policys_forms_english(cast: Cast, wave: Wave) -> None:
    cast.nurse.language = "fr"
    cast.nurse.save()
    client = signed_in(cast.nurse)
    assert "Page 1 sur" in read(client.get(f"/c/{short(cast.amahle.pk)}/sheet.pdf"))
    assert "Page 1 of" in read(client.get(f"/c/{short(cast.amahle.pk)}/sna-1.pdf"))
