"""Writes of paper: sheets printed, typing kept, two keyings compared and decided, the answers handed to the door."""

import hashlib
import logging
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec
from django.db import transaction
from django.utils import timezone

from khula.server.collection.parse import parse
from khula.server.collection.store import Delivery, Receipt
from khula.server.collection.writer import NotStored, writer
from khula.server.events.actions import happened
from khula.server.keyed.checking import fitting
from khula.server.keyed.codes import new_code
from khula.server.keyed.instance import instance_of
from khula.server.keyed.models import Decision, Keying, KeyingRule, Sheet
from khula.server.keyed.queries import (
    agreed_answers,
    differences,
    facts_of,
    keyed_once_will_do,
    keyings,
    nobody_else_keys,
    paper_of,
    undecided,
)
from khula.server.packs.models import Form
from khula.server.schools.models import Child
from khula.server.waves.models import Wave

__all__ = [
    "CannotFinish", "decide", "decide_and_hand_in", "finish", "finish_and_hand_in", "hand_in", "keep_typing",
    "print_sheets", "set_rule", "try_to_hand_in",
]  # fmt: skip

log = logging.getLogger(__name__)


class CannotFinish(Exception):
    """`reason`: "twice already", "not again" (another person must), or "not told" (she has not said she knows)."""

    def __init__(self, reason: Literal["twice already", "not again", "not told"]) -> None:
        super().__init__(reason)
        self.reason = reason


@transaction.atomic
def print_sheets(*, children: Sequence[Child], forms: Sequence[Form], wave: Wave, by: int) -> list[Sheet]:
    """A sheet for each child and form, form by form. One that has not come in yet is the same sheet again."""
    facts, now = facts_of(children, wave), timezone.now()
    Sheet.objects.bulk_create(
        [
            Sheet(
                code=new_code(), child=child, wave=wave, form=form, school_id=child.school_id,
                school_class_id=child.school_class_id, facts=facts[child.pk], printed_at=now, printed_by_id=by,
            )
            for form in forms
            for child in children
        ],
        ignore_conflicts=True,
        batch_size=200,
    )  # fmt: skip
    open_ones = Sheet.objects.exclude(state=Sheet.State.HANDED_IN).filter(
        wave=wave, form__in=forms, child__in=[child.pk for child in children]
    )
    found = {(sheet.form_id, sheet.child_id): sheet for sheet in open_ones.select_related("form", "child")}
    sheets = [found[form.pk, child.pk] for form in forms for child in children]
    for school in {child.school_id for child in children}:
        happened(kind="paper.printed", subject=school, facts={"sheets": len(sheets), "wave": wave.pk}, by=by)
    return sheets


@transaction.atomic
def keep_typing(*, sheet_id: int, typed: Mapping[str, str], by: int) -> None:
    """What a person has typed so far, so that a power cut costs no more than the last part."""
    kept = msgspec.json.encode({place: text for place, text in typed.items() if text}).decode()
    Keying.objects.update_or_create(
        sheet_id=sheet_id, by_id=by, nth=None, defaults={"typed": kept, "kept_at": timezone.now()}
    )  # fmt: skip


@transaction.atomic
def finish(
    *,
    sheet_id: int,
    typed: Mapping[str, str],
    answers: Mapping[str, str],
    by: int,
    stands_so: bool = False,
    knows_alone: bool = False,
) -> str:
    """This person has keyed the whole sheet; returns the state the sheet has then. Raises CannotFinish."""
    keep_typing(sheet_id=sheet_id, typed=typed, by=by)
    sheet = Sheet.objects.select_for_update().get(pk=sheet_id)
    before = keyings(sheet_id)
    if sheet.state not in (Sheet.State.PRINTED, Sheet.State.ONCE):
        raise CannotFinish("twice already")
    again = any(one.by_id == by for one in before)
    if again and not nobody_else_keys(sheet, by):
        raise CannotFinish("not again")
    if again and not knows_alone:
        raise CannotFinish("not told")
    now = timezone.now()
    Keying.objects.filter(sheet_id=sheet_id, by_id=by, nth=None).update(
        nth=len(before) + 1, answers=msgspec.json.encode(answers).decode(), same_person=again, stands_so=stands_so,
        kept_at=now, finished_at=now,
    )  # fmt: skip
    happened(kind="paper.keyed", subject=sheet_id, facts={"nth": len(before) + 1, "same_person": again}, by=by)
    if before:
        _compare(sheet, before[0].answers, answers, by)
    else:
        sheet.state = Sheet.State.AGREED if keyed_once_will_do(sheet.school_id) else Sheet.State.ONCE
    sheet.save(update_fields=["state", "compared", "differed"])
    return sheet.state


