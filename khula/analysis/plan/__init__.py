"""A pack comes in; one plan goes out that every evaluator prints in its own language, and all agree.

The way of a pack: `order` (what needs what, and kinds) → `conditions` (expressions) → `scales`, `norms`, `bands` →
`domains`. All of it in the typed core of `terms`, with exact numbers as in `values`.
"""

from khula.analysis.plan.bands import specificity
from khula.analysis.plan.order import ASSESSED_ON, kinds_of
from khula.analysis.plan.plan import Output, Plan, plan_of, plan_with_truths
from khula.analysis.plan.problems import PlanError

__all__ = ["ASSESSED_ON", "Output", "Plan", "PlanError", "kinds_of", "plan_of", "plan_with_truths", "specificity"]
