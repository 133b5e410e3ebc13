"""Alerts and reports of concern on the pages: for whom they are, and that for everybody else they do not exist."""

import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pypdf import PdfReader

from khula.server.dashboard.child_address import short
from khula.server.events.models import Event
from khula.server.people.models import User
from khula.server.people.roles import Role
from khula.server.safeguarding import alerts, form22
from khula.server.safeguarding.models import AlertDuty, Concern, ConcernRecord, ConcernVersion, Designation
from khula.server.schools.models import Post
from khula.server.waves.models import Wave
from tests.server.cast import Cast, a_wave, interview, person, the_cast
from tests.server.knocking import Phone

CANARY = "Umfana washo igama elithi Zwakele"  # what was seen: must stand nowhere but in the form itself
SAID = {"categories": ["physical", "care"], "seen": [CANARY], "reporter": ["Mr Thabo Mokoena"]}
EVERYBODY = (
    "teacher", "nurse", "social_worker", "psychologist", "coordinator", "fieldworker", "district_official",
    "researcher", "administrator", "stranger",
)  # fmt: skip


@pytest.fixture
def cast() -> Cast:
    return the_cast()


@pytest.fixture
def wave(cast: Cast) -> Wave:
    return a_wave(cast)


@pytest.fixture
def log_lines() -> Iterator[list[str]]:
    lines: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    handler = Kept(level=logging.DEBUG)
    logging.getLogger().addHandler(handler)
    yield lines
    logging.getLogger().removeHandler(handler)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def body(answer: HttpResponse) -> str:
    return answer.content.decode()


def without_token(html: str) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", html)


def begun(client: Client, child_id: str) -> Concern:
    """Two presses from the child's page."""
    answer = client.post(f"/c/{short(child_id)}/concern")
    assert answer.status_code == 302
    return Concern.objects.get(pk=answer.url.rpartition("/")[2])


def hurt(cast: Cast, wave: Wave) -> AlertDuty:
    Phone(cast.fieldworker).post(interview("child", cast.amahle, wave, said={"c_hurt": "yes"}))
    return AlertDuty.objects.get()


# --- who may what ----------------------------------------------------------------------------------------------------


@pytest.mark.acceptance_team
@pytest.mark.parametrize("who", EVERYBODY)
def test_the_page_of_alerts_is_there_for_those_who_are_told_and_for_nobody_else(
    cast: Cast, wave: Wave, who: str
) -> None:
    duty = hurt(cast, wave)
    client = signed_in(getattr(cast, who))
    page, press = client.get("/alerts"), client.post(f"/alerts/{duty.pk}/take-up")
    if who == "social_worker":
        assert page.status_code == 200
        assert "The child says somebody hurts the child." in body(page)
        assert press.status_code == 302
        return
    assert (page.status_code, press.status_code) in ((403, 403), (404, 404))
    unknown = client.post(f"/alerts/{duty.pk + 999}/take-up")
    assert (unknown.status_code, without_token(body(unknown))) == (press.status_code, without_token(body(press)))
    duty.alert.refresh_from_db()
    assert duty.alert.acknowledged_at is None


@pytest.mark.acceptance_team
@pytest.mark.parametrize("who", EVERYBODY)
def test_a_report_of_concern_is_there_for_its_author_and_the_social_worker_only(cast: Cast, who: str) -> None:
    """Its author here is a teacher; to all others each of its addresses answers as one that never was."""
    concern = begun(signed_in(cast.teacher), cast.amahle.pk)
    client = signed_in(getattr(cast, who))
    sees = who in ("teacher", "social_worker")
    for place in ("", "/form-22.pdf"):
        answer = client.get(f"/concerns/{concern.pk}{place}")
        assert answer.status_code == (200 if sees else 404), place
        if not sees:
            unknown = client.get(f"/concerns/{uuid4()}{place}")
            assert without_token(body(answer)) == without_token(body(unknown))
    versions = concern.versions.count()
    save = client.post(f"/concerns/{concern.pk}", {"version": "1", "seen": CANARY})
    assert save.status_code == (302 if who == "teacher" else 404)
    assert concern.versions.count() == versions + (who == "teacher")
    record = client.post(f"/concerns/{concern.pk}/record", {"to": "nobody", "reason": "Explained by the clinic."})
    assert record.status_code == (302 if sees else 404)
    assert ConcernRecord.objects.count() == int(sees)
    listed = body(client.get("/concerns"))
    assert (str(concern.pk) in listed) == sees


