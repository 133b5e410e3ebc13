"""The few files every page uses: a name in, an address with the hash of the content out, so it may be kept a year."""

from functools import cache
from hashlib import sha256
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "static"


@cache
def versioned(name: str) -> str:
    return f"{name}?{sha256((FOLDER / name).read_bytes()).hexdigest()[:6]}"
