"""What tests of paper share: sheets printed through the page, and people who key them in."""

import random
from collections.abc import Mapping
from datetime import date
from functools import cache
from hashlib import md5
from typing import Any

from django.test import Client
from django.utils import timezone

from khula.analysis.packs.forms import compile_form
from khula.server.keyed import queries
from khula.server.keyed.models import Sheet
from khula.server.keyed.paper_form import Item, questions_in
from khula.server.keyed.queries import Paper
from khula.server.packs.models import Form, PackVersion
from khula.server.people.models import User
from khula.server.schools.models import Child
from khula.server.waves.models import Wave
from tests.server import page_data
from tests.server.cast import Cast


@cache
def _forms() -> tuple[tuple[str, str, str, str, bytes], ...]:
    found = []
    for who in ("child", "caregiver", "teacher", "health"):
        one = compile_form((page_data.PACK_FOLDER / f"{who}.xlsx").read_bytes())
        found.append((who, one.form_id, one.version, one.title, one.xml))
    return tuple(found)


def shipped_pack() -> PackVersion:
    """The shipped pack with its four forms, as publishing leaves them."""
    version = page_data.published()
    for who, form_id, number, title, xml in _forms():
        Form.objects.get_or_create(
            pack_version=version, form_id=form_id, version=number,
            defaults={"informant": who, "title": title, "xml": xml, "md5": md5(xml, usedforsecurity=False).hexdigest()},
        )  # fmt: skip
    return version


def by(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def printed(cast: Cast, wave: Wave, child: Child, informant: str, user: User | None = None) -> Sheet:
    """A sheet for this child, from the page of its class."""
    form = Form.objects.get(pack_version=wave.pack_version, informant=informant)
    response = by(user or cast.coordinator).post(
        f"/class/{child.school_class_id}/print", {"form": str(form.pk), "who": "all", "language": "en"}
    )
    assert response.status_code == 200, response.content.decode()[:3000]
    return Sheet.objects.exclude(state="handed in").get(child=child, wave=wave, form=form)


def paper_of(sheet: Sheet, language: str = "en") -> Paper:
    return queries.paper_of(sheet, language)


def questions(sheet: Sheet) -> list[Item]:
    return list(questions_in(paper_of(sheet).items))


def named(sheet: Sheet) -> dict[str, Item]:
    """Name of a question -> the question."""
    return {item.path.rsplit("/", 1)[-1]: item for item in questions(sheet)}


def as_typed(sheet: Sheet, said: Mapping[str, str], day: str = "2/3/2026") -> dict[str, str]:
    """Answers by name, as codes; as somebody types them: the numbers beside the boxes."""
    known = named(sheet)
    typed = {"q0": day}
    for name, text in said.items():
        item = known[name]
        numbers = [one.mark for code in text.split() for one in item.choices if one.code == code]
        typed[f"q{item.number}"] = " ".join(numbers) if item.choices else text
    return typed


def key(user: User, sheet: Sheet, typed: Mapping[str, str], do: str = "finish", **more: str) -> Any:
    return by(user).post(f"/paper/{sheet.code}/key", {**typed, "do": do, **more})


def key_twice(cast: Cast, sheet: Sheet, typed: Mapping[str, str]) -> Sheet:
    for user in (cast.nurse, cast.coordinator):
        response = key(user, sheet, typed)
        assert response.status_code == 302, response.content.decode()[:4000]
    sheet.refresh_from_db()
    return sheet


def anything(sheet: Sheet, seed: int) -> dict[str, str]:
    """An answer to every question on the sheet, by chance; typed, by field."""
    chance = random.Random(seed)
    typed = {"q0": "2/3/2026"}
    for item in questions(sheet):
        typed[f"q{item.number}"] = _anything(item, chance)
    return typed


def _anything(item: Item, chance: random.Random) -> str:
    if item.kind == "select":
        return " ".join(one.mark for one in chance.sample(item.choices, chance.randint(1, 2)))
    if item.choices:
        return chance.choice(item.choices).mark
    return {"number": str(chance.randint(1, 9)), "decimal": f"{chance.randint(15, 30)}.{chance.randint(1, 9)}",
            "date": f"{chance.randint(1, 28)}/2/2026", "range": item.least, "trigger": "1"}.get(
        item.kind, f"said so {chance.randint(1, 99)}"
    )  # fmt: skip


def changed(item: Item, typed: str, chance: random.Random) -> str:
    """Another answer than this one to the same question."""
    for _try in range(200):
        other = _anything(item, chance) if chance.random() < 0.9 else ""
        if set(other.split()) != set(typed.split()):
            return other
    raise AssertionError(item.path)


def plan_of(sheet: Sheet) -> Any:
    return queries.plan_of(sheet.form_id)


def answers_in(sheet: Sheet) -> dict[str, str]:
    from khula.server.collection.queries import answers_of

    return answers_of(sheet.submission_id)


def today() -> date:
    return timezone.localdate()
