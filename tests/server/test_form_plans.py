"""The plan of a published form: what the field app runs."""

import hashlib
import json

import pytest

from khula.server.packs.queries import plan_of_form
from tests.server.knocking import published

pytestmark = pytest.mark.django_db

ASKED = """
| survey | | | |
| | type | name | label |
| | KIND | answer | Well? |
| settings | | |
| | form_id | version |
| | plain | VERSION |
"""


def test_a_published_form_has_a_plan_and_its_hash() -> None:
    form = published(ASKED.replace("KIND", "integer"))
    found = plan_of_form(form.pk)
    assert found is not None
    plan, md5 = found
    assert hashlib.md5(plan, usedforsecurity=False).hexdigest() == md5
    assert json.loads(plan)["asks"] == [{"d": 1, "k": "number", "l": 0}]
    assert plan_of_form(form.pk) == found


def test_a_form_the_field_app_cannot_run_has_none_and_neither_has_one_that_is_gone() -> None:
    form = published(ASKED.replace("KIND", "geotrace"))
    assert plan_of_form(form.pk) is None
    assert plan_of_form(form.pk + 1) is None
