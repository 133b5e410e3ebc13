"""Words on paper: every one of them can be read back from the PDF, in every language of the schools."""

from io import BytesIO

import pytest
from django.utils.translation import override
from pypdf import PdfReader

from khula.server.paper.sheet import FONTS, Fields, Heading, Lines, Table, Ticks, Words, pdf

LETTERS = {
    "French": "Où l’élève naïf reçoit-il ça ? Cœur, âge, forêt, ÉCOLE – « oui »",
    "isiZulu": "Ingane iyadla ekuseni? Ngiyabonga kakhulu, Gogo",
    "Sepedi": "Ngwana o kwešiša bošego bjo botšo, mogô wa gagwê",
    "Tshivenda": "Ṅwana u ḓo ṱoḓa u ḽa ṋaṅwaha ḒṰḼṊṄ",
    "Afrikaans": "Sê vir die kinders: môre, reën, geëet, ŉ boek",
    "Xitsonga": "N’wana u ta dya siku na siku",
}


def text_of(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages)


@pytest.mark.parametrize("language", LETTERS)
def test_the_letters_of_each_language_stand_on_the_paper(language: str) -> None:
    sentence = LETTERS[language]
    parts = [Heading(sentence, 1), Words(sentence), Fields([(sentence, sentence)]), Table(["a"], [[sentence]])]
    read = " ".join(text_of(pdf(parts, title=sentence, language="en")).split())
    assert read.count(" ".join(sentence.split())) >= 4
    assert "\N{REPLACEMENT CHARACTER}" not in read


def test_a_letter_and_its_mark_typed_apart_are_one_letter_on_paper() -> None:
    assert "ṱ" in text_of(pdf([Words("t\u032d")], title="x", language="ve"))


def test_a_sign_the_font_does_not_hold_is_seen_to_be_missing() -> None:
    assert "a\N{REPLACEMENT CHARACTER}b" in text_of(pdf([Words("a\U0001f600b")], title="x", language="en"))


def test_what_looks_like_marks_is_printed_as_it_was_typed() -> None:
    typed = "<b>Sipho & Co</b> <img src='x'> &lt;"
    assert typed in text_of(pdf([Words(typed), Fields([("a", "b")])], title=typed, language="en"))


def test_every_page_says_which_of_how_many_it_is_and_whose() -> None:
    content = pdf([Words("line")] * 120, title="Long", language="fr", foot="SNA 1")
    pages = PdfReader(BytesIO(content)).pages
    assert len(pages) > 1
    for number, page in enumerate(pages, 1):
        assert f"Page {number} of {len(pages)}" in page.extract_text()
        assert "SNA 1" in page.extract_text()


def test_the_paper_says_its_language_and_title() -> None:
    read = PdfReader(BytesIO(pdf([Lines(4)], title="Élève", language="fr")))
    assert read.root_object["/Lang"] == "fr"
    assert read.metadata is not None
    assert read.metadata.title == "Élève"


def test_the_page_number_is_told_in_the_language_of_the_page() -> None:
    with override("fr"):
        assert "Page 1 sur 1" in text_of(pdf([Words("x")], title="x", language="fr"))


def test_the_same_words_give_the_same_bytes() -> None:
    parts = [Heading("One", 1), Ticks("Which?", [("this", True), ("that", False)])]
    assert pdf(parts, title="t", language="en") == pdf(parts, title="t", language="en")
    read = " ".join(text_of(pdf(parts, title="t", language="en")).split())
    assert "☒ this ☐ that" in read


def test_long_words_and_long_cells_do_not_break_the_sheet() -> None:
    long = "x" * 3000 + " y" * 3000
    assert len(pdf([Words(long), Fields([("a" * 300, long[:5000])])], title="t", language="en")) > 1000
    read = text_of(pdf([Table(["a", "b"], [["line\n" * 90, "z"]] * 3)], title="t", language="en"))
    assert read.count("line") == 270


def test_the_font_is_small_and_brings_its_licence() -> None:
    assert sum(path.stat().st_size for path in FONTS.glob("*.ttf")) < 120_000
    assert "Permission is hereby granted" in (FONTS / "LICENSE").read_text()
