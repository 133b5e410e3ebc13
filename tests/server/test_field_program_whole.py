"""The modules that everybody needs, in one file: the same program, each module once, and clear words where it cannot be."""

import json
import subprocess
from pathlib import Path

import pytest

from khula.server.field import program, together
from khula.server.field.together import CannotBePutTogether, needed, one_file, outside
from tests import surroundings

MODULES = {
    "words/words.js": "let said = 'en';\nexport const spoken = () => said;\nexport async function speak(code) {\n  said = code;\n}",
    "words/en.js": "export default { yes: 'Yes' };",
    "store/store.js": "export class Store {}\nexport function open() {\n  return new Store();\n}\nconst hidden = 2;\nexport { hidden as shown };",
    "screens/bar.js": (
        "import { open, Store as Kept } from '../store/store.js';\n"
        "import * as words from '../words/words.js';\n"
        "export { shown } from '../store/store.js';\n"
        "export const bar = () => open() instanceof Kept && words.spoken();\n"
        "export const english = async () => (await import('../words/en.js')).default.yes;\n"
        "export const rare = () => import('./rare.js');\n"
    ),
}
RARE = "import { spoken } from '../words/words.js';\nimport { other } from './other.js';\nexport const rare = [spoken(), other];"


def test_a_module_stands_behind_what_it_imports() -> None:
    assert needed(["screens/bar.js"], MODULES.get) == ["store/store.js", "words/words.js", "screens/bar.js"]


@pytest.mark.needs("node")
def test_in_one_file_the_modules_do_what_they_did(tmp_path: Path) -> None:
    order = needed(["screens/bar.js", "words/en.js"], MODULES.get)
    (tmp_path / "program.js").write_text(one_file({path: MODULES[path] for path in order}))
    (tmp_path / "screens").mkdir()
    (tmp_path / "screens/rare.js").write_text(outside("screens/rare.js", RARE, frozenset(order), "../"))
    (tmp_path / "screens/other.js").write_text("export const other = 7;")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "asked.js").write_text(
        'import { WHOLE } from "./program.js";\n'
        'const { bar, english, rare, shown } = WHOLE["screens/bar.js"];\n'
        'await WHOLE["words/words.js"].speak("zu");\n'
        "console.log(JSON.stringify([bar(), shown, await english(), (await rare()).rare]));"
    )
    done = subprocess.run(
        [str(surroundings.node()), "asked.js"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert json.loads(done.stdout or "0") == ["zu", 2, "Yes", ["zu", 7]], done.stderr


@pytest.mark.parametrize(("text", "said"), [
    ("export let now = 1;", "export let now"),
    ("import all from './x.js';", "import all from"),
    ("export * from './x.js';", "export \\* from"),
    ("const WHOLE = 1;", "WHOLE"),
])  # fmt: skip
def test_what_cannot_stand_in_one_file_is_named(text: str, said: str) -> None:
    with pytest.raises(CannotBePutTogether, match=f"screens/a.js.*{said}"):
        one_file({"screens/a.js": text})


def test_two_modules_that_wait_for_each_other_are_named() -> None:
    circle = {"a.js": "import { b } from './b.js';", "b.js": "import { a } from './a.js';"}
    with pytest.raises(CannotBePutTogether, match=r"a\.js imports itself by way of b\.js"):
        needed(["a.js"], circle.get)


@pytest.mark.needs("node")
def test_every_module_of_the_program_is_in_it_once_or_stands_alone() -> None:
    inside = program.whole().modules
    addresses = set(program.listed()[1])
    assert set(together.EVERYDAY) <= inside
    assert not inside & addresses
    modules = {path for path in program.paths() if path.endswith(".js")} - {"shell/sw.js"}
    assert modules <= inside | addresses


@pytest.mark.needs("node")
def test_what_is_asked_for_later_has_an_address() -> None:
    for path in program.listed()[1]:
        file = program.file_at(path)
        assert file is not None
        if path.endswith(".js"):
            text = file.forms[""].decode()
            for named in together._LATER.findall(text) + together._FIRST.findall(text):
                assert program.file_at(together.beside(path, named)) is not None, (path, named)
