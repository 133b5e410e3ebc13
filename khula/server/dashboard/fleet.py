"""The devices a reader may see, and how the outbox of each stands, in words and symbols; one row each, out.

A coordinator sees the devices of whoever works at her schools. She makes devices only for people who work nowhere
else: a device shows what its carrier may see.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from khula.server.collection.models import Device
from khula.server.consent.access import Reader, reach
from khula.server.dashboard.status import HIGH, LOW, MEDIUM, UNKNOWN, Status
from khula.server.people.models import User
from khula.server.schools.models import Post

#: A clock so far off puts talks on the wrong day, or lets the wrong one of two count.
CLOCK_OFF = timedelta(minutes=5)
SILENT = timedelta(days=5)  # of the seven that a tablet's store can be opened without meeting the server
LOW_SPACE = 200_000_000  # bytes

#: What a tablet says went wrong last (field/src/sync/sync.js), in words.
PROBLEMS: dict[str, str | Promise] = {
    "offline": gettext_lazy("no network"),
    "timeout": gettext_lazy("the network was too slow"),
    "portal": gettext_lazy("a sign-in page of the network stood in between"),
    "server": gettext_lazy("the server had a problem"),
    "refused": gettext_lazy("the server did not take the record"),
    "strange": gettext_lazy("the server’s answer could not be read"),
    "unconfirmed": gettext_lazy("sent, but not confirmed"),
    "full": gettext_lazy("the tablet is full"),
    "store": gettext_lazy("the tablet could not store"),
    "share": gettext_lazy("the tablet must be set up anew"),
    "locked": gettext_lazy("the tablet is locked"),
}


@dataclass(frozen=True)
class Note:
    """One thing about a tablet: symbol and words, the colour only helps."""

    status: Status | None
    words: str


@dataclass(frozen=True)
class ShownDevice:
    id: int
    label: str
    carrier: str
    last_seen_at: datetime | None
    revoked_at: datetime | None
    outbox: Note
    oldest: datetime | None  # when the oldest record that waits was made
    why: str  # what went wrong last
    notes: list[Note]
    program: str  # version and browser


@dataclass(frozen=True)
class Fleet:
    devices: list[ShownDevice]
    in_use: int  # tablets with the field app that are let in
    all_sent: int
    stuck: int  # records
    stuck_on: int  # tablets

    @property
    def sentence(self) -> str:
        count = {"sent": self.all_sent, "tablets": self.in_use}
        return _("Tablets that have sent everything: %(sent)s of %(tablets)s") % count


def fleet(reader: Reader) -> Fleet:
    """Those in use first, and of them those that need somebody."""
    now = timezone.now()
    rows = list(_devices(reader).select_related("user", "field"))
    used = [row for row in rows if row.revoked_at is None and _report(row) is not None]
    stuck = [row.field for row in used if row.field.stuck]
    shown = [_shown(row, now) for row in sorted(rows, key=_urgency)]
    return Fleet(
        devices=shown,
        in_use=len(used),
        all_sent=sum(row.field.waiting == 0 for row in used),
        stuck=sum(field.stuck for field in stuck),
        stuck_on=len(stuck),
    )


@dataclass(frozen=True)
class StuckLine:
    records: int
    tablets: int
    oldest: datetime | None


def stuck_line(reader: Reader) -> StuckLine | None:
    """What a coordinator is told on the first page: finished records that cannot leave their tablets."""
    stuck = _devices(reader).filter(revoked_at=None, field__stuck__gt=0)
    rows = list(stuck.values_list("field__stuck", "field__oldest"))
    if not rows:
        return None
    days = [oldest for _stuck, oldest in rows if oldest is not None]
    return StuckLine(sum(count for count, _oldest in rows), len(rows), min(days, default=None))


def may_carry(reader: Reader, on: date) -> list[tuple[int, str]]:
    """For whom this reader may make a device: active people with a post, all of whose posts are within reach."""
    people = User.objects.filter(is_active=True, pk__in=_posts(on).values("user_id"))
    far = reach(reader, "make device")
    if not far.everywhere:
        beyond = _posts(on).filter(Q(school=None) | ~Q(school__in=far.schools))
        people = people.exclude(pk__in=beyond.values("user_id"))
    return list(people.order_by("full_name", "id").values_list("id", "full_name"))


def may_revoke(reader: Reader, device_id: int) -> bool:
    """A lost tablet is shut out at once, whoever of its carrier's coordinators hears of it first."""
    return _devices(reader, "revoke device").filter(pk=device_id).exists()


