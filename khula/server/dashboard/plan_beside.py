"""What the child page says of the plan: a reader, a child and a case in; judgements and how far each domain is, out."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from khula.server.consent.access import ChildPlace, Reader
from khula.server.dashboard.child_address import short
from khula.server.dashboard.plan_story import Judged, Reading, shown_judgement
from khula.server.dashboard.status import Status, status_of
from khula.server.plans.queries import CellPlan, cell_plans, overrides_of


@dataclass(frozen=True)
class Beside:
    plan: str  # the address of the child's plan
    cells: Mapping[str, CellPlan]  # domain -> how far its plan is
    judged_here: Mapping[str, Judged]  # of the case of this page
    _judged: Mapping[tuple[int, str], Status]

    def judged(self, case_id: int | None, domain: str) -> Status | None:
        """The level a practitioner gave a domain in a case, if one did."""
        return self._judged.get((case_id or 0, domain))


def beside_levels(reader: Reader, child_id: str, child: ChildPlace, case_id: int | None, language: str) -> Beside:
    """Three statements."""
    reading = Reading(reader, child, language)
    standing = overrides_of(child_id)
    return Beside(
        plan=f"/c/{quote(short(child_id), safe='')}/plan",
        cells=cell_plans(child_id),
        judged_here={
            domain: shown_judgement(reading, one) for (case, domain), one in standing.items() if case == case_id
        },
        _judged={key: status_of(one.level) for key, one in standing.items()},
    )
