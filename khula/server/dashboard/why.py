"""Why a flag is up: the case's voices and what was known of the child in, the facts behind any flag out."""

from collections.abc import Mapping
from datetime import date

from khula.analysis.answers import Value
from khula.analysis.reasons import explainer_for
from khula.server.cases.meaning import Meaning, meaning_of
from khula.server.dashboard.child_story import Why
from khula.server.dashboard.queries import HeardVoice

EPOCH = date(1970, 1, 1)


def why_for(meaning: Meaning, context: Mapping[str, Value], voices: Mapping[str, HeardVoice], language: str) -> Why:
    """`context`: sex, age, language and grade as the assessment had them."""
    values = {name: value for name, value in context.items() if value is not None}
    for voice in voices.values():
        values |= _understood(voice, meaning)
    child = explainer_for(meaning.pack).child(values | _day(voices), language)
    return lambda flag: child.why(flag).grounds


def _understood(voice: HeardVoice, meaning: Meaning) -> dict[str, Value]:
    """As the case is assessed: a form of another pack version by its own lists first."""
    answers = voice.answers
    if voice.pack_hash != meaning.pack.content_hash:
        own = meaning_of(voice.pack_hash).read(answers)
        answers = {name: text for name, text in answers.items() if name in own}
    return meaning.read(answers)


def _day(voices: Mapping[str, HeardVoice]) -> dict[str, Value]:
    """As the case is assessed: on the day the child was measured, else on the day of the last talk."""
    days = [(voice.informant == "health", voice.asked_on) for voice in voices.values() if voice.asked_on]
    return {"assessed_on": (max(days)[1] - EPOCH).days} if days else {}