def _devices(reader: Reader, action: str = "see devices") -> QuerySet[Device]:
    rows = Device.objects.order_by(F("revoked_at").asc(nulls_first=True), "label", "id")
    far = reach(reader, action)
    if far.everywhere:
        return rows
    here = _posts(timezone.localdate()).filter(school__in=far.schools)
    return rows.filter(user__in=here.values("user_id"))


def _posts(on: date) -> QuerySet[Post]:
    return Post.objects.filter(Q(until=None) | Q(until__gt=on))


def _report(row: Device) -> object | None:
    """What the field app on it has said; None for a device that has only ever used ODK Collect."""
    field = getattr(row, "field", None)
    return field if field is not None and field.reported_at is not None else None


def _urgency(row: Device) -> tuple[bool, bool, bool]:
    field = _report(row)
    return row.revoked_at is not None, not (field and field.stuck), not (field and field.waiting)


def _shown(row: Device, now: datetime) -> ShownDevice:
    field = _report(row)
    return ShownDevice(
        id=row.pk,
        label=row.label,
        carrier=row.user.full_name,
        last_seen_at=_latest(row.last_seen_at, field.reported_at if field else None),
        revoked_at=row.revoked_at,
        outbox=_outbox(field),
        why=str(PROBLEMS.get(field.problem, "")) if field and field.waiting else "",
        oldest=field.oldest if field and field.waiting else None,
        notes=list(_notes(row, field, now)) if field else [],
        program=_program(field.version, field.browser) if field else "",
    )


#: A browser calls itself by many names; the first that fits here is its own.
_BROWSERS = (("Edg", "Edge"), ("SamsungBrowser", "Samsung"), ("Firefox", "Firefox"), ("Chrome", "Chrome"),
             ("Version", "Safari"))  # fmt: skip


def _program(version: str, browser: str) -> str:
    """ "Khula 0.1.0, Chrome 90, Android 9" """
    said = [f"Khula {version}"] if version else []
    found = ((name, re.search(rf"\b{sign}/(\d+)", browser)) for sign, name in _BROWSERS)
    said += [f"{name} {number[1]}" for name, number in found if number][:1]
    if android := re.search(r"\bAndroid (\d+)", browser):
        said.append(f"Android {android[1]}")
    return ", ".join(said)


def _latest(*moments: datetime | None) -> datetime | None:
    return max((moment for moment in moments if moment is not None), default=None)


def _outbox(field: object | None) -> Note:
    if field is None:
        return Note(UNKNOWN, _("field app not used"))
    if field.stuck:
        count = {"n": field.stuck, "of": field.waiting}
        return Note(HIGH, ngettext("%(n)s of %(of)s stuck", "%(n)s of %(of)s stuck", field.stuck) % count)
    if field.waiting:
        return Note(MEDIUM, ngettext("%(n)s waiting", "%(n)s waiting", field.waiting) % {"n": field.waiting})
    return Note(LOW, _("all sent"))


def _notes(row: Device, field: object, now: datetime) -> Iterable[Note]:
    """What a coordinator would want to know of the tablet, the worrying first."""
    if row.revoked_at is None and now - field.reported_at > SILENT:
        days = {"n": (now - field.reported_at).days}
        yield Note(MEDIUM, ngettext("silent for %(n)s day", "silent for %(n)s days", days["n"]) % days)
    if field.clock_off_s is not None and abs(field.clock_off_s) >= CLOCK_OFF.total_seconds():
        yield Note(MEDIUM, _clock(field.clock_off_s))
    if field.persisted is False:
        yield Note(MEDIUM, _("the browser may clear what is stored"))
    if field.quota is not None and field.used is not None:
        room = _megabytes(field.used, field.quota)
        yield Note(MEDIUM if field.quota - field.used < LOW_SPACE else None, room)
    if field.persisted:
        yield Note(LOW, _("storage kept for Khula"))
    if field.clock_off_s is not None and abs(field.clock_off_s) < CLOCK_OFF.total_seconds():
        yield Note(LOW, _("clock right"))


def _clock(seconds: int) -> str:
    minutes = abs(seconds) // 60
    if minutes >= 48 * 60:
        days = {"n": minutes // (24 * 60)}
        ahead = ngettext("clock %(n)s day ahead", "clock %(n)s days ahead", days["n"])
        behind = ngettext("clock %(n)s day behind", "clock %(n)s days behind", days["n"])
        return (ahead if seconds > 0 else behind) % days
    ahead = ngettext("clock %(n)s minute ahead", "clock %(n)s minutes ahead", minutes)
    behind = ngettext("clock %(n)s minute behind", "clock %(n)s minutes behind", minutes)
    return (ahead if seconds > 0 else behind) % {"n": minutes}


def _megabytes(used: int, quota: int) -> str:
    return _("%(used)s of %(quota)s MB used") % {"used": used // 1_000_000, "quota": quota // 1_000_000}