@pytest.mark.acceptance_team
@pytest.mark.parametrize("who", EVERYBODY)
def test_everybody_with_a_post_may_start_one(cast: Cast, who: str) -> None:
    """Of a child out of sight with a name typed in, and without consent, agreement or role standing before it."""
    user = getattr(cast, who)
    client = signed_in(user)
    assert "Report a concern" in body(client.get("/concerns"))
    school = cast.other_school if who == "stranger" else cast.school
    answer = client.post("/concerns", {"child_names": "Zwakele, in Grade 2", "school": str(school.pk)})
    assert answer.status_code == 302
    page = body(client.get(answer.url))
    assert "Zwakele, in Grade 2" in page
    assert user.full_name in page
    sees_child = who in ("teacher", "nurse", "social_worker", "psychologist", "coordinator", "fieldworker")
    assert client.get(f"/c/{short(cast.amahle.pk)}/concern").status_code == (200 if sees_child else 404)
    assert client.post(f"/c/{short(cast.amahle.pk)}/concern").status_code == (302 if sees_child else 404)


def test_at_a_school_without_a_post_or_without_any_post_none_is_started(cast: Cast) -> None:
    client = signed_in(cast.teacher)
    answer = client.post("/concerns", {"child_names": "Zwakele", "school": str(cast.other_school.pk)})
    assert answer.status_code == 422
    assert "Choose a school from the list." in body(answer)
    Post.objects.filter(user=cast.teacher).delete()
    assert client.get("/concerns").status_code == 403
    assert client.post("/concerns", {"child_names": "Zwakele", "school": str(cast.school.pk)}).status_code == 403
    assert not Concern.objects.exists()


@pytest.mark.parametrize("who", EVERYBODY)
def test_who_names_the_designated(cast: Cast, who: str) -> None:
    client = signed_in(getattr(cast, who))
    prefix = f"s{cast.school.pk}"
    given = {f"{prefix}-user": str(cast.nurse.pk), f"{prefix}-rank": "1", f"{prefix}-least_urgent": "week"}
    may = who in ("coordinator", "administrator")
    assert client.get("/alerts/named").status_code == (200 if may else 403)
    made = client.post(f"/alerts/named/school/{cast.school.pk}", given)
    assert made.status_code == (302 if may else 403)
    assert Designation.objects.count() == int(may)
    if not may:
        return
    again = client.post(f"/alerts/named/school/{cast.school.pk}", given)
    assert again.status_code == 422
    assert "This person is named already." in body(again)
    for wrong in (str(cast.researcher.pk), str(cast.stranger.pk), "x"):  # roles and schools an alert never goes to
        assert (
            client.post(f"/alerts/named/school/{cast.school.pk}", given | {f"{prefix}-user": wrong}).status_code == 422
        )
    if who == "coordinator":
        assert client.post(f"/alerts/named/school/{cast.other_school.pk}", given).status_code == 404
    named = Designation.objects.get()
    assert client.post(f"/alerts/named/{named.pk + 7}/end").status_code == 404
    for _ in range(2):
        client.post(f"/alerts/named/{named.pk}/end")
    assert Event.objects.filter(kind="designation.ended").count() == 1


# --- from the child's page to the paper ------------------------------------------------------------------------------


@pytest.mark.acceptance_team
def test_three_presses_lead_from_the_childs_page_to_the_form_filled_in(cast: Cast, wave: Wave) -> None:
    client = signed_in(cast.teacher)
    page = body(client.get(f"/c/{short(cast.amahle.pk)}"))
    first = re.search(r'<a href="([^"]+)">Report a concern', page)
    assert first is not None
    assert "Start Form 22" in body(client.get(first[1]))
    form = body(client.get(client.post(first[1]).url))
    for known in ("Nkosi", "Amahle", "2018-05-04", "Ikusasa Primary School", "700400001", "Thandi Nkosi",
                  "Mr Thabo Mokoena", "Grade 1, class 1B", "isiZulu"):  # fmt: skip
        assert f'value="{known}"' in form, known


