"""What a pack says of one kind of alert: whom to tell, from whom to hide it, its words and the law."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from khula.server.packs.queries import pack_of


@dataclass(frozen=True)
class AlertRule:
    name: str
    tell: tuple[str, ...] = ()
    hide_from: tuple[str, ...] = ()
    law: str = ""
    say: Mapping[str, str] = field(default_factory=dict)

    def sentence(self, language: str) -> str:
        return self.say.get(language) or self.say.get("en") or self.name


def rule_of(pack_version_id: int, alert: str) -> AlertRule:
    """An alert the pack no longer knows is told to whoever is told when nobody is named."""
    found = pack_of(pack_version_id).alerts.get(alert)
    return AlertRule(alert, found.tell, found.hide_from, found.law, found.say) if found else AlertRule(alert)
