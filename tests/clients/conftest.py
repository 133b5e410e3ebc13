"""What the tests of clients share: a served Khula on each database, and the forms as a device fetched them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from khula.server.collection.collect_settings import settings_text
from tests.clients.collect import Collect, Downloaded
from tests.clients.instances import Blank
from tests.clients.khula_process import Khula, served

BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("postgresql"))]


@dataclass
class Served:
    """A Khula that answers, what was prepared in it, and a device that has fetched everything."""

    khula: Khula
    prepared: Mapping[str, Any]
    collect: Collect
    forms: Mapping[str, Downloaded]

    def another_device(self, number: int) -> Collect:
        return Collect.at(self.khula.address + self.prepared["doors"][number])

    def blank(self, form_id: str) -> Blank:
        return Blank(self.forms[form_id].xml)


@pytest.fixture(scope="module", params=BOTH)
def served_khula(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("khula"), request.param, "--children", "80") as (khula, prepared):
        # As in the field: the code on the coordinator's screen is scanned, and nothing is typed.
        code = settings_text(khula.address + prepared["doors"][0], project="Thuthuka Primary", language="zu")
        collect = Collect.from_qr(code)
        yield Served(khula, prepared, collect, {form.listed.form_id: form for form in collect.refresh()})


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scratch")
