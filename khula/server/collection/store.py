"""One delivery in; every byte of it kept, and what it says taken up, in the caller's transaction.

Plain SQL, few statements: this is the path that many small posts take at once. Anything that cannot be used is kept
all the same and put before a person (look_codes.py).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from django.db import connection

from khula.server.collection import entities
from khula.server.collection.look_codes import LOOK_CODES
from khula.server.collection.parse import Parsed, parse
from khula.server.collection.queries import as_received, child_of, memory, wave_of
from khula.server.events.actions import happened, is_owed
from khula.server.packs.models import Form
from khula.server.packs.queries import FormFacts, definition_of, form_facts, form_is_known

NEW = (
    "INSERT INTO collection_submission (xform_id, xform_version, form_id, instance_id, said_instance_id,"
    " deprecated_id, root_id, sha256, xml, device_id, device_said, received_at, state, look_code, look_note,"
    " complete, child_id, wave_id) VALUES (%s, %s, %s, %s, %s, %s, '', %s, %s, %s, %s, %s, %s, %s, '', %s, %s, %s)"
    " ON CONFLICT (xform_id, instance_id) DO NOTHING RETURNING id,"
    # Has a correction of it overtaken it? (The second condition lets SQLite find the index.)
    " EXISTS (SELECT 1 FROM collection_submission e WHERE e.deprecated_id = %s AND NOT (e.deprecated_id = ''))"
)
NEW_COPY = (
    "INSERT INTO collection_conflictcopy (xform_id, instance_id, sha256, xml, device_id, device_said, received_at,"
    " settled_at, note) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
    " ON CONFLICT (xform_id, instance_id, sha256) DO NOTHING RETURNING id"
)
NEW_BYTES = (
    "INSERT INTO collection_storedfile (sha256, size, content) VALUES (%s, %s, %s) ON CONFLICT (sha256) DO NOTHING"
)
NEW_FILE = (
    "INSERT INTO collection_submissionfile (submission_id, name, file_id, content_type, received_at, named_in_form,"
    " with_copy_id) VALUES (%s, %s, %s, %s, %s, %s, %s)"
    " ON CONFLICT DO NOTHING"
)
SAME_WORDS = "Other bytes, same words."


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    name: str
    content_type: str
    content: bytes
    sha256: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """One post, as read."""

    xml: bytes
    sha256: str
    parsed: Parsed
    device_id: int | None
    user_id: int | None
    device_said: str
    received_at: datetime
    files: tuple[ReceivedFile, ...] = ()
    incomplete: bool = False  # the sender said that more posts of this record follow


@dataclass(frozen=True, slots=True)
class Receipt:
    kind: Literal["new", "again", "conflict"]
    submission_id: int
    look_code: str = ""

    @property
    def kept_out(self) -> bool:
        return bool(self.look_code) and LOOK_CODES[self.look_code].keeps_out


@dataclass(slots=True)
class Facts:
    """What is asked once per batch: forms may be published between two batches, never within one."""

    forms: dict[tuple[str, str], FormFacts | None] = field(default_factory=dict)

    def form(self, parsed: Parsed) -> FormFacts | None:
        key = (parsed.form_id, parsed.version)
        if key not in self.forms:
            self.forms[key] = form_facts(*key) if parsed.form_id else None
        return self.forms[key]


def keep(delivery: Delivery, facts: Facts) -> Receipt:
    """Store the delivery under (form, instance id); take it up if it is new and can be used."""
    parsed = delivery.parsed
    form = facts.form(parsed)
    code = judge(parsed, form)
    with connection.cursor() as cursor:
        inserted = _insert(cursor, delivery, form, code)
        if inserted is None:
            return _already_here(cursor, delivery, form)
        submission_id, overtaken = inserted
        if delivery.files or delivery.incomplete:
            code = _keep_files(cursor, submission_id, delivery, form, code)
    if code and LOOK_CODES[code].keeps_out:
        happened(kind="submission.quarantined", subject=submission_id, facts={"code": code}, at=delivery.received_at)
        return Receipt("new", submission_id, code)
    assert form is not None
    code = take_up(submission_id, delivery, form, overtaken=overtaken, stored_as_in_case=_for_a_case(form)) or code
    return Receipt("new", submission_id, code)


def judge(parsed: Parsed, form: FormFacts | None) -> str:
    """The look code of a submission as read; "" when there is nothing to look at."""
    if parsed.problem:
        return parsed.problem
    if form is None:
        return "unknown_version" if form_is_known(parsed.form_id) else "unknown_form"
    if form.state == Form.State.CLOSED:
        return "closed_form"
    if not parsed.paths.keys() <= definition_of(form).paths:
        return "unknown_field"
    return ""


def take_up(
    submission_id: int,
    delivery: Delivery,
    form: FormFacts,
    *,
    overtaken: bool = True,
    fork_allowed: bool = False,
    stored_as_in_case: bool = False,
) -> str:
    """Let follow what follows a usable submission: its place among edits, its entities, its case.

    Returns the look code it has then, or "".
    """
    parsed, code, replaced = delivery.parsed, "", None
    if parsed.deprecated_id or overtaken:
        code, replaced = place_among_edits(submission_id, parsed, fork_allowed=fork_allowed)
    if code == "edit_fork":
        happened(kind="submission.quarantined", subject=submission_id, facts={"code": code}, at=delivery.received_at)
        return code
    if parsed.parts:
        entities.apply_parts(
            submission_id=submission_id,
            parsed=parsed,
            definition=definition_of(form),
            replaced_id=replaced,
            user_id=delivery.user_id,
            at=delivery.received_at,
        )
    return _tell(submission_id, delivery, form, stored_as_in_case=stored_as_in_case) or code


def _tell(submission_id: int, delivery: Delivery, form: FormFacts, *, stored_as_in_case: bool) -> str:
    """Record that it was received, which is what the case follows; the look code that followed, or ""."""
    before = memory.now, memory.look_code, memory.in_case  # this may take up another that waited for it
    memory.now = as_received(submission_id, delivery.parsed, form, delivery.user_id, delivery.received_at)
    memory.look_code, memory.in_case = "", False if stored_as_in_case else None
    try:
        event = happened(
            kind="submission.received", subject=submission_id, by=delivery.user_id, at=delivery.received_at
        )
        if is_owed(event):  # whatever the case has said is undone
            memory.in_case, memory.look_code = memory.in_case and False, ""
        if memory.in_case is False and not memory.look_code:
            _not_in_case_yet(submission_id)
        return memory.look_code
    finally:
        memory.now, memory.look_code, memory.in_case = before


def _for_a_case(form: FormFacts) -> bool:
    return form.informant not in ("", "register")


def _not_in_case_yet(submission_id: int) -> None:
    """What should have followed is on the work list."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE collection_submission SET state = 'received' WHERE id = %s AND state = 'in case'", [submission_id]
        )


