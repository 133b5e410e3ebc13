"""A log record in; a line out that says what kind of thing went wrong and where, and nothing that somebody has said.

The words of an error may hold an answer or a name, and a mistyped address may hold a device's token.
"""

import logging
import re
import traceback
from types import TracebackType

_LONG_SECRET = re.compile(r"[\w-]{40,}")  # a token has 64 letters; no name of ours has 40
ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class PlainFormatter(logging.Formatter):
    """Errors by kind and place, without their words; long secrets left out."""

    def format(self, record: logging.LogRecord) -> str:
        record.exc_text = None  # another formatter may have kept it with its words
        line = super().format(record)
        record.exc_text = None
        return _LONG_SECRET.sub("…", line)

    def formatException(self, ei: ExcInfo) -> str:
        return "\n".join(_told(ei[1])) if ei[1] is not None else ""


def _told(problem: BaseException) -> list[str]:
    """The chain of errors, the first cause first."""
    before = problem.__cause__ or (None if problem.__suppress_context__ else problem.__context__)
    lines = _told(before) if before is not None else []
    lines += [
        f"  {place.filename}:{place.lineno} in {place.name}" for place in traceback.extract_tb(problem.__traceback__)
    ]
    return [*lines, type(problem).__name__]
