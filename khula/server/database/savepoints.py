"""Savepoints named by depth, not by a running number, so that the database plans each of their statements once."""

from typing import Any


class SavepointsByDepth:
    """For a DatabaseWrapper of Django's."""

    def savepoint(self: Any) -> str | None:
        if not self._savepoint_allowed():
            return None
        name = f"s{len(self.savepoint_ids)}"
        self._savepoint(name)
        return name
