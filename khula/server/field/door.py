"""The field app's own way through the door: a knock at /v1/key/<token>/field/… in, JSON out, also when it is refused.

Who knocks, what is read of a body and what stands in the log is the door's; here stand only the places.
"""

import gzip
import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from khula.server.collection import door
from khula.server.collection.actions import bind_to_tablet, seen
from khula.server.collection.door import Answer, Knock, Manner, Routes
from khula.server.collection.post import Refused, read_body, said_length
from khula.server.collection.writer import NotStored
from khula.server.field import actions, queries
from khula.server.field.carry_codes import told
from khula.server.field.keys import NotAKey
from khula.server.field.reading import report_in, sign_key_in
from khula.server.field.sealed import Wrong
from khula.server.field.sentences import say
from khula.server.field.taking_in import take_in
from khula.server.people.declared import DEVICE_TOKEN, declares

JSON = "application/json"
LARGEST_SAID = 8_000  # bytes of what a tablet says of itself
MOST_RECEIPTS = 500
WORTH_PACKING = 1_000  # bytes
#: Names and levels are for the tablet's own store only, not for the browser's cache on its disk.
UNKEPT = (("Cache-Control", "no-store"),)
_FIELD = re.compile(rf"{re.escape(door.PREFIX)}[^/]*/field(/|$)")


def is_for(path: str) -> bool:
    return _FIELD.match(path) is not None


# What can be asked for


def _hello(knock: Knock) -> Answer:
    seen(knock.sender)
    share = actions.share_for(device_id=knock.sender.device_id, token=knock.token)
    said = queries.hello(user_id=knock.sender.user_id, share=share)
    if not knock.unlocked:
        said = {name: value for name, value in said.items() if name not in ("person", "school")}
    return _json(knock, said)


def _plans(knock: Knock) -> Answer:
    return _unless_had(knock, msgspec.json.encode(queries.plans(knock.sender.user_id)))


def _plan(knock: Knock, form_pk: str) -> Answer:
    plan = queries.plan_of(int(form_pk))
    if plan is None:
        raise Refused(404, "form_gone")
    return _unless_had(knock, plan[0])


def _meaning(knock: Knock) -> Answer:
    plan = queries.meaning(knock.sender.user_id)
    if plan is None:
        raise Refused(404, "no_meaning")
    return _unless_had(knock, plan)


def _today(knock: Knock) -> Answer:
    """Not sent again on the same day while nothing has changed."""
    seen(knock.sender)
    said = queries.today(knock.sender.user_id)
    tag = _hash(msgspec.json.encode(said | {"as_of": str(said["as_of"])[:10]}))
    headers = (("ETag", f'"{tag}"'), *UNKEPT)
    if door.has_already(knock, tag):
        return Answer(304, headers=headers)
    return _packed(knock, msgspec.json.encode(said), headers)


def _receipts(knock: Knock) -> Answer:
    asked = door.query_of(knock).get("id", [])
    if len(asked) > MOST_RECEIPTS:
        raise Refused(400, "not_as_agreed")
    return _json(knock, queries.receipts(knock.sender.user_id, asked))


# What can be handed in


def _keys(knock: Knock) -> Answer:
    """The tablet that comes first with a proof is the one; from then on it shows it with every knock."""
    jwk, proof = sign_key_in(read_body(knock.environ, LARGEST_SAID))
    try:
        actions.register_sign_key(device_id=knock.sender.device_id, jwk=jwk, by=knock.sender.user_id)
    except NotAKey:
        raise Refused(400, "not_a_key") from None
    except actions.TooManyKeys:
        raise Refused(409, "too_many_keys") from None
    device, user = knock.sender.device_id, knock.sender.user_id
    if proof and not bind_to_tablet(device_id=device, proof=proof, by=user):
        raise Refused(403, "another_tablet")
    return Answer(204, headers=UNKEPT)


