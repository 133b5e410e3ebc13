"""The XForm of a published form in; what a submission of it may hold out: its places, its files, its entity fields."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lxml import etree

XFORMS = "{http://www.w3.org/2002/xforms}"
ENTITIES = "{http://www.opendatakit.org/xforms/entities}"
#: Clients add these by themselves, also to a form that does not name them: Collect writes the second on every edit,
#: the field app the third on an edit that leaves answers as they were which it could not show.
ALWAYS = frozenset({"/meta/instanceID", "/meta/deprecatedID", "/meta/keptAnswers"})


@dataclass(frozen=True, slots=True)
class Definition:
    """Paths are below the root of the instance: "/group/question"."""

    root_name: str
    paths: frozenset[str]
    files: frozenset[str]  # whose answer is the name of a file
    save_to: Mapping[str, str]  # path -> property of the entity


def define(xml: bytes) -> Definition:
    root = etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True))
    model = next(root.iter(f"{XFORMS}model"))
    instance = next(model.iter(f"{XFORMS}instance"))
    top = instance[0]
    paths = set(_paths(top, ""))
    files, save_to = set(), {}
    for bind in model.iter(f"{XFORMS}bind"):
        path = _below_root(bind.get("nodeset", ""))
        if bind.get("type") == "binary":
            files.add(path)
        if saves := bind.get(f"{ENTITIES}saveto"):
            save_to[path] = saves
    return Definition(_local(top.tag), frozenset(paths) | ALWAYS, frozenset(files), save_to)


def _paths(element: etree._Element, path: str) -> Iterator[str]:
    for child in element:
        below = f"{path}/{_local(child.tag)}"
        yield below
        yield from _paths(child, below)


def _below_root(nodeset: str) -> str:
    _, _, rest = nodeset.strip().lstrip("/").partition("/")
    return f"/{rest}"


def _local(tag: str) -> str:
    return tag[tag.rfind("}") + 1 :]