# Keeping


def _insert(cursor: Any, delivery: Delivery, form: FormFacts | None, code: str) -> tuple[int, bool] | None:
    """Its id, and whether a correction of it is here already; None when the instance id is taken."""
    parsed = delivery.parsed
    if code and LOOK_CODES[code].keeps_out:
        state = "quarantined"
    else:
        state = "in case" if form and _for_a_case(form) else "received"
    missing = form is not None and any(_files_named(parsed, form))
    cursor.execute(
        NEW,
        [
            parsed.form_id, parsed.version, form.id if form else None, parsed.instance_id, parsed.said_instance_id,
            parsed.deprecated_id, delivery.sha256, delivery.xml, delivery.device_id, delivery.device_said,
            moment(delivery.received_at), state, code, not missing,
            child_of(parsed), wave_of(parsed), parsed.instance_id,
        ],
    )  # fmt: skip
    row = cursor.fetchone()
    return (row[0], bool(row[1])) if row else None


def _already_here(cursor: Any, delivery: Delivery, form: FormFacts | None) -> Receipt:
    parsed = delivery.parsed
    # Held: of files that come at the same moment, each must see the others.
    lock = " FOR UPDATE" if delivery.files and connection.vendor == "postgresql" else ""
    cursor.execute(
        "SELECT id, sha256, look_code, look_settled_at IS NOT NULL FROM collection_submission"  # noqa: S608 – only the lock
        f" WHERE xform_id = %s AND instance_id = %s{lock}",
        [parsed.form_id, parsed.instance_id],
    )
    submission_id, sha256, code, settled = cursor.fetchone()
    same_words = sha256 != delivery.sha256 and _same_words(cursor, submission_id, parsed)
    if delivery.files and (same_words or sha256 == delivery.sha256):
        _keep_files(cursor, submission_id, delivery, form, code, settled=bool(settled))
    if sha256 == delivery.sha256:
        return Receipt("again", submission_id, code)
    return _keep_copy(cursor, submission_id, delivery, same_words=same_words)


def _same_words(cursor: Any, submission_id: int, parsed: Parsed) -> bool:
    cursor.execute("SELECT xml FROM collection_submission WHERE id = %s", [submission_id])
    return _words(parse(bytes(cursor.fetchone()[0]))) == _words(parsed)