def test_a_draft_is_saved_version_by_version_and_completed_when_it_is_whole(cast: Cast) -> None:
    client = signed_in(cast.teacher)
    concern = begun(client, cast.amahle.pk)
    address = f"/concerns/{concern.pk}"
    lacking = client.post(address, {"version": "1", "child_names": "Amahle", "seen": CANARY, "complete": "1"})
    assert lacking.status_code == 422
    assert "Tick what applies: fill this in first." in body(lacking)
    assert CANARY in body(client.get(address))  # nothing typed is lost
    whole = {"version": "2", "child_names": "Amahle", "categories": ["physical", "unheard of"], "seen": CANARY,
             "reporter": "Mr Thabo Mokoena", "complete": "1", "smuggled": "in"}  # fmt: skip
    assert client.post(address, whole).url == f"{address}?saved=completed"
    concern.refresh_from_db()
    assert concern.state == "completed"
    last = concern.versions.order_by("-number").first()
    assert last is not None
    assert (last.number, '"categories":"physical"' in last.content, "smuggled" in last.content) == (3, True, False)
    stale = client.post(address, whole)
    assert stale.status_code == 409
    assert "in another window" in body(stale)
    assert concern.versions.count() == 3
    emptied = client.post(address, {"version": "3", "child_names": "Amahle"})
    assert emptied.status_code == 422  # what is complete stays complete
    with pytest.raises(IntegrityError), transaction.atomic():
        ConcernVersion.objects.update(content="{}")


def test_where_it_went_is_recorded_with_its_receipt_or_why_it_went_nowhere(cast: Cast) -> None:
    client = signed_in(cast.teacher)
    concern = begun(client, cast.amahle.pk)
    address = f"/concerns/{concern.pk}"
    handed = {"to": "police", "office": "Ivory Park, Const. Mabaso", "how": "in_person", "day": "2026-11-20",
              "hour": "10:30", "receipt": "CAS 123/11/2026"}  # fmt: skip
    early = client.post(f"{address}/record", handed)
    assert early.status_code == 422
    assert "Complete the form first" in body(early)
    client.post(address, {"version": "1", "child_names": "Amahle", "complete": "1", **SAID})
    for wrong, words in (
        ({"day": ""}, "Give the day"), ({"office": " "}, "Write which station"), ({"to": "press"}, "Select a valid"),
        ({"day": "2199-01-01"}, "This day has not come yet"), ({"to": "nobody", "reason": " "}, "Write why you decided"),
    ):  # fmt: skip
        refused = client.post(f"{address}/record", handed | wrong)
        assert refused.status_code == 422
        assert words in body(refused), words
    assert client.post(f"{address}/record", handed).url == f"{address}?saved=recorded"
    client.post(f"{address}/record", {"to": "nobody", "reason": "Twice is enough."})
    concern.refresh_from_db()
    assert concern.state == "reported"
    assert "CAS 123/11/2026" in body(client.get(address))
    with pytest.raises(IntegrityError), transaction.atomic():
        ConcernRecord.objects.update(receipt="")


@pytest.mark.acceptance_team
def test_every_field_of_form_22_stands_on_its_paper(cast: Cast) -> None:
    client = signed_in(cast.teacher)
    concern = begun(client, cast.amahle.pk)
    given: dict[str, object] = {}
    for name, field in form22.FIELDS.items():
        given[name] = [code for code, _words in field.choices][:1] if field.choices else f"told-{name}"
    client.post(f"/concerns/{concern.pk}", {"version": "1", "complete": "1", **given})
    client.post(f"/concerns/{concern.pk}/record", {"to": "organisation", "office": "Child Welfare, Ms Sithole",
                "how": "phone", "day": "2026-11-20", "hour": "10:30", "receipt": "CW-77"})  # fmt: skip
    answer = client.get(f"/concerns/{concern.pk}/form-22.pdf")
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Cache-Control"] == "no-store"
    assert "Amahle" not in answer["Content-Disposition"]
    read = " ".join("\n".join(page.extract_text() for page in PdfReader(BytesIO(answer.content)).pages).split())
    for section in form22.SECTIONS:
        assert str(section.title) in read
        for field in section.fields:
            assert str(field.label) in read, field.name
            for n, (_code, words) in enumerate(field.choices):
                assert f"{'☐' if n else '☒'} {words}" in read, field.name
            if not field.choices:
                assert f"told-{field.name}" in read, field.name
    for words in ("Section 110 of the Children’s Act 38 of 2005", "Signature of the person who reports", "Page 1 of",
                  "☒ Designated child protection organisation", "☐ South African Police Service", "CW-77",
                  "Child Welfare, Ms Sithole", "2026-11-20 10:30", "By telephone", "Version 2"):  # fmt: skip
        assert words in read, words
    assert "DRAFT" not in read


def test_the_paper_of_a_draft_says_so(cast: Cast) -> None:
    client = signed_in(cast.teacher)
    concern = begun(client, cast.amahle.pk)
    read = PdfReader(BytesIO(client.get(f"/concerns/{concern.pk}/form-22.pdf").content)).pages[0].extract_text()
    assert "DRAFT: not completed" in read
    assert "Amahle" in read


