"""The class board: who first, what is unknown is never good news, no class but one's own, small and in few statements."""

import re
from html.parser import HTMLParser

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from khula.server.cases.models import Case
from khula.server.dashboard.status import HIGH, LOW, MEDIUM, UNKNOWN
from khula.server.people.roles import Role
from khula.server.schools.models import Child
from tests.server import page_data
from tests.server.page_data import Place

MOST_BYTES = 10 * 1024


class Table(HTMLParser):
    """The rows of the board as they read: the name, then the words of each cell."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.inside = False
        self.feed(page[page.index("<tbody>") : page.index("</table>")])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag in ("th", "td"):
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data.strip()


def signed_in(client: Client, role: Role, place: Place, **more: object) -> Client:
    klass = place.school_class if role is Role.TEACHER else None
    client.force_login(page_data.person(role, school=place.school, school_class=klass, **more))
    return client


def page_of(client: Client, place: Place, query: str = "") -> str:
    response = client.get(f"/class/{place.school_class.pk}{query}")
    assert response.status_code == 200
    return response.content.decode()


def rows_of(page: str) -> list[list[str]]:
    return Table(page).rows


def test_the_children_who_need_somebody_most_stand_first(client: Client) -> None:
    place = page_data.school_with_class(40)
    rows = rows_of(page_of(signed_in(client, Role.TEACHER, place), place))
    assert len(rows) == 40
    order = [(sum("Act now" in cell for cell in row), sum("Watch" in cell for cell in row)) for row in rows]
    assert order == sorted(order, reverse=True)
    assert order[0][0] > 1


def test_every_level_is_said_by_a_symbol_and_a_word(client: Client) -> None:
    place = page_data.school_with_class(40)
    cells = {cell.removesuffix(" ≠") for row in rows_of(page_of(signed_in(client, Role.NURSE, place), place))
             for cell in row[1:7]}  # fmt: skip
    assert cells == {f"{status.symbol} {status.words}" for status in (HIGH, MEDIUM, LOW, UNKNOWN)}


def test_a_child_nobody_has_spoken_of_is_not_yet_known_in_every_domain(client: Client) -> None:
    place = page_data.school_with_class(1)
    Child.objects.create(
        id="3f0e5a44-9d3c-4c57-8a11-000000000001", school=place.school, school_class=place.school_class,
        given_names="Amahle", family_name="Zulu",
    )  # fmt: skip
    page = page_of(signed_in(client, Role.TEACHER, place), place)
    row = next(row for row in rows_of(page) if row[0] == "Amahle Zulu")
    assert row[1:7] == ["– Not yet known"] * 6
    assert row[7] == "0/4"
    assert "href=/c/Pw5aRJ08TFeKEQAAAAAAAQ>" in page


@pytest.mark.parametrize("level", ["", "unheard of", "not enough information"])
def test_a_level_nobody_knows_is_never_shown_as_ok(client: Client, level: str) -> None:
    place = page_data.school_with_class(1)
    Case.objects.update(levels=f'{{"health": "{level}"}}')
    page = page_of(signed_in(client, Role.TEACHER, place), place)
    assert rows_of(page)[0][1] == "– Not yet known"
    assert "<td class=u>– Not yet known" in page


def test_a_cell_that_says_act_now_leads_to_the_domain_on_the_childs_page(client: Client) -> None:
    place = page_data.school_with_class(40)
    signed_in(client, Role.NURSE, place)
    page = page_of(client, place)
    links = re.findall(r"<td class=a><a href=([^>#]+)#(\w+)>", page)
    assert len(links) == sum("Act now" in cell for row in rows_of(page) for cell in row)
    for address, anchor in links[:3]:
        child = client.get(address).content.decode()
        assert f"id={anchor} " in child
        assert "What to do next" in child


def test_act_now_only_leaves_the_others_out(client: Client) -> None:
    place = page_data.school_with_class(40)
    signed_in(client, Role.TEACHER, place)
    rows = rows_of(page_of(client, place, "?only=act"))
    assert 0 < len(rows) < 40
    assert all(any("Act now" in cell for cell in row) for row in rows)


def test_it_can_be_sorted_by_name_by_voices_and_by_each_domain(client: Client) -> None:
    place = page_data.school_with_class(40)
    signed_in(client, Role.TEACHER, place)
    by_name = [row[0] for row in rows_of(page_of(client, place, "?sort=name"))]
    families = {child.pk: child for child in place.children}
    assert by_name == [str(c) for c in sorted(families.values(), key=lambda c: (c.family_name, str(c), c.pk))]
    voices = [row[7] for row in rows_of(page_of(client, place, "?sort=voices"))]
    assert voices == sorted(voices)
    food = [row[2].split()[0] for row in rows_of(page_of(client, place, "?sort=nutrition"))]
    assert food == sorted(food, key="■▲●–".index)
    assert len(rows_of(page_of(client, place, "?sort=<script>&only=1&wave=99"))) == 40


def test_the_wave_before_can_be_seen_and_the_change_since_then(client: Client) -> None:
    place = page_data.school_with_class(1)
    levels = '{{"health": "{}", "nutrition": "{}", "education": "{}"}}'
    Case.objects.filter(wave=place.waves[0]).update(levels=levels.format("low", "high", "not enough information"))
    Case.objects.filter(wave=place.waves[1]).update(levels=levels.format("high", "high", "high"))
    signed_in(client, Role.TEACHER, place)
    now = page_of(client, place)
    assert rows_of(now)[0][8] == "worse"
    assert "Since wave 1" in now
    before = page_of(client, place, "?wave=1")
    assert rows_of(before)[0][1] == "● OK"
    assert "Since wave" not in before
    Case.objects.filter(wave=place.waves[1]).update(levels=levels.format("high", "low", "low"))
    assert rows_of(page_of(client, place))[0][8] == "mixed"
    Case.objects.filter(wave=place.waves[1]).update(levels=levels.format("low", "medium", "low"))
    assert rows_of(page_of(client, place))[0][8] == "better"
    Case.objects.filter(wave=place.waves[1]).update(levels=levels.format("low", "high", "high"))
    assert rows_of(page_of(client, place))[0][8] == "same"


def test_where_the_voices_differ_the_cell_is_marked(client: Client) -> None:
    place = page_data.school_with_class(1)
    Case.objects.update(levels='{"health": "high", "education": "low"}', differ='["health"]')
    page = page_of(signed_in(client, Role.TEACHER, place), place)
    assert rows_of(page)[0][1] == "■ Act now ≠"
    assert rows_of(page)[0][5] == "● OK"
    assert "≠ means the voices differ." in page


def test_another_teachers_class_reads_like_one_that_does_not_exist(client: Client) -> None:
    place = page_data.school_with_class(3)
    other = page_data.school_with_class(3, name="Vukani Primary School", emis="700400002")
    signed_in(client, Role.TEACHER, place)
    theirs, none = client.get(f"/class/{other.school_class.pk}"), client.get("/class/999999")
    assert theirs.status_code == none.status_code == 404
    assert without_token(theirs.content) == without_token(none.content)


def without_token(page: bytes) -> bytes:
    return re.sub(rb'value="\w{64}"', b"", page)


@pytest.mark.parametrize("role", [Role.DISTRICT, Role.RESEARCHER, Role.FIELDWORKER, Role.ADMINISTRATOR])
def test_who_is_not_of_the_team_does_not_see_the_board(client: Client, role: Role) -> None:
    place = page_data.school_with_class(3)
    response = signed_in(client, role, place).get(f"/class/{place.school_class.pk}")
    assert response.status_code == 403
    assert not any(str(child) in response.content.decode() for child in place.children)


def test_forty_children_fit_in_ten_kilobytes_in_both_languages() -> None:
    place = page_data.school_with_class(40)
    for language in ("en", "fr"):
        page = page_of(signed_in(Client(), Role.TEACHER, place, language=language), place)
        assert page.count("<tr>") == 41
        assert len(page.encode()) <= MOST_BYTES, f"{language}: {len(page.encode())} bytes"


def test_the_number_of_statements_does_not_grow_with_the_class(client: Client) -> None:
    few = page_data.school_with_class(2)
    many = page_data.school_with_class(40, name="Vukani Primary School", emis="700400002")
    counted = []
    for place in (few, many):
        signed_in(client, Role.TEACHER, place)
        page_of(client, place)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            page_of(client, place)
        counted.append([query["sql"] for query in queries])
    assert len(counted[0]) == len(counted[1]) <= 6, counted[1]


def test_it_is_kept_by_no_browser_and_runs_no_script(client: Client) -> None:
    place = page_data.school_with_class(1)
    response = signed_in(client, Role.TEACHER, place).get(f"/class/{place.school_class.pk}")
    assert response["Cache-Control"] == "no-store"
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    page = response.content.decode()
    assert "<script" not in page
    assert "style=" not in page
    assert response["X-Frame-Options"] == "DENY"
    assert response["Referrer-Policy"] == "same-origin"


def test_a_name_is_shown_as_text_whatever_it_holds(client: Client) -> None:
    place = page_data.school_with_class(1)
    Child.objects.update(given_names="<b onload=x>", family_name='O\'Brien & "Co"')
    page = page_of(signed_in(client, Role.TEACHER, place), place)
    assert "<b onload" not in page
    assert rows_of(page)[0][0] == '<b onload=x> O\'Brien & "Co"'