def _keep_copy(cursor: Any, submission_id: int, delivery: Delivery, *, same_words: bool) -> Receipt:
    """Different content under an id that is taken. Nothing is lost and nothing is overwritten."""
    parsed, now = delivery.parsed, moment(delivery.received_at)
    cursor.execute(
        NEW_COPY,
        [
            parsed.form_id, parsed.instance_id, delivery.sha256, delivery.xml, delivery.device_id,
            delivery.device_said, now, now if same_words else None, SAME_WORDS if same_words else "",
        ],
    )  # fmt: skip
    row = cursor.fetchone()
    copy_id = row[0] if row else _copy_id(cursor, delivery)
    for file in () if same_words else delivery.files:
        _keep_file(cursor, submission_id, file, now, named=False, copy_id=copy_id)
    if row:
        kind = "submission.repeated" if same_words else "submission.conflict"
        happened(kind=kind, subject=submission_id, facts={"copy": copy_id}, at=delivery.received_at)
    return Receipt("again" if same_words else "conflict", submission_id)


def _words(parsed: Parsed) -> tuple[object, ...]:
    return parsed.version, parsed.root_name, parsed.paths, parsed.again, parsed.parts


def _copy_id(cursor: Any, delivery: Delivery) -> int:
    cursor.execute(
        "SELECT id FROM collection_conflictcopy WHERE xform_id = %s AND instance_id = %s AND sha256 = %s",
        [delivery.parsed.form_id, delivery.parsed.instance_id, delivery.sha256],
    )
    return int(cursor.fetchone()[0])


# Files


def _files_named(parsed: Parsed, form: FormFacts) -> Iterable[str]:
    """Names of the files that the answers speak of."""
    files, paths = definition_of(form).files, parsed.paths
    if not files:
        return []
    said = [paths[path] for path in files if path in paths]
    said += [text for path, text in parsed.again if path in files]
    return [safe_name(name) for name in said if name.strip()]


def has_all_files(submission_id: int, delivery: Delivery, form: FormFacts) -> bool:
    """Is every file here that the answers speak of?"""
    expected = set(_files_named(delivery.parsed, form))
    if not expected:
        return True
    with connection.cursor() as cursor:
        return expected <= _own_files(cursor, submission_id).keys()


def _own_files(cursor: Any, submission_id: int) -> dict[str, set[str]]:
    """Name -> hashes of what came under it with the record itself, not with a conflict copy of it."""
    cursor.execute(
        "SELECT name, file_id FROM collection_submissionfile WHERE submission_id = %s AND with_copy_id IS NULL",
        [submission_id],
    )
    here: dict[str, set[str]] = {}
    for name, sha256 in cursor.fetchall():
        here.setdefault(name, set()).add(sha256)
    return here


def _keep_files(
    cursor: Any, submission_id: int, delivery: Delivery, form: FormFacts | None, code: str, *, settled: bool = False
) -> str:
    """Keep every file that came; returns the look code the submission now has.

    What a person has settled is opened again by a file that this person cannot have seen.
    """
    expected = set(_files_named(delivery.parsed, form)) if form else None
    here = _own_files(cursor, submission_id)
    now, found = moment(delivery.received_at), ""
    for file in delivery.files:
        named, known = expected is None or file.name in expected, here.setdefault(file.name, set())
        if known and file.sha256 not in known:
            found = "changed_file"
        elif not known and not named:
            found = found or "unknown_file"
        _keep_file(cursor, submission_id, file, now, named=named, copy_id=None)
        known.add(file.sha256)
    complete = not delivery.incomplete if expected is None else expected <= here.keys()
    cursor.execute("UPDATE collection_submission SET complete = %s WHERE id = %s", [complete, submission_id])
    return _look_at_file(cursor, submission_id, code, found, settled=settled)


def _look_at_file(cursor: Any, submission_id: int, code: str, found: str, *, settled: bool) -> str:
    """The look code it has then. One that waits for a person, or that keeps the record out, stays."""
    if not found or (code and not settled):
        return code
    code = code if code and LOOK_CODES[code].keeps_out else found
    cursor.execute(
        "UPDATE collection_submission SET look_code = %s, look_settled_at = NULL WHERE id = %s", [code, submission_id]
    )
    if settled:
        happened(kind="look.opened_again", subject=submission_id, facts={"code": found})
    return code


def _keep_file(
    cursor: Any, submission_id: int, file: ReceivedFile, now: object, *, named: bool, copy_id: int | None
) -> None:
    cursor.execute(NEW_BYTES, [file.sha256, len(file.content), file.content])
    cursor.execute(NEW_FILE, [submission_id, file.name, file.sha256, file.content_type[:100], now, named, copy_id])


