"""The words of services, in one place: kinds and sectors, why a provider says no, why a family did not come.

In: a code as packs, forms and records carry it. Out: the words a page shows and the domains a kind of service is for.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Words = str | Promise


@dataclass(frozen=True)
class Kind:
    """A kind of service; its first domain is the one it counts for where nobody says another."""

    code: str
    words: Words
    domains: tuple[str, ...]


KINDS: Mapping[str, Kind] = {
    kind.code: kind
    for kind in (
        Kind("clinic", _("Clinic visit"), ("health", "nutrition")),
        Kind("hospital", _("Hospital"), ("health",)),
        Kind("health_check", _("Health check or treatment"), ("health", "nutrition")),
        Kind("eye_test", _("Eye test"), ("health",)),
        Kind("ear_test", _("Hearing test"), ("health",)),
        Kind("speech_test", _("Speech test"), ("health",)),
        Kind("dentist", _("Dentist"), ("health",)),
        Kind("vaccination", _("Vaccination"), ("health",)),
        Kind("transport", _("Transport to care"), ("health",)),
        Kind("food_parcel", _("Food parcel"), ("nutrition",)),
        Kind("school_meal", _("School meal"), ("nutrition",)),
        Kind("food_garden", _("Food garden"), ("nutrition",)),
        Kind("grant_help", _("Help with a grant"), ("economic",)),
        Kind("school_clothes", _("School clothes"), ("economic",)),
        Kind("social_worker", _("Social worker"), ("protection", "economic", "health")),
        Kind("family_programme", _("Family programme"), ("protection",)),
        Kind("home_visit", _("Home visit"), ("protection", "education")),
        Kind("learning_support", _("Learning support"), ("education", "health")),
        Kind("homework_club", _("Homework club"), ("education",)),
        Kind("counselling", _("Counselling"), ("psychosocial", "protection", "education")),
        Kind("psychologist", _("Psychologist"), ("psychosocial",)),
        Kind("group_session", _("Group session"), ()),
        Kind("referral_visit", _("Went along to a referral"), ()),
        Kind("other", _("Other help"), ()),
    )
}

SECTORS: Mapping[str, Words] = {
    "health": _("Health"),
    "social_development": _("Social development"),
    "education": _("Education"),
    "home_affairs": _("Home affairs and grants"),
    "organisation": _("Organisation or church"),
    "private": _("Private practice"),
    "other": _("Other"),
}

#: Why a family did not come. A no-show without one of these is refused, by the database too.
BARRIERS: Mapping[str, Words] = {
    "transport": _("No transport"),
    "money": _("No money for it"),
    "consent": _("No consent yet"),
    "work": _("Caregiver was at work"),
    "closed": _("The service was closed"),
    "too_far_wait": _("Too far, or too long a wait"),
    "language": _("Language"),
    "illness": _("Somebody was ill"),
    "forgot": _("Forgot, or did not know the day"),
    "unwilling": _("Did not want to go"),
    "other": _("Another reason"),
    "not_known": _("Asked, and not known"),
}

DECLINED: Mapping[str, Words] = {
    "full": _("No place free"),
    "not_our_area": _("Not from our area"),
    "not_our_service": _("We do not do this"),
    "not_eligible": _("The child does not qualify"),
    "papers_missing": _("Papers are missing"),
    "other": _("Another reason"),
}

ENDED: Mapping[str, Words] = {
    "helped_elsewhere": _("Helped somewhere else"),
    "caregiver_says_no": _("The caregiver does not want it"),
    "moved_away": _("The child moved away"),
    "referred_again": _("Referred again"),
    "not_needed": _("No longer needed"),
    "by_mistake": _("Sent by mistake"),
    "other": _("Another reason"),
}

OUTCOMES: Mapping[str, Words] = {
    "done": _("Helped: done"),
    "partly": _("Helped in part"),
    "not_helped": _("Not helped"),
}

#: What came of one contact, in the words of the form; "absent" is of a group's member who was not there.
CONTACT_OUTCOMES: Mapping[str, Words] = {
    "done": _("Done"),
    "partly": _("Partly done, goes on"),
    "not_home": _("Nobody was there"),
    "refused": _("The family said no"),
    "rescheduled": _("Put off to another day"),
    "absent": _("Was not there"),
}
#: Only these are a service that was delivered.
DELIVERED = ("done", "partly")

#: Whom the follow-up form names -> kinds of service and sectors of providers that it may mean.
_HEALTH_CARE = ("clinic", "hospital", "health_check", "eye_test", "ear_test", "speech_test", "dentist", "vaccination")
REFERRED_TO: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "clinic": (_HEALTH_CARE, ()),
    "hospital": (_HEALTH_CARE, ()),
    "social_worker": (("social_worker", "family_programme", "home_visit"), ("social_development",)),
    "psychologist": (("psychologist", "counselling"), ()),
    "sassa": (("grant_help",), ()),
    "home_affairs": (("grant_help",), ("home_affairs",)),
    "ngo": ((), ("organisation",)),
    "school": (("learning_support", "homework_club"), ("education",)),
    "other": (("other",), ("other", "private")),
}
FOLLOWED_UP: Mapping[str, Words] = {
    "helped": _("It helped"),
    "partly": _("It helped in part"),
    "waiting": _("Still waiting for something"),
    "not_helped": _("It did not help"),
    "refer_again": _("Must be referred again"),
}
REFERRED_TO_WORDS: Mapping[str, Words] = {
    "clinic": _("Clinic"),
    "hospital": _("Hospital"),
    "social_worker": _("Social worker"),
    "psychologist": _("Psychologist"),
    "sassa": _("SASSA (grants)"),
    "home_affairs": _("Home Affairs (papers)"),
    "ngo": _("An organisation"),
    "school": _("The school’s support team"),
    "other": _("Another service"),
}


def kind_words(code: str) -> Words:
    """A kind that only a form or a later pack knows stands as it is."""
    return KINDS[code].words if code in KINDS else code.replace("_", " ").capitalize()


def domain_of(kind: str) -> str:
    """The domain a kind of service counts for where nobody says another; "" for none."""
    known = KINDS.get(kind)
    return known.domains[0] if known and known.domains else ""


def kinds_for(domain: str) -> list[Kind]:
    """Kinds of service for a domain, those mainly for it first."""
    fitting = [kind for kind in KINDS.values() if domain in kind.domains]
    return sorted(fitting, key=lambda kind: kind.domains.index(domain))
