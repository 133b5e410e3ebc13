"""What is asked of a published pack: which answers are under seal, and what a form is called in which language."""

from dataclasses import replace
from uuid import uuid4

from khula.analysis.packs.pack import Pack
from khula.server.packs.models import Form
from khula.server.packs.queries import sealed_questions, titles_of_form
from tests.server.cast import publish
from tests.server.small_pack import small_pack


def form(form_id: str) -> int:
    return Form.objects.get(form_id=form_id).pk


def graded(pack: Pack, **sensitivity: str) -> Pack:
    questions = {
        name: replace(one, sensitivity=sensitivity.get(name, one.sensitivity)) for name, one in pack.questions.items()
    }
    return replace(pack, questions=questions, content_hash=uuid4().hex)


def test_the_sealed_questions_of_a_form_are_its_own_of_the_highest_grade() -> None:
    publish(graded(small_pack("1"), c_hurt="S4", c_hungry="S3", c_happy="S4", t_learn="S4", g_hunger=""))
    assert set(sealed_questions(form("kh_child"))) == {"c_hurt", "c_happy"}
    assert sealed_questions(form("kh_teacher")) == ("t_learn",)
    assert sealed_questions(form("kh_caregiver")) == ()
    assert sealed_questions(form("kh_register")) == ()


def test_each_version_of_a_pack_has_its_own_sealed_questions() -> None:
    publish(graded(small_pack("1"), c_hurt="S4"))
    first = form("kh_child")
    publish(small_pack("2"), version="2")
    second = Form.objects.get(form_id="kh_child", version="2").pk
    assert (sealed_questions(first), sealed_questions(second)) == (("c_hurt",), ())


def test_a_form_of_one_instrument_is_called_as_the_pack_calls_that_in_other_languages() -> None:
    pack = small_pack("1")
    mood = replace(pack.instruments["mood"], label={"en": "Mood", "fr": "Humeur"})
    publish(replace(pack, instruments={**pack.instruments, "mood": mood}, content_hash=uuid4().hex))
    assert titles_of_form(form("kh_caregiver")) == {"en": "Caregiver", "fr": "Humeur"}
    assert titles_of_form(form("kh_health")) == {"en": "Health"}


def test_a_form_of_several_instruments_or_none_has_its_own_title_only() -> None:
    pack = small_pack("1")
    more = replace(pack.instruments["mood"], name="more", label={"en": "More", "fr": "Plus"})
    publish(replace(pack, instruments={**pack.instruments, "more": more}, content_hash=uuid4().hex))
    assert titles_of_form(form("kh_caregiver")) == {"en": "Caregiver"}
    assert titles_of_form(form("kh_register")) == {"en": "Register a child"}