def safe_name(name: str) -> str:
    """The last part of the name, without what a file system or a database would stumble over."""
    last = re.split(r"[/\\]", name)[-1]
    last = "".join(letter for letter in last if letter.isprintable()).strip().strip(".") or "file"
    if len(last) > 255:
        stem, dot, ending = last.rpartition(".")
        last = f"{stem[: 254 - len(ending)]}.{ending}" if dot and len(ending) <= 10 else last[:255]
    return last


# Edits


def place_among_edits(submission_id: int, parsed: Parsed, *, fork_allowed: bool = False) -> tuple[str, int | None]:
    """(look code, id of the submission this one takes the place of)."""
    replaced, code, root_id = None, "", parsed.instance_id
    with connection.cursor() as cursor:
        if parsed.deprecated_id:
            code, replaced, root_id = _take_the_place_of_the_earlier(
                cursor, submission_id, parsed, fork_allowed=fork_allowed
            )
            if code == "edit_fork":
                _look(cursor, submission_id, code, state="quarantined")
                return code, None
            if code:
                _look(cursor, submission_id, code)
        _stand_behind_edits_that_came_first(cursor, submission_id, parsed, root_id)
    return code, replaced


def _take_the_place_of_the_earlier(
    cursor: Any, submission_id: int, parsed: Parsed, *, fork_allowed: bool
) -> tuple[str, int | None, str]:
    """(look code, id of the earlier one, first instance id of the chain)."""
    # Held: another process may be storing another correction of it, and only one may take its place.
    lock = " FOR UPDATE" if connection.vendor == "postgresql" else ""
    cursor.execute(
        "SELECT id, state, root_id FROM collection_submission"  # noqa: S608 – only the lock
        f" WHERE xform_id = %s AND instance_id = %s AND id <> %s{lock}",
        [parsed.form_id, parsed.deprecated_id, submission_id],
    )
    row = cursor.fetchone()
    if row is None:
        return "edit_of_unknown", None, parsed.deprecated_id
    earlier, state, root_id = row
    if state == "replaced" and not fork_allowed:
        return "edit_fork", None, ""
    root_id = root_id or parsed.deprecated_id
    cursor.execute(
        "UPDATE collection_submission SET state = 'replaced', root_id = %s WHERE id = %s", [root_id, earlier]
    )
    if state == "replaced":  # a person lets the second of two corrections count: the first steps back
        cursor.execute(
            "UPDATE collection_submission SET state = 'replaced' WHERE root_id = %s AND NOT (root_id = '')"
            " AND xform_id = %s AND state IN ('received', 'in case')",
            [root_id, parsed.form_id],
        )
        cursor.execute("UPDATE collection_submission SET state = 'received' WHERE id = %s", [submission_id])
    cursor.execute("UPDATE collection_submission SET root_id = %s WHERE id = %s", [root_id, submission_id])
    return "", earlier, root_id


def _stand_behind_edits_that_came_first(cursor: Any, submission_id: int, parsed: Parsed, root_id: str) -> None:
    """A correction may overtake the record it corrects."""
    cursor.execute(
        "SELECT id, look_code, root_id FROM collection_submission"
        " WHERE deprecated_id = %s AND NOT (deprecated_id = '') AND xform_id = %s AND state <> 'quarantined'",
        [parsed.instance_id, parsed.form_id],
    )
    rows = cursor.fetchall()
    if not rows:
        return
    cursor.execute(
        "UPDATE collection_submission SET state = 'replaced', root_id = %s WHERE id = %s", [root_id, submission_id]
    )
    for edit, code, its_root in rows:
        if its_root not in ("", root_id):  # corrections of this correction came first, too
            cursor.execute(
                "UPDATE collection_submission SET root_id = %s"
                " WHERE root_id = %s AND NOT (root_id = '') AND xform_id = %s",
                [root_id, its_root, parsed.form_id],
            )
        kept = "" if code == "edit_of_unknown" else code
        cursor.execute(
            "UPDATE collection_submission SET root_id = %s, look_code = %s WHERE id = %s", [root_id, kept, edit]
        )


def _look(cursor: Any, submission_id: int, code: str, *, state: str = "") -> None:
    if state:
        cursor.execute(
            "UPDATE collection_submission SET look_code = %s, state = %s WHERE id = %s", [code, state, submission_id]
        )
    else:
        cursor.execute("UPDATE collection_submission SET look_code = %s WHERE id = %s", [code, submission_id])


def moment(at: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(at)
