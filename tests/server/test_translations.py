"""Every sentence in both languages, and plain ones: extracted anew, compared with what is committed."""

import re
from string import Formatter

import pytest
from django.utils.translation import gettext, override

from tests.server import catalogue

WORDS_IN_A_SENTENCE = 20
JARGON = re.compile(
    r"\b(utilize|leverage|stakeholder|modality|psychosocial|nutrition|indicator|entity|instance|null)\b"
)


def pairs() -> list[tuple[str, str]]:
    """(English, French) of every form of every sentence."""
    found = []
    for message in catalogue.catalogue("fr"):
        if message.id:
            english = message.id if isinstance(message.id, tuple) else (message.id,)
            french = message.string if isinstance(message.string, tuple) else (message.string,)
            found += list(zip(english, french, strict=True))
    return found


def test_every_sentence_of_the_code_stands_in_the_catalogue_and_no_other() -> None:
    said = {message.id for message in catalogue.template() if message.id}
    kept = {message.id for message in catalogue.catalogue("fr") if message.id}
    assert said == kept, "run: python tests/server/catalogue.py"
    assert len(said) > 200


def test_no_sentence_is_without_its_french() -> None:
    assert [english for english, french in pairs() if not french.strip()] == []
    assert not any(message.fuzzy for message in catalogue.catalogue("fr"))


def test_what_is_compiled_is_what_is_written() -> None:
    with override("fr"):
        for message in catalogue.catalogue("fr"):
            if message.id and isinstance(message.id, str) and not message.context:
                assert gettext(message.id) == message.string


def test_a_translation_fills_the_same_gaps_and_holds_the_same_marks() -> None:
    for english, french in pairs():
        assert set(re.findall(r"%\((\w+)\)s", english)) == set(re.findall(r"%\((\w+)\)s", french)), english
        assert re.findall(r"</?\w+>", english) == re.findall(r"</?\w+>", french), english
        assert list(Formatter().parse(english)) is not None


@pytest.mark.parametrize("language", [0, 1], ids=["english", "french"])
def test_sentences_are_short(language: int) -> None:
    for pair in pairs():
        for sentence in re.split(r"(?<=[.?!])\s", pair[language]):
            assert len(sentence.split()) <= WORDS_IN_A_SENTENCE, sentence


def test_the_words_are_plain() -> None:
    assert [english for english, _ in pairs() if JARGON.search(english.lower())] == []


def test_no_template_says_a_word_outside_the_catalogue() -> None:
    """Text between tags, after tags of templates are taken out, holds no letters but names of programs."""
    left = {}
    for path in sorted(catalogue.SERVER.rglob("templates/**/*.html")):
        text = re.sub(r"{% blocktranslate.*?{% endblocktranslate %}", "", path.read_text(), flags=re.DOTALL)
        text = re.sub(r"{%.*?%}|{{.*?}}", "", text, flags=re.DOTALL)
        words = re.findall(r"[A-Za-z]{2,}", re.sub(r"<[^<>]*>", " ", text))
        if set(words) - {"Khula"}:
            left[path.name] = words
    assert left == {}
