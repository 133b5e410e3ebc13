"""All interviews one informant gave about one child in one wave → the one that counts, whatever came first.

An edit takes the place of the version it corrects. Of two interviews the later one counts, and an edited interview
is as late as its first version: putting a slip right in an old interview does not make it the newest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Heard:
    """One version of an interview, as it lies in a submission."""

    submission_id: int  # also the order of arrival
    instance_id: str
    replaces: str  # instance id of the version it corrects, or ""
    ended_at: datetime | None
    asked_on: date | None
    stepped_back: bool = False  # a correction took its place, or a person let another of two corrections count


def which_counts(heard: Sequence[Heard], elsewhere: Sequence[Heard] = ()) -> tuple[int | None, tuple[int, ...]]:
    """(submission that counts, submissions of other interviews that a person should look at).

    `elsewhere` are versions of the same interviews in another case: an edit may have corrected the child, too. When
    the only interview has been corrected away to another child, none counts here. Of two corrections of one interview
    the one that a person accepted counts, whichever came first.
    """
    everywhere = (*heard, *elsewhere)
    corrected = {version.replaces for version in everywhere if version.replaces}
    by_instance = {version.instance_id: version for version in everywhere}
    last = [version for version in everywhere if version.instance_id not in corrected]
    standing = {_root(version, by_instance) for version in last if not version.stepped_back}
    newest = [
        version
        for version in heard
        if version in last and not (version.stepped_back and _root(version, by_instance) in standing)
    ]
    newest.sort(key=lambda version: (_when(_first(version, by_instance)), version.submission_id))
    if not newest:
        return None, ()
    return newest[-1].submission_id, tuple(version.submission_id for version in newest[:-1])


def _first(version: Heard, by_instance: dict[str, Heard]) -> Heard:
    """The oldest version of the same interview that has arrived."""
    seen = {version.instance_id}
    while version.replaces in by_instance and version.replaces not in seen:
        version = by_instance[version.replaces]
        seen.add(version.instance_id)
    return version


def _root(version: Heard, by_instance: dict[str, Heard]) -> str:
    """What all versions of the same interview have in common: the instance id of the first."""
    first = _first(version, by_instance)
    return first.replaces or first.instance_id


def _when(version: Heard) -> datetime:
    if version.ended_at is not None:
        return version.ended_at
    return datetime.combine(version.asked_on, time.min, UTC) if version.asked_on else NEVER


def moment(text: str) -> datetime | None:
    """A time as a device writes it ("2026-03-02T10:11:12.000+02:00"); without a zone it is taken as UTC."""
    try:
        then = datetime.fromisoformat(text.strip())
        return then.astimezone(UTC) if then.tzinfo else then.replace(tzinfo=UTC)
    except (ValueError, OverflowError):  # a device whose clock stands at the beginning of time
        return None
