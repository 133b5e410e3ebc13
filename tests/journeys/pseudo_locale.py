"""Every sentence made forty per cent longer, as a language with longer words would: for pages in a real browser.

What comes from the catalogue, the tables of codes and findings, the pack and the style sheet grows; names of people and
schools, numbers and the gaps of a sentence stay as they are.
"""

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest
from django.utils.translation import trans_real
from playwright.sync_api import BrowserContext, Route

from khula.analysis.packs.findings import Finding
from khula.analysis.packs.pack import Pack
from khula.server.collection.look_codes import ENTITY_CODES, LOOK_CODES
from khula.server.packs.models import PackVersion

GROWN = 0.4
#: Gaps (%(name)s, {name}, ${question}), markup, addresses and names of columns are no words.
_NO_WORDS = re.compile(r"(%\(\w+\)[a-z]|%[a-z%]|\$?\{\w*\}|<[^>]*>|&\w+;|`[^`]*`|\b\w+://\S+|\w+\.\w+)")
_WORD = re.compile(r"[^\W\d_]+")


def longer(text: str) -> str:
    """ "Settle with this note" → "Seettlle wiithh thiss nootee": each word by two fifths, rounded up."""
    parts = _NO_WORDS.split(text)
    return "".join(part if at % 2 else _WORD.sub(_stretched, part) for at, part in enumerate(parts))


def _stretched(match: re.Match[str]) -> str:
    word = match.group(0)
    more = math.ceil(len(word) * GROWN)
    return "".join(
        letter * (2 if (at + 1) * more // len(word) > at * more // len(word) else 1) for at, letter in enumerate(word)
    )


class _LongerEnglish(trans_real.DjangoTranslation):
    """English, which has no catalogue of its own, with every sentence grown."""

    def gettext(self, message: str) -> str:
        return longer(super().gettext(message))

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return longer(super().ngettext(msgid1, msgid2, n))


@contextmanager
def longer_english() -> Iterator[None]:
    """While it lasts, the server of the tests speaks longer English, also where words do not come from the catalogue."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(trans_real._translations, "en", _LongerEnglish("en"))
        patch.setattr(trans_real, "_default", None)
        for told in {Finding, *(type(code) for code in (*LOOK_CODES.values(), *ENTITY_CODES.values()))}:
            patch.setattr(told, "told", _longer_told(told.told))
        yield


def _longer_told(told: Any) -> Any:
    def grown(self: Any, language: str) -> Any:
        said = told(self, language)
        return longer(said) if isinstance(said, str) else tuple(map(longer, said))

    return grown


def lengthen_packs() -> None:
    """What the published packs say; under a hash of their own, because packs are kept by it."""
    for version in PackVersion.objects.all():
        content = _grown(msgspec.json.decode(version.content))
        kept = msgspec.json.encode(content).decode()
        msgspec.json.decode(kept, type=Pack)
        PackVersion.objects.filter(pk=version.pk).update(content=kept, content_hash=f"longer {version.pk}")


_TEXTS = {"label", "say", "say_on_device", "title"}


def _grown(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: {language: longer(words) for language, words in each.items()}
            if key in _TEXTS and isinstance(each, dict)
            else _grown(each)
            for key, each in value.items()
        }
    return [_grown(each) for each in value] if isinstance(value, list) else value


def lengthen_styles(window: BrowserContext) -> None:
    """The words of the class board that stand in the style sheet."""

    def grow(route: Route) -> None:
        response = route.fetch()
        words = re.sub(r'content:"([^"]*)"', lambda found: f'content:"{longer(found[1])}"', response.text())
        route.fulfill(response=response, body=words)

    window.route("**/khula*.css*", grow)