def _compare(sheet: Sheet, first: Mapping[str, str], second: Mapping[str, str], by: int) -> None:
    differ = differences(first, second)
    sheet.compared, sheet.differed = len({**first, **second}), len(differ)
    sheet.state = Sheet.State.DIFFERS if differ else Sheet.State.AGREED
    facts = {"compared": sheet.compared, "differed": sheet.differed}
    happened(kind="paper.compared", subject=sheet.pk, facts=facts, by=by)


@transaction.atomic
def decide(*, sheet_id: int, decided: Mapping[str, str], by: int) -> str:
    """What the paper says where two persons differed; both keyings stay as they are. Returns the sheet's state."""
    sheet = Sheet.objects.select_for_update().get(pk=sheet_id)
    if sheet.state != Sheet.State.DIFFERS:
        return sheet.state
    now, still = timezone.now(), undecided(sheet_id)
    Decision.objects.bulk_create(
        [
            Decision(sheet=sheet, question=place, answer=decided[place], by_id=by, at=now)
            for place in still
            if place in decided
        ]
    )
    happened(kind="paper.decided", subject=sheet_id, facts={"questions": len(set(still) & set(decided))}, by=by)
    if not undecided(sheet_id):
        sheet.state = Sheet.State.AGREED
        sheet.save(update_fields=["state"])
    return sheet.state


def hand_in(*, sheet_id: int, by: int) -> Receipt | None:
    """Through the same door as a tablet's record; again is the same record. None while it is not agreed.

    Raises NotStored; then nothing is lost, and it can be handed in once more. The door commits by itself, so what it
    took stands even if the note of it here does not.
    """
    sheet = Sheet.objects.select_related("form").get(pk=sheet_id)
    if sheet.state not in (Sheet.State.AGREED, Sheet.State.HANDED_IN):
        return None
    done = keyings(sheet_id)
    paper = paper_of(sheet, "")
    answers, _left_out = fitting(paper.plan, paper.items, paper.facts, agreed_answers(sheet_id))
    keyed_by = tuple(dict.fromkeys(one.by for one in done))
    xml = instance_of(paper.plan, paper.facts, answers, code=sheet.code, keyed_by=keyed_by)
    receipt = writer.write(
        Delivery(
            xml=xml,
            sha256=hashlib.sha256(xml).hexdigest(),
            parsed=parse(xml),
            device_id=None,
            user_id=by,
            device_said="paper, keyed twice" if len(done) == 2 else "paper, keyed once",
            received_at=timezone.now(),
        )
    )
    _note(sheet_id, receipt, len(done), by)
    return receipt


def finish_and_hand_in(
    *,
    sheet_id: int,
    typed: Mapping[str, str],
    answers: Mapping[str, str],
    by: int,
    stands_so: bool,
    knows_alone: bool,
) -> None:
    """What two persons agree on, or one where the school lets one do, goes on at once. Raises CannotFinish."""
    finish(
        sheet_id=sheet_id, typed=typed, answers=answers, by=by, stands_so=stands_so, knows_alone=knows_alone
    )  # fmt: skip
    try_to_hand_in(sheet_id=sheet_id, by=by)


def decide_and_hand_in(*, sheet_id: int, decided: Mapping[str, str], by: int) -> None:
    decide(sheet_id=sheet_id, decided=decided, by=by)
    try_to_hand_in(sheet_id=sheet_id, by=by)


def try_to_hand_in(*, sheet_id: int, by: int) -> None:
    """If the door cannot write just now, the sheet stays agreed, and its page offers to hand it in again."""
    try:
        hand_in(sheet_id=sheet_id, by=by)
    except NotStored:
        log.warning("sheet %s is agreed and could not be handed in yet", sheet_id)


@transaction.atomic
def _note(sheet_id: int, receipt: Receipt, times: int, by: int) -> None:
    agreed = Sheet.objects.filter(pk=sheet_id, state=Sheet.State.AGREED)
    if agreed.update(state=Sheet.State.HANDED_IN, submission_id=receipt.submission_id):
        facts = {"submission": receipt.submission_id, "keyed": times}
        happened(kind="paper.handed_in", subject=sheet_id, facts=facts, by=by)


@transaction.atomic
def set_rule(*, school_id: int, once: bool, by: int) -> None:
    """Whether this school's paper may be keyed once from now on."""
    defaults = {"once": once, "set_by_id": by, "set_at": timezone.now()}
    KeyingRule.objects.update_or_create(school_id=school_id, defaults=defaults)
    happened(kind="paper.rule_set", subject=school_id, facts={"once": once}, by=by)