def test_the_clock_of_a_report_reminds_its_author(cast: Cast) -> None:
    client = signed_in(cast.teacher)
    concern = begun(client, cast.amahle.pk)
    for hours, words in ((0, "Report without delay"), (3, "more than two hours ago"), (25, "more than a day ago")):
        Concern.objects.update(started_at=timezone.now() - timedelta(hours=hours))
        assert words in body(client.get(f"/concerns/{concern.pk}"))
        assert "1 report of concern you began is not recorded yet" in body(client.get("/home"))
    client.post(f"/concerns/{concern.pk}/record", {"to": "nobody", "reason": "Explained by the clinic."})
    assert "Not reported, with a reason" in body(client.get(f"/concerns/{concern.pk}"))
    assert "not recorded yet" not in body(client.get("/home"))


def test_from_an_alert_the_report_remembers_it_but_not_from_one_that_is_not_told(cast: Cast, wave: Wave) -> None:
    duty = hurt(cast, wave)
    for user, alert in ((cast.social_worker, duty.alert_id), (cast.teacher, None)):
        client = signed_in(user)
        answer = client.post(f"/c/{short(cast.amahle.pk)}/concern", {"alert": str(duty.pk)})
        assert Concern.objects.get(pk=answer.url.rpartition("/")[2]).alert_id == alert
    for strange in ("0", "x", "9" * 40, ""):
        assert signed_in(cast.social_worker).post(
            f"/c/{short(cast.amahle.pk)}/concern", {"alert": strange}
        ).status_code == 302  # fmt: skip


# --- the canary ------------------------------------------------------------------------------------------------------


@pytest.mark.acceptance_team
def test_that_there_is_an_alert_or_a_report_is_to_be_seen_nowhere(cast: Cast, wave: Wave, log_lines: list[str]) -> None:
    """Every page of each role reads the same before and after."""
    from django.urls import get_resolver

    from tests.server.test_access import routes  # every address there is

    plain = [path for path, pattern in routes(get_resolver()) if "<" not in path and not path.startswith(("^", "v1/"))]
    child, klass = short(cast.amahle.pk), cast.class_1b.pk
    places = [f"/{path}" for path in plain if "sign-" not in path]
    places += [f"/c/{child}", f"/c/{child}/concern", f"/class/{klass}", f"/alerts/named?school={cast.school.pk}"]
    Phone(cast.fieldworker).post(interview("child", cast.amahle, wave, said={"c_hurt": "no"}))
    watchers = [person(f"w.{role}", "Ms Ayanda Dube", role, cast.school, cast.class_1b if role is Role.TEACHER else None)
                for role in Role if role is not Role.SOCIAL_WORKER]  # fmt: skip

    def all_pages() -> dict[tuple[str, str], str]:
        found = {}
        for user in watchers:
            client = signed_in(user)
            for place in places:
                answer = client.get(place)
                text = without_token(body(answer)) if not answer.streaming else ""
                # The moment of printing stands in the foot of each page.
                found[user.username, place] = f"{answer.status_code} " + re.sub(
                    r"\d\d:\d\d|\d+ [A-Z][a-z]+ \d{4}", "", text
                )
        return found

    before = all_pages()
    concern = begun(signed_in(cast.teacher), cast.amahle.pk)
    signed_in(cast.teacher).post(f"/concerns/{concern.pk}", {"version": "1", "complete": "1", **SAID})
    case = cast.amahle.cases.get()
    alert = case.alerts.create(
        alert="a_hurt", pack_version=wave.pack_version, urgency="now", raised_at=timezone.now()
    )  # fmt: skip
    assert alerts.open_missing_duties() == 1
    assert AlertDuty.objects.get().alert == alert
    after = all_pages()
    assert [place for place in before if before[place] != after[place]] == []
    assert len(before) > 100
    held = str(list(Event.objects.values_list("kind", "subject", "facts")))
    for secret in (CANARY, "Zwakele", cast.amahle.pk, "Nkosi"):
        assert secret not in str([line for line in log_lines if "concern" in line or "alert" in line])
        assert secret not in str(list(Event.objects.filter(kind__startswith="concern.").values_list()))
    assert CANARY not in held
    assert not Event.objects.exclude(state="done").exists()
    # And it is there for whom it is meant.
    assert "alert waits" in body(signed_in(cast.social_worker).get("/home"))
    assert "report of concern you began" not in body(signed_in(cast.social_worker).get("/home"))
