"""The way for a provider without an account: a link that opens one referral, and nothing else.

In: a token from an address. Out: the link behind it, or why it opens nothing. The token itself is kept nowhere.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from khula.server.events.actions import happened
from khula.server.people.models import SignInFailure
from khula.server.services.models import ProviderLink, Referral
from khula.server.services.states import ENDS

DAYS = 60
WINDOW = timedelta(minutes=15)
#: Wrong tokens from one address within the window, before it has to wait. A right one is always let in.
MOST_WRONG = 20


@dataclass(frozen=True)
class Opened:
    """What a token opens: a link, or "" / "unknown", "expired", "revoked", "ended", "too_many" for why not."""

    link: ProviderLink | None
    problem: str = ""


@transaction.atomic
def make_link(*, referral_id: int, days: int = DAYS, by: int | None = None) -> tuple[ProviderLink, str]:
    """A link for whoever is to answer this referral, and its token, shown once. Earlier links go on opening."""
    now = timezone.now()
    token = secrets.token_urlsafe(32)  # 43 letters: the log leaves out what is so long
    link = ProviderLink.objects.create(
        referral_id=referral_id, token_hash=_hash(token), made_at=now, made_by_id=by,
        expires_at=now + timedelta(days=days),
    )  # fmt: skip
    happened(kind="referral.link_made", subject=referral_id, facts={"link": link.pk}, by=by)
    return link, token


@transaction.atomic
def revoke_link(*, link_id: int, by: int | None = None) -> None:
    """From now on it opens nothing."""
    if ProviderLink.objects.filter(pk=link_id, revoked_at=None).update(revoked_at=timezone.now()):
        referral_id = ProviderLink.objects.values_list("referral_id", flat=True).get(pk=link_id)
        happened(kind="referral.link_revoked", subject=referral_id, facts={"link": link_id}, by=by)


def opened(token: str, address: str) -> Opened:
    """What this token opens, asked from this network address."""
    links = ProviderLink.objects.select_related("referral__child__school", "referral__provider", "referral__owner")
    link = links.filter(token_hash=_hash(token)).first()
    if link is None:
        return Opened(None, "too_many" if _count_wrong(address) else "unknown")
    if link.revoked_at is not None:
        return Opened(None, "revoked")
    if Referral.objects.filter(pk=link.referral_id, state__in=ENDS).exists():
        return Opened(None, "ended")
    if link.expires_at <= timezone.now():
        return Opened(None, "expired")
    return Opened(link)


def _count_wrong(address: str) -> bool:
    """Note a wrong token in the table of failed sign-ins; True when there were too many."""
    now = timezone.now()
    key = salted_hmac("khula.services.link", address, algorithm="sha256").hexdigest()
    if SignInFailure.objects.filter(key=key, at__gt=now - WINDOW).count() >= MOST_WRONG:
        return True
    SignInFailure.objects.create(key=key, at=now)
    return False


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
