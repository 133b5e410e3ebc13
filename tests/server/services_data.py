"""What tests of services share: a small directory, and a referral brought to any state in a word."""

from datetime import date
from functools import cache
from hashlib import md5
from pathlib import Path

from django.utils import timezone

from khula.analysis.packs.forms import CompiledForm, compile_form
from khula.server.packs.models import Form, PackVersion
from khula.server.schools.models import Child
from khula.server.services.actions import refer, step
from khula.server.services.directory import add_provider
from khula.server.services.models import Provider, Referral
from khula.server.services.states import State
from tests.server.cast import Cast, publish

PACK = Path(__file__).resolve().parents[2] / "packs/foundation_phase"
EYES = {
    "name": "Thuso Eye Clinic", "sector": "health", "kinds": ["eye_test", "clinic"], "for_whom": "Children from 5 years",
    "place": "12 Mahlaba Street", "district": "Johannesburg Central", "hours": "Monday to Thursday, 8 to 12",
    "capacity": 2, "contact": "010 000 1234",
}  # fmt: skip
FOOD = {
    "name": "Masakhane Food Garden", "sector": "organisation", "kinds": ["food_parcel", "food_garden"],
    "for_whom": "Families without food", "place": "Behind the clinic", "district": "", "hours": "Fridays",
    "capacity": None, "contact": "010 000 5678",
}  # fmt: skip

#: The steps that bring a referral to each state, each with what it must say.
WAY_TO: dict[str, list[tuple[str, dict[str, object]]]] = {
    State.SENT: [],
    State.ACCEPTED: [("accepted", {})],
    State.DECLINED: [("declined", {"reason": "full"})],
    State.APPOINTMENT: [("appointment", {"appointment_on": date(2199, 3, 4)})],
    State.NOT_ATTENDED: [("not_attended", {"barrier": "transport"})],
    State.ATTENDED: [("attended", {})],
    State.OUTCOME: [("attended", {}), ("outcome", {"outcome": "done"})],
    State.CLOSED: [("attended", {}), ("outcome", {"outcome": "done"}), ("closed", {})],
    State.WITHDRAWN: [("withdrawn", {"reason": "moved_away"})],
}
SAYS: dict[str, dict[str, object]] = {to: said for way in WAY_TO.values() for to, said in way} | {"sent": {}}


def eye_clinic(**said: object) -> Provider:
    return add_provider(said={**EYES, **said})


def food_garden(**said: object) -> Provider:
    return add_provider(said={**FOOD, **said})


def referred(
    cast: Cast, provider: Provider, state: str = "sent", *, child: Child | None = None, by: int = 0,
    kind: str = "eye_test", domain: str = "health", on: date | None = None,
) -> Referral:  # fmt: skip
    """A referral of the nurse for Amahle, in this state."""
    on = on or timezone.localdate()
    referral = refer(
        child_id=(child or cast.amahle).pk, provider_id=provider.pk, kind=kind, domain=domain, by=by or cast.nurse.pk,
        asked="Please test both eyes.", on=on,
    )  # fmt: skip
    for to, said in WAY_TO[state]:
        step(referral_id=referral.pk, to=to, on=on, by=by or cast.nurse.pk, **said)
    referral.refresh_from_db()
    return referral


# What the shipped forms send


@cache
def _shipped(name: str) -> CompiledForm:
    return compile_form((PACK / name).read_bytes())


def shipped_forms() -> PackVersion:
    """The two shipped forms that are about help, published beside the small pack."""
    kept = publish()
    for informant, name in (("service", "contact.xlsx"), ("followup", "followup.xlsx")):
        form = _shipped(name)
        Form.objects.create(
            pack_version=kept, form_id=form.form_id, version=form.version, informant=informant, title=form.title,
            xml=form.xml, md5=md5(form.xml, usedforsecurity=False).hexdigest(),
        )  # fmt: skip
    return kept


def record(form_id: str, child: Child, group: str, said: dict[str, str], *, instance: str, replaces: str = "") -> bytes:
    """A finished service contact or follow-up, as Collect writes it."""
    version = Form.objects.filter(form_id=form_id).values_list("version", flat=True).latest("pk")
    inside = "".join(f"<{name}>{text}</{name}>" for name, text in said.items())
    deprecated = f"<deprecatedID>{replaces}</deprecatedID>" if replaces else ""
    return (
        f'<data id="{form_id}" version="{version}"><start>2026-03-02T08:30:00.000+02:00</start>'
        f"<end>2026-03-02T09:00:00.000+02:00</end><today>2026-03-02</today><learner>{child.pk}</learner>"
        f"<{group}>{inside}</{group}><meta><instanceID>{instance}</instanceID>{deprecated}</meta></data>"
    ).encode()


def contact_record(child: Child, *, instance: str = "uuid:contact", replaces: str = "", **said: str) -> bytes:
    told = {
        "s_kind": "food_parcel",
        "s_on": timezone.localdate().isoformat(),
        "s_outcome": "done",
        "s_minutes": "20",
        **said,
    }
    return record("kh_contact", child, "s_contact", told, instance=instance, replaces=replaces)


def follow_up_record(child: Child, *, instance: str = "uuid:followup", replaces: str = "", **said: str) -> bytes:
    told = {
        "f_kind": "clinic",
        "f_on": timezone.localdate().isoformat(),
        "f_attended": "yes",
        "f_outcome": "helped",
        **said,
    }
    return record("kh_followup", child, "f_referral", told, instance=instance, replaces=replaces)
