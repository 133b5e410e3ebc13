"""Every sentence of the field app is there in English and French, and every key a screen asks for has one."""

import re
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "field/src"
KEY = re.compile(r'^  (?:"([^"]+)"|(\w+)):\s*(?:\n\s*)?"((?:[^"\\]|\\.)*)"', re.M)
ASKED = re.compile(r"""(?<![\w.])t\(\s*"([^"]+)\"""")
MOST_WORDS = 20  # in a sentence: P8


def words(language: str) -> dict[str, str]:
    text = (SOURCE / f"words/{language}.js").read_text()
    return {quoted or plain: said for quoted, plain, said in KEY.findall(text)}


def test_both_languages_have_the_same_keys_and_the_same_gaps() -> None:
    english, french = words("en"), words("fr")
    one = {key for key in {*english} ^ {*french} if not key.endswith(".one")}
    assert not one
    for key in english.keys() & french.keys():
        if not key.endswith(".one"):
            assert gaps(english[key]) == gaps(french[key]), key


def gaps(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


def test_every_key_a_screen_asks_for_has_words() -> None:
    asked = {
        key for path in SOURCE.rglob("*.js") if path.parent.name != "words" for key in ASKED.findall(path.read_text())
    }
    assert len(asked) > 100
    assert not asked - words("en").keys()


def test_every_trouble_and_every_problem_of_sending_has_words() -> None:
    store = re.search(r"@typedef \{(.+)\} TroubleCode", (SOURCE / "store/trouble.js").read_text())
    sync = re.search(r"@typedef \{(.+)\} Problem", (SOURCE / "sync/types.js").read_text())
    assert store is not None and sync is not None
    needed = {f"trouble.{code}" for code in re.findall(r'"(\w+)"', store[1])} - {"trouble.wrong_pin"}
    needed |= {f"sync.{code}" for code in re.findall(r'"(\w+)"', sync[1])}
    assert not needed - words("en").keys()


def test_sentences_are_short() -> None:
    long = [
        key
        for key, text in words("en").items()
        for sentence in re.split(r"[.:;!?](?:\s|$)", text)
        if len(sentence.split()) > MOST_WORDS
    ]
    assert not long


def test_no_screen_writes_style_markup_or_code_into_the_page() -> None:
    for path in SOURCE.rglob("*.js"):
        text = path.read_text()
        for forbidden in (
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "eval(",
            "new Function",
            "document.write",
            '"style"',
            ".style.",
        ):
            assert forbidden not in text, f"{path.name}: {forbidden}"
