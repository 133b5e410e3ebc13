"""A correction made on a tablet names the sealed answers it could not show: they stay as they were said, in any order."""

import json
from itertools import permutations

import pytest
from django.test import Client

from khula.server.cases.actions import reassess
from khula.server.cases.models import Case, RaisedAlert, Voice
from khula.server.collection.actions import accept_edit, join_corrections
from khula.server.collection.models import Submission
from khula.server.schools.models import Child
from khula.server.waves.models import Wave
from tests.server.cast import Cast, a_wave, interview, publish, the_cast
from tests.server.knocking import Phone
from tests.server.test_cases_corrections import unseen

__all__ = ["unseen"]
TOLD = {"c_hurt": "yes", "c_hungry": "0", "c_happy": "1"}


@pytest.fixture
def cast() -> Cast:
    return the_cast()


@pytest.fixture
def wave(cast: Cast) -> Wave:
    return a_wave(cast)


@pytest.fixture
def phone(cast: Cast) -> Phone:
    return Phone(cast.fieldworker)


def talk(
    child: Child | str, wave: Wave, name: str, said: dict[str, str], *, corrects: str = "", keeps: str = ""
) -> bytes:
    xml = interview("child", child, wave, said=said, instance=f"uuid:{name}", replaces=corrects and f"uuid:{corrects}")
    return xml.replace(b"</meta>", b"<keptAnswers>%s</keptAnswers></meta>" % keeps.encode()) if keeps else xml


def voice(name: str) -> Voice:
    return Voice.objects.get(instance_id=f"uuid:{name}")


def answers(name: str) -> dict[str, str]:
    said = json.loads(voice(name).answers)
    return {question: said[question] for question in ("c_hurt", "c_hungry", "c_happy") if question in said}


def level(child: Child, wave: Wave, domain: str = "protection") -> str:
    return json.loads(Case.objects.get(child=child, wave=wave).levels)[domain]


def alerts() -> list[tuple[str, bool]]:
    return list(RaisedAlert.objects.values_list("alert", "still_true"))


def look(name: str) -> str:
    return Submission.objects.get(instance_id=f"uuid:{name}").look_code


def test_a_sealed_answer_outlives_the_correction_of_another(cast: Cast, wave: Wave, phone: Phone) -> None:
    phone.post(talk(cast.amahle, wave, "a", TOLD))
    edit = talk(cast.amahle, wave, "b", {"c_hungry": "2"}, corrects="a", keeps="c_hurt c_happy")
    assert phone.post(edit).status_code == 201
    assert answers("b") == {"c_hurt": "yes", "c_hungry": "2", "c_happy": "1"}
    assert voice("b").kept == "c_hurt c_happy"
    assert (level(cast.amahle, wave), alerts()) == ("high", [("a_hurt", True)])
    assert look("b") == ""
    kept = Submission.objects.get(instance_id="uuid:b")
    assert bytes(kept.xml) == edit
    assert b"c_hurt>" not in bytes(kept.xml)


def test_a_blank_without_the_mark_is_a_blank(cast: Cast, wave: Wave, phone: Phone) -> None:
    """As Collect sends it, which shows every answer again."""
    phone.post(talk(cast.amahle, wave, "a", TOLD))
    phone.post(talk(cast.amahle, wave, "b", {"c_hungry": "2"}, corrects="a"))
    assert answers("b") == {"c_hungry": "2"}
    assert (level(cast.amahle, wave), alerts()) == ("not enough information", [("a_hurt", False)])


def test_only_what_is_named_is_kept_and_what_is_named_is_never_what_the_tablet_made_of_a_blank(
    cast: Cast, wave: Wave, phone: Phone
) -> None:
    """A calculation that reads a sealed answer comes out wrong on the tablet."""
    phone.post(talk(cast.amahle, wave, "a", TOLD))
    phone.post(talk(cast.amahle, wave, "b", {"c_happy": "0"}, corrects="a", keeps="c_happy"))
    assert answers("b") == {"c_happy": "1"}


def test_what_was_not_said_before_is_not_there_after(cast: Cast, wave: Wave, phone: Phone) -> None:
    phone.post(talk(cast.amahle, wave, "a", {"c_hungry": "0"}))
    phone.post(talk(cast.amahle, wave, "b", {"c_hungry": "2"}, corrects="a", keeps="c_hurt"))
    assert answers("b") == {"c_hungry": "2"}
    assert look("b") == ""


