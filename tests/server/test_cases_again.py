"""Assessing again: by another pack version beside what is stored, and after what went wrong has been mended."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from khula.server.cases import actions
from khula.server.cases.actions import assess_again, reassess
from khula.server.cases.models import Assessment, Case
from khula.server.collection.models import Submission
from khula.server.events.actions import carry_on
from khula.server.events.models import Event
from khula.server.waves.models import Wave
from tests.server.cast import Cast, a_wave, interview, publish, the_cast
from tests.server.knocking import Phone


@pytest.fixture
def cast() -> Cast:
    return the_cast()


@pytest.fixture
def wave(cast: Cast) -> Wave:
    return a_wave(cast)


@pytest.fixture
def case(cast: Cast, wave: Wave) -> Case:
    phone = Phone(cast.fieldworker)
    phone.post(interview("child", cast.amahle, wave, said={"c_hurt": "yes", "c_hungry": "0"}))
    phone.post(interview("teacher", cast.amahle, wave, said={"t_learn": "2", "t_hungry": "0"}))
    return Case.objects.get(child=cast.amahle, wave=wave)


def test_another_pack_version_assesses_beside_what_is_stored(case: Case) -> None:
    before = (case.levels, case.input_hash, list(case.assessments.values_list("result", flat=True)))
    newer = publish(version="2")
    beside = reassess(case_id=case.pk, pack_version_id=newer.pk)
    assert beside.pack_version == newer
    assert json.loads(beside.result)["domains"]["education"]["level"] == "medium"
    case.refresh_from_db()
    stored = case.assessments.filter(pack_version=case.wave.pack_version)
    assert (case.levels, case.input_hash, list(stored.values_list("result", flat=True))) == before
    assert reassess(case_id=case.pk, pack_version_id=newer.pk) == beside
    assert Event.objects.filter(kind="case.reassessed").count() == 1


def test_what_was_once_assessed_stays_to_be_seen(case: Case) -> None:
    """Two voices arrived: what the team saw after the first is still there after the second."""
    first, second = (json.loads(result) for result in case.assessments.order_by("id").values_list("result", flat=True))
    assert first["domains"]["education"]["level"] == "not enough information"
    assert second["domains"]["education"]["level"] == "medium"


def test_assessing_again_without_news_changes_nothing(case: Case) -> None:
    before = Assessment.objects.count()
    assess_again(case_id=case.pk)
    assert Assessment.objects.count() == before
    assert Event.objects.filter(kind="case.assessed").count() == 2


def test_a_voice_that_could_not_be_taken_in_is_kept_and_taken_in_later(
    cast: Cast, wave: Wave, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as broken:
        broken.setattr(actions, "assess", fails)
        answer = Phone(cast.fieldworker).post(interview("child", cast.amahle, wave, said={"c_hurt": "yes"}))
    assert answer.status_code == 201
    assert Submission.objects.get().state == "received"
    assert Event.objects.get(kind="submission.received").state == "waiting"
    case = Case.objects.get(child=cast.amahle, wave=wave)
    assert case.voices_heard == 0
    carry_on(now=timezone.now() + timedelta(hours=2))
    case.refresh_from_db()
    assert (case.voices_heard, case.act_now, case.alerts_raised) == (1, 1, 1)
    assert Submission.objects.get().state == "in case"


def test_an_unreadable_answer_is_kept_and_counts_as_missing(cast: Cast, wave: Wave) -> None:
    Phone(cast.fieldworker).post(
        interview("teacher", cast.amahle, wave, said={"t_learn": "very hard", "t_hungry": "9"})
    )
    case = Case.objects.get(child=cast.amahle, wave=wave)
    assert json.loads(case.levels)["education"] == "not enough information"
    assert json.loads(case.voices.get().answers)["t_learn"] == "very hard"
