"""The links in the page head: which pages this reader may open.

In: a request whose guard has put the reader on it. Out: links for the template, and the language names.
"""

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from khula.server.consent.access import can


@dataclass(frozen=True)
class PageLink:
    href: str
    words: str | Promise
    here: bool


_LINKS = (
    ("/home", _("Home"), "see board"),
    ("/tasks", _("Tasks"), "see tasks"),
    ("/referrals", _("Referrals"), "see referrals"),
    ("/concerns", _("Report a concern"), "report concern"),
    ("/services", _("Services"), "see services"),
    ("/counts", _("Counts"), "see counts"),
    ("/library", _("What can be done"), "see library"),
    ("/ledger", _("Received"), "see ledger"),
    ("/paper", _("Paper"), "key paper"),
    ("/packs", _("Packs"), "see packs"),
    ("/devices", _("Devices"), "see devices"),
    ("/system", _("System"), "see system"),
    ("/profile", _("My profile"), ""),
)
#: So many stand in the head of every page; one more is shown rather than hidden alone.
SHOWN = 4


def pages(request: HttpRequest) -> dict[str, object]:
    """A context processor."""
    reader = getattr(request, "reader", None)
    may = [
        PageLink(href, words, request.path.startswith(href))
        for href, words, action in _LINKS
        if not action or (reader is not None and can(reader, action))
    ]
    shown = SHOWN if len(may) > SHOWN + 1 else len(may)
    further = may[shown:]
    here = next((link for link in further if link.here), None)
    return {
        "pages": may[:shown],
        "further_pages": further,
        "further_here": here,
        "LANGUAGES": settings.LANGUAGES,
        "LANGUAGE_CODE": getattr(request, "LANGUAGE_CODE", "en"),
    }