def test_rounds_of_a_repeat_go_together(cast: Cast, wave: Wave, phone: Phone) -> None:
    first = talk(cast.amahle, wave, "a", TOLD).replace(
        b"<c_happy>1</c_happy>", b"<c_happy>1</c_happy><c_happy>2</c_happy>"
    )
    phone.post(first)
    phone.post(talk(cast.amahle, wave, "b", {}, corrects="a", keeps="c_happy"))
    said = json.loads(voice("b").answers)
    assert (said["c_happy"], said["c_happy[2]"]) == ("1", "2")


def test_the_mark_on_what_corrects_nothing_says_nothing(cast: Cast, wave: Wave, phone: Phone) -> None:
    phone.post(talk(cast.amahle, wave, "a", TOLD, keeps="c_hurt"))
    assert answers("a") == TOLD
    assert (voice("a").kept, look("a")) == ("", "")


CHAIN = {
    "a": ({"c_hurt": "yes", "c_hungry": "0", "c_happy": "2"}, "", ""),
    "b": ({"c_hungry": "1", "c_happy": "0"}, "a", "c_hurt"),
    "c": ({"c_hungry": "2"}, "b", "c_hurt c_happy"),
}


@pytest.mark.parametrize("order", list(permutations("abc")), ids="".join)
def test_a_correction_of_a_correction_comes_right_in_any_order(
    cast: Cast, wave: Wave, phone: Phone, order: tuple[str, ...]
) -> None:
    for name in order:
        said, corrects, keeps = CHAIN[name]
        assert phone.post(talk(cast.amahle, wave, name, said, corrects=corrects, keeps=keeps)).status_code == 201
    assert answers("c") == {"c_hurt": "yes", "c_hungry": "2", "c_happy": "0"}
    assert voice("c").current
    assert (level(cast.amahle, wave), level(cast.amahle, wave, "nutrition")) == ("high", "medium")
    assert alerts() == [("a_hurt", True)]
    assert {look(name) for name in "abc"} == {""}


def test_until_the_original_comes_its_answers_are_not_known_and_a_person_is_asked_to_look(
    cast: Cast, wave: Wave, phone: Phone
) -> None:
    phone.post(talk(cast.amahle, wave, "b", {"c_hungry": "0"}, corrects="a", keeps="c_hurt"))
    assert level(cast.amahle, wave) == "not enough information"
    assert look("b") == "edit_of_unknown"
    phone.post(talk(cast.amahle, wave, "c", {"c_hungry": "1"}, corrects="b", keeps="c_hurt"))
    assert look("c") == "kept_unknown"
    phone.post(talk(cast.amahle, wave, "a", TOLD))
    assert (level(cast.amahle, wave), alerts()) == ("high", [("a_hurt", True)])
    assert (look("b"), look("c")) == ("", "")


def test_an_original_that_waits_in_quarantine_still_says_what_was_said(cast: Cast, wave: Wave, phone: Phone) -> None:
    """Its form was not published here; before or after the correction."""

    def first(child: Child, name: str) -> bytes:
        return talk(child, wave, name, TOLD).replace(b'version="1"', b'version="9"')

    phone.post(first(cast.amahle, "a"))
    phone.post(talk(cast.amahle, wave, "b", {"c_hungry": "0"}, corrects="a", keeps="c_hurt"))
    assert level(cast.amahle, wave) == "high"
    phone.post(talk(cast.sipho, wave, "d", {"c_hungry": "0"}, corrects="c", keeps="c_hurt"))
    assert level(cast.sipho, wave) == "not enough information"
    phone.post(first(cast.sipho, "c"))
    assert Submission.objects.get(instance_id="uuid:c").state == "quarantined"
    assert level(cast.sipho, wave) == "high"


def test_an_original_about_a_child_not_known_here_hands_its_answers_on_to_the_correction_that_names_the_right_one(
    cast: Cast, wave: Wave, phone: Phone
) -> None:
    nobody = "11111111-1111-4111-8111-111111111111"
    phone.post(talk(cast.amahle, wave, "b", {}, corrects="a", keeps="c_hurt"))
    phone.post(talk(nobody, wave, "a", TOLD))
    assert level(cast.amahle, wave) == "high"
    assert look("b") == ""


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_a_correction_of_the_child_takes_the_sealed_answers_along(
    cast: Cast, wave: Wave, phone: Phone, order: str
) -> None:
    sent = {
        "a": talk(cast.sipho, wave, "a", TOLD),
        "b": talk(cast.amahle, wave, "b", {"c_hungry": "0"}, corrects="a", keeps="c_hurt"),
    }
    for name in order:
        phone.post(sent[name])
    assert (level(cast.sipho, wave), level(cast.amahle, wave)) == ("not enough information", "high")
    assert ("a_hurt", True) in alerts()