def _status(knock: Knock) -> Answer:
    report = report_in(read_body(knock.environ, LARGEST_SAID))
    seen(knock.sender)
    actions.note_report(device_id=knock.sender.device_id, report=report)
    return Answer(204, headers=UNKEPT)


def _sealed(knock: Knock) -> Answer:
    """Receipts only of the asker's own records, to an unlocked tablet; else it is enough that envelopes are here."""
    large = said_length(knock.environ) > door.LARGE
    if large and not door.large_posts.acquire(timeout=door.WAIT_FOR_ROOM):
        raise NotStored
    try:
        outcome = take_in(file=read_body(knock.environ, settings.SUBMISSION_LIMIT), by=knock.sender.user_id)
    except Wrong:
        raise Refused(400, "not_sealed") from None
    finally:
        if large:
            door.large_posts.release()
    seen(knock.sender)
    ids = [record.instance_id for record in outcome.records]
    problems = [
        {
            "envelope": problem.envelope,
            "place": problem.place,
            "code": problem.code,
            "message": told(problem.code, knock.sender.language, problem.place),
        }
        for problem in outcome.problems
    ]
    receipts = queries.receipts(knock.sender.user_id, ids) if knock.unlocked else {}
    return _json(knock, {"receipts": receipts, "envelopes": outcome.envelopes, "problems": problems})


ROUTES: Routes = (
    (re.compile("field/hello"), {"GET": _hello}),
    (re.compile("field/plans"), {"GET": _plans}),
    (re.compile(r"field/plans/(\d{1,12})\.json"), {"GET": _plan}),
    (re.compile("field/meaning"), {"GET": _meaning}),
    (re.compile("field/today"), {"GET": _today}),
    (re.compile("field/receipts"), {"GET": _receipts}),
    (re.compile("field/keys"), {"POST": _keys}),
    (re.compile("field/status"), {"POST": _status}),
    (re.compile("field/sealed"), {"POST": _sealed}),
)


# The envelope


def _json(knock: Knock, value: object) -> Answer:
    return _packed(knock, msgspec.json.encode(value), UNKEPT)


def _unless_had(knock: Knock, content: bytes) -> Answer:
    """What holds nobody's name may stay in the browser's cache, and is asked about again each time."""
    md5 = _hash(content)
    if door.has_already(knock, md5):
        return Answer(304, headers=door.validators(md5))
    return _packed(knock, content, door.validators(md5))


def _hash(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _packed(knock: Knock, content: bytes, headers: Sequence[tuple[str, str]]) -> Answer:
    headers = (*headers, ("Vary", "Accept-Encoding"))
    if len(content) >= WORTH_PACKING and "gzip" in str(knock.environ.get("HTTP_ACCEPT_ENCODING", "")):
        return Answer(200, gzip.compress(content, 6, mtime=0), JSON, (*headers, ("Content-Encoding", "gzip")))
    return Answer(200, content, JSON, headers)


def _refuse(status: int, code: str, language: str) -> Answer:
    """Of a device shut out, the browser forgets what it has cached; the sealed outbox in its store stays."""
    told = {"problem": code, "say": say(code, language, limit=settings.SUBMISSION_LIMIT // 1_000_000)}
    clear = (("Clear-Site-Data", '"cache"'),) if code in ("unknown_device", "revoked_device") else ()
    return Answer(status, msgspec.json.encode(told), JSON, (*UNKEPT, *clear))


MANNER = Manner(ROUTES, _refuse, locked=re.compile("field/hello"), only_gives=re.compile("field/sealed"))


def application(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    """The way of a served installation."""
    return door.application(environ, start_response, MANNER)


@declares(DEVICE_TOKEN)
def view(request: HttpRequest) -> HttpResponse:
    """The way of Django's own test client."""
    return door.view(request, MANNER)


view.csrf_exempt = True  # type: ignore[attr-defined]  # a device has no session to protect
