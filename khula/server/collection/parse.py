"""The bytes of one XForm instance in; what the server needs to know of it out, or a look code saying why not.

Strict first: well-formed, no document type, no NUL, limited in size and depth. What fails is looked at leniently, only
to find which form and which record it claims to be, so that a person can.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from lxml import etree

LARGEST = 4_000_000  # a form of 160 questions is 10 kB
DEEPEST = 60
_BOUNDLESS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ROOT = re.compile(r"<(?![?!/])([^\s/>]+)((?:[^>\"']|\"[^\"]*\"|'[^']*')*)")
_ATTRIBUTE = re.compile(r"(?:^|\s)(?:[\w.-]+:)?(id|version|instanceID)\s*=\s*(\"[^\"]*\"|'[^']*')")
_INSTANCE_ID = re.compile(r"<(?:[\w.-]+:)?instanceID[^>]*>\s*([^<]{1,4000}?)\s*</")


@dataclass(frozen=True, slots=True)
class EntityPart:
    """One `<entity>` as the device wrote it; `container` is the path of the group its properties stand in."""

    list_name: str
    id: str
    create: bool
    update: bool
    base_version: str
    trunk_version: str
    branch_id: str
    label: str | None
    container: str
    fields: Mapping[str, str]  # path below the root -> text, of this container alone (one round of a repeat)


@dataclass(slots=True)
class Parsed:
    form_id: str = ""
    version: str = ""
    instance_id: str = ""  # what the record is kept under; a hash when it has no usable id of its own
    said_instance_id: str = ""
    deprecated_id: str = ""
    root_name: str = ""
    problem: str = ""  # a look code that keeps it out of its case
    answers: dict[str, str] = field(default_factory=dict)  # name of the question -> text as it came
    paths: dict[str, str] = field(default_factory=dict)  # path below the root, "/group/question" -> text
    again: list[tuple[str, str]] = field(default_factory=list)  # the same for second and later rounds of a repeat
    parts: list[EntityPart] = field(default_factory=list)


class _Strange(ValueError):
    """The look code is the message."""


def parse(xml: bytes) -> Parsed:
    """Never raises, whatever the bytes."""
    try:
        root = _strictly(xml)
        return _read(root, xml)
    except _Strange as strange:
        return _leniently(xml, str(strange))


def derived_id(xml: bytes) -> str:
    """An identity for what has none: the same bytes sent again are the same record."""
    return "sha256:" + hashlib.sha256(xml).hexdigest()


def _parser() -> etree.XMLParser:
    """Each its own: cheap, and nothing is shared between threads."""
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )


def _strictly(xml: bytes) -> etree._Element:
    if len(xml) > LARGEST:
        raise _Strange("too_large")
    wide = xml[:2] in (b"\xff\xfe", b"\xfe\xff")
    if b"\0" in xml and not wide:
        raise _Strange("nul_byte")
    try:
        root = etree.fromstring(xml, _parser())
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        deep = isinstance(error, etree.XMLSyntaxError) and "depth" in str(error.msg or "")
        raise _Strange("too_deep" if deep else "broken_xml") from None
    if root is None:
        raise _Strange("broken_xml")
    if root.getroottree().docinfo.doctype:
        raise _Strange("doctype")
    return root


def _read(root: etree._Element, xml: bytes) -> Parsed:
    found = Parsed(root_name=_local(root.tag))
    found.form_id, found.version = _short(root.get("id"), 64), _short(root.get("version"), 64)
    instance_id = root.get("instanceID", "")
    metas: list[tuple[str, etree._Element]] = []
    _walk(root, "", 0, found, metas)
    for path, text in found.paths.items():
        if path == "/instanceID":
            instance_id = text  # some old clients put it right under the root
        elif text and not text.isspace():
            name = path[path.rfind("/") + 1 :]
            if name in found.answers:
                _note(found.answers, name, text)
            else:
                found.answers[name] = text
    for path, text in found.again:
        if text and not text.isspace():
            _note(found.answers, path[path.rfind("/") + 1 :], text)
    for container, meta in metas:
        _read_meta(found, container, meta)
    found.said_instance_id = found.said_instance_id or instance_id.strip()
    _name_the_record(found, root, xml)
    return found


def _note(answers: dict[str, str], name: str, text: str) -> None:
    """A question asked again in a repeat is kept as `name[2]`, so that the first answer stays under its own name."""
    if name not in answers:
        answers[name] = text
        return
    count = 2
    while f"{name}[{count}]" in answers:
        count += 1
    answers[f"{name}[{count}]"] = text


def _walk(
    element: etree._Element, path: str, depth: int, found: Parsed, metas: list[tuple[str, etree._Element]]
) -> None:
    """Note every element without children, with its path below the root; `meta` groups are set aside."""
    if depth > DEEPEST:
        raise _Strange("too_deep")
    paths = found.paths
    for child in element:
        tag = child.tag
        if not isinstance(tag, str):
            raise _Strange("broken_xml")  # an entity reference left unresolved
        name = tag[tag.rfind("}") + 1 :]
        if not len(child):
            here = f"{path}/{name}"
            if here in paths:
                found.again.append((here, child.text or ""))
            else:
                paths[here] = child.text or ""
        elif name == "meta":
            metas.append((path, child))
        else:
            _walk(child, f"{path}/{name}", depth + 1, found, metas)


def _read_meta(found: Parsed, container: str, meta: etree._Element) -> None:
    for child in meta:
        name = _local(child.tag)
        if name == "entity":
            found.parts.append(_entity(child, container, meta.getparent()))
            continue
        text = (child.text or "").strip()
        found.paths[f"{container}/meta/{name}"] = text
        if container == "" and name == "instanceID" and not found.said_instance_id:
            found.said_instance_id = text
        elif container == "" and name == "deprecatedID":
            found.deprecated_id = text[:255]


def _entity(element: etree._Element, container: str, around: etree._Element) -> EntityPart:
    label = None
    for child in element:
        if _local(child.tag) == "label":
            label = (child.text or "").strip()
    return EntityPart(
        list_name=element.get("dataset", "").strip()[:64],
        id=element.get("id", "").strip().lower().removeprefix("uuid:")[:64],
        create=element.get("create", "") in ("1", "true"),
        update=element.get("update", "") in ("1", "true"),
        base_version=element.get("baseVersion", "").strip(),
        trunk_version=element.get("trunkVersion", "").strip(),
        branch_id=element.get("branchId", "").strip().lower().removeprefix("uuid:")[:36],
        label=label,
        container=container,
        fields=_fields(around, container),
    )


def _fields(around: etree._Element, container: str) -> dict[str, str]:
    below = Parsed()
    _walk(around, container, 0, below, [])
    return below.paths


def _name_the_record(found: Parsed, root: etree._Element, xml: bytes) -> None:
    said = found.said_instance_id
    if not found.form_id:
        found.problem = "no_form_id"
    elif root.get("encrypted", "").lower() in ("yes", "true", "1"):
        found.problem = "encrypted"
    elif not said:
        found.problem = "no_instance_id"
    elif len(said) > 255:
        found.problem = "long_instance_id"
    usable = 0 < len(said) <= 255 and found.form_id
    found.instance_id = said if usable else derived_id(xml)
    found.said_instance_id = "" if usable else said[:255]


def _leniently(xml: bytes, problem: str) -> Parsed:
    """Only what the record claims to be. It is kept under its own hash: a cut-off copy must not block the whole one."""
    text = _as_text(xml[:LARGEST])
    found = Parsed(problem=problem, instance_id=derived_id(xml))
    if root := _ROOT.search(text):
        found.root_name = root[1].rpartition(":")[2][:64]
        for name, quoted in _ATTRIBUTE.findall(root[2]):
            if name == "id":
                found.form_id = _short(quoted[1:-1], 64)
            elif name == "version":
                found.version = _short(quoted[1:-1], 64)
    if said := _INSTANCE_ID.search(text):
        found.said_instance_id = said[1][:255]
    return found


def _as_text(xml: bytes) -> str:
    wide = xml[:2] in (b"\xff\xfe", b"\xfe\xff")
    return _BOUNDLESS.sub("", xml.decode("utf-16" if wide else "utf-8", "replace"))


def _short(text: str | None, most: int) -> str:
    return (text or "").strip()[:most]


def _local(tag: object) -> str:
    return tag[tag.rfind("}") + 1 :] if isinstance(tag, str) else ""
