"""Which page of a long list is asked for: a request in, a whole number from 1 out, whatever stands in the address."""

from django.http import HttpRequest

MOST_DIGITS = 4


def page_asked(request: HttpRequest) -> int:
    """`?page=3` → 3; what is no such number is the first page."""
    asked = request.GET.get("page", "")
    return max(int(asked), 1) if asked.isdecimal() and len(asked) <= MOST_DIGITS else 1
