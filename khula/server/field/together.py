"""Modules as they were written in; the same modules in one file out, each in a function of its own (ADR 16).

One file instead of thirty: a slow processor pays for each file it is given, more than for what stands in it. Nothing is
renamed and nothing moves between modules. `WHOLE["screens/dom.js"]` is what it exports, and every import of it,
from inside the file or from outside, is read from there.
"""

import posixpath
import re
from collections.abc import Callable, Iterable, Mapping

ADDRESS = "program.js"
#: Asked for by nobody at once, and yet needed by everybody within the first minute: shown after the PIN.
EVERYDAY = (
    "screens/today.js",
    "screens/child.js",
    "screens/interview.js",
    "visits/class_grid.js",
    "visits/enrolling.js",
    "words/en.js",
)
#: What the modules may say, at the beginning of a line; anything else that begins so cannot be put together.
_IMPORT = re.compile(r"""^import\s*(?:\{([^}]*)\}|\*\s*as\s+(\w+))\s*from\s*["'](\.[^"']+)["'];?""", re.MULTILINE)
_BARE = re.compile(r"""^import\s*["'](\.[^"']+)["'];?""", re.MULTILINE)
_FROM = re.compile(r"""^export\s*\{([^}]*)\}\s*from\s*["'](\.[^"']+)["'];?""", re.MULTILINE)
_NAMES = re.compile(r"^export\s*\{([^}]*)\};?", re.MULTILINE)
_NAMED = re.compile(r"^export\s+((?:async\s+)?function\*?|class|const)\s+([\w$]+)", re.MULTILINE)
_DEFAULT = re.compile(r"^export\s+default\s+", re.MULTILINE)
_LATER = re.compile(r"""\bimport\(\s*["'](\.[^"']+)["']\s*\)""")
_LEFT = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)
_FIRST = re.compile(r"""^(?:import|export)\b[^;'"()]*["'](\.[^"']+)["']""", re.MULTILINE)


class CannotBePutTogether(ValueError):
    """A module says something that is not understood here, or two modules wait for each other."""


def beside(path: str, named: str) -> str:
    """The path below the root that a module means by `./other.js`."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), named))


def needed(starts: Iterable[str], read: Callable[[str], str | None]) -> list[str]:
    """The modules and all that they import at once, each behind what it imports."""
    done: list[str] = []

    def visit(path: str, way: tuple[str, ...]) -> None:
        if path in way:
            raise CannotBePutTogether(f"{path} imports itself by way of {' and '.join(way[way.index(path) + 1 :])}")
        if path in done or (text := read(path)) is None:
            return
        for named in _FIRST.findall(text):
            visit(beside(path, named), (*way, path))
        done.append(path)

    for start in starts:
        visit(start, ())
    return done


def one_file(modules: Mapping[str, str]) -> str:
    """The modules, path -> text in the order of `needed`, as one module that exports `WHOLE`."""
    inside = frozenset(modules)
    return "\n".join(["export const WHOLE = {};", *(_wrapped(path, text, inside) for path, text in modules.items())])


def outside(path: str, text: str, inside: frozenset[str], root: str) -> str:
    """A module that stands alone, with what it imports from the one file read from there."""
    if not any(beside(path, named) in inside for named in (*_FIRST.findall(text), *_LATER.findall(text))):
        return text
    text = _IMPORT.sub(lambda found: _taken(found, path, inside), text)
    return f'import {{ WHOLE }} from "{root}{ADDRESS}";\n{_asked_later(path, text, inside, root)}'


def _wrapped(path: str, text: str, inside: frozenset[str]) -> str:
    if re.search(r"\bWHOLE\b", text):
        raise CannotBePutTogether(f"{path}: `WHOLE` is the name of all modules in one file; choose another name")
    given: list[str] = []
    text = _BARE.sub("", _IMPORT.sub(lambda found: _taken(found, path, inside), text))

    def handed_on(found: re.Match[str]) -> str:
        pairs = _pairs(found[1])
        given.extend(f"{outer}: WHOLE[{beside(path, found[2])!r}].{inner}" for inner, outer in pairs)
        return ""

    def named(found: re.Match[str]) -> str:
        given.append(found[2])
        return f"{found[1]} {found[2]}"

    def listed(found: re.Match[str]) -> str:
        given.extend(f"{outer}: {inner}" for inner, outer in _pairs(found[1]))
        return ""

    def default(_: re.Match[str]) -> str:
        given.append("default: default_")
        return "const default_ = "

    text = _NAMES.sub(listed, _FROM.sub(handed_on, text))
    text = _asked_later(path, _DEFAULT.sub(default, _NAMED.sub(named, text)), inside, "./")
    if left := _LEFT.search(text):
        raise CannotBePutTogether(f"{path}: `{left[0][:60]}` cannot be put into one file; say it as the others do")
    return f"WHOLE[{path!r}] = (() => {{\n{text}\nreturn {{ {', '.join(given)} }};\n}})();"


def _taken(found: re.Match[str], path: str, inside: frozenset[str]) -> str:
    source = beside(path, found[3])
    if source not in inside:
        return found[0]
    if found[2]:
        return f"const {found[2]} = WHOLE[{source!r}];"
    names = ", ".join(inner if inner == outer else f"{inner}: {outer}" for inner, outer in _pairs(found[1]))
    return f"const {{ {names} }} = WHOLE[{source!r}];"


def _asked_later(path: str, text: str, inside: frozenset[str], root: str) -> str:
    def later(found: re.Match[str]) -> str:
        source = beside(path, found[1])
        return f"Promise.resolve(WHOLE[{source!r}])" if source in inside else f'import("{root}{source}")'

    return _LATER.sub(later, text)


def _pairs(names: str) -> list[tuple[str, str]]:
    """`a, b as c` -> (a, a), (b, c)."""
    said = [name.split(" as ") for name in (each.strip() for each in names.split(",")) if name]
    return [(each[0].strip(), each[-1].strip()) for each in said]
