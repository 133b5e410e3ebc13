"""The coordinator's devices and the page for carried files in a real browser: nothing for axe, room for thumbs."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser

from khula.server.collection.actions import make_device, revoke_device
from khula.server.collection.models import Device
from khula.server.field.actions import Report, note_report, register_sign_key
from khula.server.people.models import User
from khula.server.people.roles import Role
from tests.journeys.browser import chromium, signed_in
from tests.journeys.test_pages_in_the_browser import keep_picture, wrong_with
from tests.server import page_data
from tests.server.knocking import meal, new_id, published
from tests.server.page_data import Place
from tests.server.sealing import Sealer

UA = "Mozilla/5.0 (Linux; Android 8.1.0; SM-T380) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/90.0.4430.210 Safari/537.36"
pytestmark = [pytest.mark.needs("chromium"), pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright keeps a loop running; the records are ours alone
    with chromium() as browser:
        yield browser
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(autouse=True)
def _alone(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.FLOW = "tests.server.knocking.NO_FLOW"


@pytest.fixture
def place() -> Place:
    place = page_data.school_with_class(4)
    at = timezone.now() - timedelta(days=3)
    a_tablet(carrier(place, "sizwe", "Mr Sizwe Radebe"), "Tablet 7")
    a_tablet(carrier(place, "hlulani", "Ms Hlulani Chauke"), "Tablet 8", waiting=4, oldest=at, problem="offline",
             persisted=False)  # fmt: skip
    a_tablet(carrier(place, "lindiwe", "Sr Lindiwe Dlamini"), "Tablet 9", waiting=5, stuck=2, oldest=at,
             problem="portal", clock_off_s=-4000, used=980_000_000)  # fmt: skip
    make_device(user=carrier(place, "anna", "Ms Anna Botha"), label="Phone with Collect")
    revoke_device(device_id=a_tablet(carrier(place, "jan", "Mr Jan Smit"), "A lost one", waiting=1).pk)
    return place


def carrier(place: Place, username: str, full_name: str) -> User:
    user = page_data.person(Role.FIELDWORKER, school=place.school, username=username)
    User.objects.filter(pk=user.pk).update(full_name=full_name)
    return user


def a_tablet(user: User, label: str, **said: object) -> Device:
    device, _ = make_device(user=user, label=label)
    usual: dict[str, Any] = {
        "waiting": 0, "stuck": 0, "oldest": None, "problem": "", "persisted": True, "quota": 10**9, "used": 10**7,
        "clock_off_s": 1, "version": "0.1.0", "browser": UA,
    }  # fmt: skip
    note_report(device_id=device.pk, report=Report(**(usual | said)))
    return device


def files(folder: Path, user: User) -> list[Path]:
    """One whole, one with a record that was changed on the way, one that is no such file."""
    published()
    sealer, first, second = Sealer(), new_id(), new_id()
    register_sign_key(device_id=user.devices.get().pk, jwk=sealer.jwk, by=user.pk)
    whole = sealer.file(sealer.record(meal(first), first, person=user.pk))
    changed = bytearray(sealer.file(*(sealer.record(meal(one), one, person=user.pk) for one in (first, second))))
    changed[-600] ^= 1
    contents = {"khula-2026-03-02-ab12cd34.khula": whole, "khula-2026-03-02-ef56ab78.khula": bytes(changed),
                "holiday.jpg": b"a picture"}  # fmt: skip
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in contents]


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_on_the_devices_and_carried_files(
    browser: Browser, live_server: Any, place: Place, tmp_path: Path, language: str, width: int
) -> None:
    coordinator = page_data.person(Role.COORDINATOR, school=place.school, language=language)
    window = signed_in(browser, live_server.url, coordinator, width=width, locale=language)
    page, wrong = window.new_page(), {}

    def look(name: str) -> None:
        wrong[name] = wrong_with(page, language)
        keep_picture(page, f"field_{name}_{language}_{width}")

    page.goto("/home")
    look("home")
    page.locator("a[href='/devices'].big").click()
    look("devices")
    page.locator("a[href='/devices/take-in']").click()
    look("take_in")
    page.locator("[name=files]").set_input_files(files(tmp_path, User.objects.get(username="sizwe")))
    page.locator("main form button").click()
    page.locator("section .tag").nth(4).wait_for()
    look("taken_in")
    page.goto("/devices")
    page.locator("[name=label]").fill("Tablet 10")
    page.locator("[name=user]").select_option(index=1)
    page.locator("form[action='/devices/make'] button").click()
    page.locator("svg.qr").nth(1).wait_for()
    look("made")
    address = page.locator("a[href*='#k=']").get_attribute("href")
    window.close()
    assert address and address.startswith(f"{live_server.url}/field/#k=")
    assert not any(wrong.values()), wrong
