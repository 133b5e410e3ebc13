"""What tests of records share: the database, and nothing that leaks from one test into the next."""

import pytest


@pytest.fixture(autouse=True)
def _records(db: None) -> None:
    """Every test here may read and write records; each starts from none."""
