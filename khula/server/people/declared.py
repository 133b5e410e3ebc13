"""What a view says of itself: who may open it. A route that says nothing fails the tests.

In: a view function. Out: the same function with `.policy`, a sentence of `consent.access`, or one of the three below.
"""

from collections.abc import Callable
from typing import TypeVar

ANYONE = "anyone"
SIGNED_IN = "anyone who has signed in"
DEVICE_TOKEN = "device token"  # noqa: S105 — the name of a policy

View = TypeVar("View", bound=Callable)


def declares(policy: str) -> Callable[[View], View]:
    """Write the policy on the view; keeping it is the work of whoever wraps or runs the view."""

    def written_on(view: View) -> View:
        view.policy = policy
        return view

    return written_on


def policy_of(view: Callable) -> str | None:
    """The declared policy, also through `functools.partial` and class-based views."""
    return getattr(view, "policy", None) or getattr(getattr(view, "view_class", None), "policy", None)
