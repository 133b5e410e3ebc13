"""The bytes of one XLSForm in; the XForm that ODK tools and Khula's own forms read, with what it refers to, out.

pyxform converts it in this process. ODK Validate, which needs Java, is run by `khula pack check` and by the tests.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from lxml import etree
from pyxform.errors import PyXFormError
from pyxform.xls2xform import convert

from khula.analysis.packs.sheets import language_code

_XF = "{http://www.w3.org/2002/xforms}"
_FILE = re.compile(r"jr://(?:images|audio|video|file|file-csv)/(.+)$")


@dataclass(frozen=True)
class CompiledForm:
    """One form as devices get it. `entity_lists` are the lists it reads, `saves_to` the lists it adds to or changes."""

    form_id: str
    version: str
    title: str
    xml: bytes
    languages: tuple[str, ...]  # codes, the default language first
    media: tuple[str, ...]  # files the manifest must offer, entity lists left out
    entity_lists: tuple[str, ...]
    saves_to: tuple[str, ...]
    warnings: tuple[str, ...] = ()


class FormRefused(Exception):
    """pyxform refused the form: what it says, and sheet, row and column when it gives them."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = _WHERE.sub("", said).strip()
        row = re.search(r"\[row : (\d+)\]", said)
        sheet = re.search(r"[Oo]n the '(\w+)' sheet", said)
        column = re.search(r"the '([\w:]+)' value", said)
        self.row = int(row.group(1)) if row else 0
        self.sheet = sheet.group(1) if sheet else ("survey" if row else "")
        self.column = column.group(1) if column else ""


_WHERE = re.compile(r"\[row : \d+\] ")


def compile_form(workbook: bytes, files: Collection[str] = ()) -> CompiledForm:
    """The form of one .xlsx. `files`: names of the pack's own files, which no entity list may share.

    Raises FormRefused. The same bytes give the same XForm.
    """
    try:
        result = convert(xlsform=workbook, validate=False, pretty_print=False, file_type=".xlsx")
    except PyXFormError as problem:
        raise FormRefused(str(problem)) from problem
    except Exception as problem:  # a workbook pyxform did not foresee ends in KeyError, AttributeError …
        raise FormRefused(f"{type(problem).__name__}: {problem}") from problem
    xml = result.xform.encode()
    root = _parsed(xml)
    instance = _primary_instance(root)
    named = _files_named(root)
    own = {name.removeprefix("media/") for name in files}
    lists = tuple(name.removesuffix(".csv") for name in named if name.endswith(".csv") and name not in own)
    return CompiledForm(
        form_id=instance.get("id", ""),
        version=instance.get("version", ""),
        title="".join(root.xpath("string(//*[local-name()='title'][1])")),
        xml=xml,
        languages=_languages(root),
        media=tuple(name for name in named if name.removesuffix(".csv") not in lists),
        entity_lists=lists,
        saves_to=tuple(dict.fromkeys(str(name) for name in root.xpath("//*[local-name()='entity']/@dataset"))),
        warnings=tuple(result.warnings),
    )


def _parsed(xml: bytes) -> etree._Element:
    """pyxform copies some cells into the form as they are, so that what it writes need not be XML."""
    try:
        return etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as problem:
        raise FormRefused(f"The form that came out is not XML: {problem}") from problem


def _primary_instance(root: etree._Element) -> etree._Element:
    found = root.find(f".//{_XF}model/{_XF}instance/*")
    if found is None:
        raise FormRefused("The form has no primary instance.")
    return found


def _files_named(root: etree._Element) -> tuple[str, ...]:
    """Every file the form loads: secondary instances, and pictures and sound of its texts."""
    sources = [str(source) for source in root.xpath("//*[local-name()='instance']/@src")]
    texts = [str(text).strip() for text in root.xpath("//*[local-name()='value'][@form]/text()")]
    found = (_FILE.match(text) for text in (*sources, *texts))
    names = (match.group(1) for match in found if match)
    return tuple(dict.fromkeys(name for name in names if name != "last-saved"))


def _languages(root: etree._Element) -> tuple[str, ...]:
    translations = root.findall(f".//{_XF}itext/{_XF}translation")
    default_first = sorted(translations, key=lambda one: one.get("default") is None)
    return tuple(language_code(one.get("lang", "")) for one in default_first)
