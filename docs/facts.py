"""The code in, the parts of the documents that state facts of it out: layers, steps, what follows what.

`python docs/facts.py` compares, `--write` writes them anew between `<!-- facts: NAME -->` and `<!-- end -->`.
"""

import ast
import os
import re
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).resolve().parent.parent
DOCUMENTS = (
    "ARCHITECTURE.md",
    "DEVELOPERS.md",
    "docs/pack-findings.md",
    "docs/pack-findings.fr.md",
    "docs/form-features.md",
    "docs/how-to/write-a-pack.md",
    "docs/roles.md",
    "docs/referrals.md",
)
PART = re.compile(r"(<!-- facts: (?P<name>[a-z-]+) -->\n)(?P<text>.*?)(<!-- end -->)", re.DOTALL)


def steps() -> str:
    """The apps of the server in order, each with the sentence its package opens with."""
    rows = [f"| `{name}` | {first_sentence(HERE / 'khula/server' / name / '__init__.py')} |" for name in step_names()]
    return "| step | what it holds |\n|---|---|\n" + "\n".join(rows) + "\n"


def meaning() -> str:
    """The modules of the analysis, each above what it may use."""
    rows = [
        f"| `{module.removeprefix('khula.analysis.')}` | {first_sentence(path)} |"
        for module in layers("meaning")
        if (path := file_of(module)).exists()
    ]
    return "| module | what comes in, what goes out |\n|---|---|\n" + "\n".join(rows) + "\n"


