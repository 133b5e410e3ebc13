"""How carefully a rule of a pack must be kept: as carefully as the most careful answer it rests on, however far back.

In: a pack, and a name or an expression of it. Out: "S0" … "S4", or "" where nothing is marked.
"""

from khula.analysis.expressions import ExpressionError, names_in, parse
from khula.analysis.packs.pack import Pack


class Sensitivities:
    """Of one pack; a pack never changes once published."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self._known: dict[str, str] = {}

    def of_expression(self, expression: str) -> str:
        return max(map(self.of, _names(expression)), default="")

    def of(self, name: str) -> str:
        if name not in self._known:
            self._known[name] = ""  # a ring (which the check refuses) ends here
            self._known[name] = max([self._own(name), *map(self.of, self._rests_on(name))])
        return self._known[name]

    def _own(self, name: str) -> str:
        question = self.pack.questions.get(name)
        return question.sensitivity if question else ""

    def _rests_on(self, name: str) -> set[str]:
        names: set[str] = set()
        scale = self.pack.scales.get(name)
        if scale is not None:
            names |= {*scale.items, *_names(scale.expression)}
        for line in self.pack.derive.get(name, ()):
            names |= _names(line.when) | _names(line.value)
        return names - {name}


def _names(expression: str) -> frozenset[str]:
    if not expression or expression == "missing":
        return frozenset()
    try:
        return names_in(parse(expression))
    except ExpressionError:  # the check refuses such a pack before it is published
        return frozenset()


_KEPT: dict[str, Sensitivities] = {}


def sensitivities_of(pack: Pack) -> Sensitivities:
    """Worked out once per pack and process."""
    if len(_KEPT) > 32:
        _KEPT.clear()
    return _KEPT.setdefault(pack.content_hash, Sensitivities(pack))