def test_nobody_draws_anothers_sealed_answers_into_a_case_of_their_own(cast: Cast, wave: Wave, phone: Phone) -> None:
    phone.post(talk(cast.amahle, wave, "a", TOLD))
    Phone(cast.nurse).post(talk(cast.sipho, wave, "b", {"c_hungry": "0"}, corrects="a", keeps="c_hurt"))
    assert answers("b") == {"c_hungry": "0"}
    assert look("b") == "kept_unknown"


def test_two_that_call_each_other_the_earlier_one_end(cast: Cast, wave: Wave, phone: Phone) -> None:
    phone.post(talk(cast.amahle, wave, "a", {"c_hungry": "1"}, corrects="b", keeps="c_hurt"))
    assert phone.post(talk(cast.amahle, wave, "b", {"c_hungry": "2"}, corrects="a", keeps="c_hurt")).status_code == 201
    assert (answers("a"), answers("b")) == ({"c_hungry": "1"}, {"c_hungry": "2"})


def test_a_correction_that_overlooked_its_original_has_its_answers_within_a_minute(
    cast: Cast, wave: Wave, phone: Phone, unseen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stored at the same moment by another process: neither saw the other."""
    from khula.server.cases import kept

    phone.post(talk(cast.amahle, wave, "a", TOLD))
    with monkeypatch.context() as blind:
        blind.setattr(kept, "_version_before", lambda _got: None)
        unseen(phone, talk(cast.amahle, wave, "b", {"c_hungry": "2"}, corrects="a", keeps="c_hurt"))
    assert answers("b") == {"c_hungry": "2"}
    assert join_corrections() == 1
    assert answers("b") == {"c_hurt": "yes", "c_hungry": "2"}
    assert (level(cast.amahle, wave), look("b")) == ("high", "")


def test_the_second_of_two_corrections_keeps_them_when_a_person_accepts_it(
    cast: Cast, wave: Wave, phone: Phone
) -> None:
    phone.post(talk(cast.amahle, wave, "a", TOLD))
    phone.post(talk(cast.amahle, wave, "b", {"c_hurt": "no"}, corrects="a"))
    phone.post(talk(cast.amahle, wave, "f", {"c_hungry": "2"}, corrects="a", keeps="c_hurt"))
    assert level(cast.amahle, wave) == "low"
    accept_edit(Submission.objects.get(instance_id="uuid:f").pk, by=cast.coordinator.pk)
    assert answers("f") == {"c_hurt": "yes", "c_hungry": "2"}
    assert level(cast.amahle, wave) == "high"


def test_another_pack_version_reads_them_too(cast: Cast, wave: Wave, phone: Phone) -> None:
    phone.post(talk(cast.amahle, wave, "a", TOLD))
    phone.post(talk(cast.amahle, wave, "b", {"c_hungry": "2"}, corrects="a", keeps="c_hurt"))
    beside = reassess(case_id=voice("b").case_id, pack_version_id=publish(version="2").pk)
    assert json.loads(beside.result)["domains"]["protection"]["level"] == "high"


def test_the_child_page_says_which_answer_was_kept(cast: Cast, wave: Wave, phone: Phone) -> None:
    def page() -> str:
        client = Client()
        client.force_login(cast.social_worker)
        return client.get(f"/c/{Case.objects.get(child=cast.amahle, wave=wave).pk}").content.decode()

    phone.post(talk(cast.amahle, wave, "a", TOLD))
    assert "p_hurt was answered so" in page()
    assert "from the earlier version" not in page()
    phone.post(talk(cast.amahle, wave, "b", {"c_hungry": "2"}, corrects="a", keeps="c_hurt"))
    shown = page()
    assert "yes (kept from the earlier version)" in shown
    assert "corrected, with the answers under seal kept from the earlier version" in shown
    assert shown.count("(kept from the earlier version)") == 1
