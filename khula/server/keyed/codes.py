"""The short code of a sheet: nothing of the child stands in it, and a slip of the finger makes it no code at all.

Eight signs by chance and one that follows from them (Luhn's way over thirty signs); no 0, 1, I, L, O or U.
"""

import secrets

SIGNS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
BY_CHANCE = 8


class NotACode(Exception):
    """Too short, too long, a sign that no code has, or two signs changed places."""


def new_code() -> str:
    chosen = "".join(secrets.choice(SIGNS) for _ in range(BY_CHANCE))
    return chosen + _check_sign(chosen)


def read_code(typed: str) -> str:
    """Capitals, blanks and dashes do not matter. Raises NotACode."""
    signs = "".join(one for one in typed.upper() if one.isalnum())
    if len(signs) != BY_CHANCE + 1 or not set(signs) <= set(SIGNS) or _check_sign(signs[:-1]) != signs[-1]:
        raise NotACode
    return signs


def shown(code: str) -> str:
    """In threes, as people read it out."""
    return "-".join(code[at : at + 3] for at in range(0, len(code), 3))


def _check_sign(signs: str) -> str:
    total = 0
    for place, sign in enumerate(reversed(signs)):
        value = SIGNS.index(sign) * (1 if place % 2 else 2)
        total += sum(divmod(value, len(SIGNS)))
    return SIGNS[-total % len(SIGNS)]
