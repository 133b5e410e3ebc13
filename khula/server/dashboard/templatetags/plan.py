"""A mark of the child page: what the plan says beside a domain's level, and the way there."""

from django import template

from khula.server.dashboard.plan_beside import Beside

register = template.Library()


@register.inclusion_tag("dashboard/plan_beside.html")
def plan_beside(beside: Beside, domain: str) -> dict[str, object]:
    return {
        "plan": beside.plan,
        "domain": domain,
        "cell": beside.cells.get(domain),
        "judged": beside.judged_here.get(domain),
    }