def flow() -> str:
    """What follows which event, from the table the server runs by."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "khula.server.settings")
    os.environ.setdefault("KHULA_SECRET_KEY", "only to read the flow")
    django.setup()
    from khula.server.flow import FLOW

    rows = [
        f"| `{kind}` | {', then '.join(f'`{_named(each)}`' for each in followers) or '–'} |"
        for kind, followers in FLOW.items()
    ]
    return "| when this has happened | this follows |\n|---|---|\n" + "\n".join(rows) + "\n"


def roles() -> str:
    """What each role may do and how far, from the table the policy reads."""
    access = _policy()
    rows = [
        f"| {access.Role(role).label} | {'; '.join(f'{action} ({scope})' for action, scope in grants.items())} |"
        for role, grants in access.GRANTS.items()
    ]
    return "| role | may |\n|---|---|\n" + "\n".join(rows) + "\n"


def answers() -> str:
    """Whose answers each role may read, up to which sensitivity."""
    access = _policy()
    rows = [
        f"| {access.Role(role).label} | {'every domain' if rule.domain == '*' else rule.domain}"
        f" | {'every voice' if rule.voice == '*' else rule.voice} | {rule.up_to} |"
        for role, rules in access.ANSWERS.items()
        for rule in rules
    ]
    return "| role | domain | voice | up to |\n|---|---|---|---|\n" + "\n".join(rows) + "\n"


def _policy() -> ModuleType:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "khula.server.settings")
    os.environ.setdefault("KHULA_SECRET_KEY", "only to read the policy")
    django.setup()
    from khula.server.consent import access

    return access


def commands() -> str:
    """The commands of the Makefile, as `make` itself lists them."""
    rows = re.findall(r"^([a-z0-9-]+):.*## (.*)$", (HERE / "Makefile").read_text(), re.MULTILINE)
    return "| command | does |\n|---|---|\n" + "\n".join(f"| `make {name}` | {does} |" for name, does in rows) + "\n"


def pack_findings(language: str) -> str:
    """Every finding of `khula pack check`, by code; a gap is shown as …"""
    from khula.analysis.packs.messages import MESSAGES

    heads = {"en": "| code | | what is wrong | what to do |", "fr": "| code | | ce qui ne va pas | que faire |"}
    rows = [
        f"| {code} | {_weight(message, language)} | {_plainly(message.problem[language])} "
        f"| {_plainly(message.cure[language])} |"
        for code, message in MESSAGES.items()
    ]
    return heads[language] + "\n|---|---|---|---|\n" + "\n".join(rows) + "\n"


def _weight(message: object, language: str) -> str:
    words = {
        "en": ("error", "blocks publishing", "warning"),
        "fr": ("erreur", "bloque la publication", "avertissement"),
    }
    if message.severity == "error":  # type: ignore[attr-defined]
        return words[language][0]
    return words[language][1 if message.blocks_publishing else 2]  # type: ignore[attr-defined]


def _plainly(template: str) -> str:
    whole = re.sub("⟦[^⟧]*⟧", "", template)
    return re.sub(r"(?<!\$)\{\w+\}", "…", whole).replace("|", "\\|").strip()


def pack_sheets() -> str:
    """The sheets of pack.xlsx and their columns, as the reader knows them."""
    from khula.analysis.packs.sheets import SCORING

    rows = [
        f"| `{sheet}` | {', '.join(f'**{name}**' if name in columns.required else name for name in columns.plain)} "
        f"| {', '.join(columns.texts)} |"
        for sheet, columns in SCORING.items()
    ]
    return "| sheet | columns (those in bold must be there) | columns in every language |\n|---|---|---|\n" + (
        "\n".join(rows) + "\n"
    )


def referral_states() -> str:
    """What may follow what in the life of a referral, from the table its actions obey."""
    _policy()
    from khula.server.services.states import MOST_DAYS, MUST_SAY, NEXT, State

    says = {"appointment_on": "its day", "barrier": "what stood in the way", "outcome": "what", "reason": "why"}
    rows = []
    for state, following in NEXT.items():
        if state:
            after = ", ".join(str(to.label) for to in following) or "nothing: it has ended"
            most = f"{MOST_DAYS[state]} days" if state in MOST_DAYS else "its day" if following else "–"
            rows.append(f"| {State(state).label} | {says.get(MUST_SAY.get(state, ''), '–')} | {after} | {most} |")
    return "| state | says | may be followed by | overdue after |\n|---|---|---|---|\n" + "\n".join(rows) + "\n"


def form_features() -> str:
    """What a form may hold, as the compiler of forms for the field app declares it."""
    from khula.analysis.packs.device.features import MATRIX

    rows = [f"| {feature} | {'yes' if held else 'refused'} | {note} |" for feature, held, note in MATRIX]
    return "| of XLSForm | on tablets | |\n|---|---|---|\n" + "\n".join(rows) + "\n"


def form_functions() -> str:
    """Functions of expressions, from the same place."""
    from khula.analysis.packs.device.features import FUNCTIONS, FUNCTIONS_REFUSED

    rows = [("yes", FUNCTIONS), ("refused", FUNCTIONS_REFUSED)]
    return "| on tablets | functions |\n|---|---|\n" + "".join(
        f"| {word} | {', '.join(f'`{name}`' for name in sorted(names))} |\n" for word, names in rows
    )


def form_words() -> str:
    """Escapes of dates, preloads and parts of an appearance, from the same place."""
    from khula.analysis.packs.device.features import APPEARANCES_REFUSED, DATE_ESCAPES, TYPES

    rows = [
        ("`format-date` and `format-date-time` know", ", ".join(f"`%{one}`" for one in DATE_ESCAPES)),
        ("types of answers", ", ".join(f"`{one}`" for one in TYPES)),
        ("refused inside an appearance", ", ".join(f"`{one}`" for one in APPEARANCES_REFUSED)),
    ]
    return "| | |\n|---|---|\n" + "".join(f"| {name} | {words} |\n" for name, words in rows)


PARTS: dict[str, Callable[[], str]] = {
    "steps": steps,
    "meaning": meaning,
    "flow": flow,
    "commands": commands,
    "pack-findings": lambda: pack_findings("en"),
    "pack-findings-fr": lambda: pack_findings("fr"),
    "pack-sheets": pack_sheets,
    "form-features": form_features,
    "form-functions": form_functions,
    "form-words": form_words,
    "roles": roles,
    "answers": answers,
    "referral-states": referral_states,
}


def layers(contract: str) -> list[str]:
    """The layers of an import-linter contract, lowest first, without its signs."""
    contracts = tomllib.loads((HERE / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    found = next(each for each in contracts if each["id"] == contract)
    return [name.strip(" ()") for layer in reversed(found["layers"]) for name in layer.split("|")]


def step_names() -> list[str]:
    return [name for name in layers("steps") if (HERE / "khula/server" / name / "apps.py").exists()]


def file_of(module: str) -> Path:
    path = HERE / module.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def first_sentence(path: Path) -> str:
    said = ast.get_docstring(ast.parse(path.read_text())) or ""
    return re.sub(r"\s+", " ", said.split("\n\n")[0]).strip()


def _named(follower: object) -> str:
    module, name = follower.__module__, follower.__qualname__  # type: ignore[attr-defined]
    return f"{module.removeprefix('khula.server.')}.{name}"


def renewed(text: str) -> str:
    """A document with its parts as the code says them today."""
    return PART.sub(lambda part: f"{part[1]}{PARTS[part['name']]()}{part[4]}", text)


def main(write: bool) -> int:
    stale = []
    for name in DOCUMENTS:
        path = HERE / name
        now = renewed(path.read_text())
        if now != path.read_text():
            stale.append(name)
            if write:
                path.write_text(now)
    if stale and not write:
        print(f"No longer what the code says: {', '.join(stale)}. `make fix` writes the parts anew.")
    return bool(stale) and not write


if __name__ == "__main__":
    sys.path.insert(0, str(HERE))
    sys.exit(main("--write" in sys.argv[1:]))
