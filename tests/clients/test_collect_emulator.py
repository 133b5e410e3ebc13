"""The emulator of ODK Collect keeps Collect's own rules: what it splits, what it refuses, what it keeps."""

import base64
import json
import zlib

import pytest

from tests.clients.collect import Collect, CollectRefuses, EntityStore, multipart, split

LIST = "name,label,__version,grade,__owner\n{rows}"


def test_a_post_ends_after_101_files() -> None:
    batches = list(split(b"<data/>", {f"{number}.jpg": b"x" for number in range(205)}, limit=10_000_000))
    assert [(len(files), last) for files, last in batches] == [(101, False), (101, False), (3, True)]


def test_a_post_ends_before_the_limit_would_be_passed() -> None:
    files = {"a.jpg": b"x" * 60, "b.jpg": b"x" * 60, "c.jpg": b"x" * 10}
    assert [(list(each), last) for each, last in split(b"<data/>", files, limit=100)] == [
        (["a.jpg"], False),
        (["b.jpg", "c.jpg"], True),
    ]


def test_a_form_without_files_is_one_post() -> None:
    assert list(split(b"<data/>", {}, limit=10)) == [({}, True)]


def test_the_submission_stands_first_and_incomplete_is_a_plain_part() -> None:
    body, _ = multipart(b"<data/>", {"a.jpg": b"x"}, incomplete=True, boundary="b")
    names = [line.split(b'name="')[1].split(b'"')[0] for line in body.split(b"\r\n") if b"form-data" in line]
    assert names == [b"xml_submission_file", b"a.jpg", b"*isIncomplete*"]


def test_a_settings_code_without_admin_is_refused() -> None:
    code = base64.b64encode(zlib.compress(json.dumps({"general": {"server_url": "http://h/x"}}).encode())).decode()
    with pytest.raises(CollectRefuses):
        Collect.from_qr(code)


@pytest.mark.parametrize("row", ["a,Lerato,,1,", "a,,1,1,", ",Lerato,1,1,", "a,Lerato,x,1,"])
def test_one_bad_row_and_the_whole_list_is_ignored(row: str) -> None:
    with pytest.raises(CollectRefuses):
        EntityStore().update_from_server(LIST.format(rows=f"b,Sipho,1,2,\n{row}\n"))


def test_a_row_gone_from_the_server_goes_unless_it_was_made_here() -> None:
    store = EntityStore()
    store.update_from_server(LIST.format(rows="a,Lerato,1,1,\nb,Sipho,1,2,\n"))
    form = (
        b'<model xmlns="http://www.w3.org/2002/xforms" xmlns:e="http://www.opendatakit.org/xforms/entities">'
        b'<bind nodeset="/data/r_grade" e:saveto="grade"/></model>'
    )
    made = (
        b'<data id="f"><r_grade>3</r_grade><meta><entity dataset="learners" create="1" '
        b'id="6f2c1a3e-3c0f-4a57-9d5e-0d2a0b8e2f11"><label>Anele Dube</label></entity></meta></data>'
    )
    here = store.learn_from(form, made)
    assert store.rows[here or ""]["grade"] == "3"
    assert store.update_from_server(LIST.format(rows="a,Lerato,2,1,\n")) == [here]
    assert set(store.rows) == {"a", here}
    store.drop({here or ""})
    assert set(store.rows) == {"a"}


def test_other_columns_with_two_underscores_are_dropped() -> None:
    store = EntityStore()
    store.update_from_server(LIST.format(rows="a,Lerato,1,1,Mr Mokoena\n"))
    assert store.as_csv().decode().splitlines() == [
        "name,label,__version,grade,__trunkVersion,__branchId",
        f"a,Lerato,1,1,1,{store.rows['a']['__branchId']}",
    ]


def test_changes_on_the_device_are_one_branch_until_the_server_has_caught_up() -> None:
    store = EntityStore()
    store.update_from_server(LIST.format(rows="a,Lerato,4,1,\n"))
    branch = store.rows["a"]["__branchId"]
    form = (
        b'<model xmlns="http://www.w3.org/2002/xforms" xmlns:e="http://www.opendatakit.org/xforms/entities">'
        b'<bind nodeset="/data/grade" e:saveto="grade"/><bind nodeset="/data/language" e:saveto="language"/></model>'
    )
    for grade in (b"2", b"3"):
        said = b'<data><grade>%s</grade><meta><entity update="1" id="a"/></meta></data>' % grade
        assert store.learn_from(form, said) == "a"
    assert told(store, "a") == ("3", "6", "4", branch)
    assert "language" not in store.rows["a"], "what was not asked is not changed"
    store.update_from_server(LIST.format(rows="a,Lerato,5,R,\n"))
    assert told(store, "a") == ("3", "6", "4", branch), "the server does not know all of it yet"
    store.update_from_server(LIST.format(rows="a,Lerato,6,3,\n"))
    assert told(store, "a")[:3] == ("3", "6", "6")
    assert store.rows["a"]["__branchId"] != branch


def told(store: EntityStore, id_: str) -> tuple[str, ...]:
    return tuple(store.rows[id_][name] for name in ("grade", "__version", "__trunkVersion", "__branchId"))
