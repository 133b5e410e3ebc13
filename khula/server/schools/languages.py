"""A language's code in, the name its speakers give it out, as it stands on pages and papers."""

OWN_NAMES = {
    "af": "Afrikaans",
    "en": "English",
    "fr": "français",
    "nr": "isiNdebele",
    "nso": "Sepedi",
    "ss": "siSwati",
    "st": "Sesotho",
    "tn": "Setswana",
    "ts": "Xitsonga",
    "ve": "Tshivenḓa",
    "xh": "isiXhosa",
    "zu": "isiZulu",
}


def own_name(code: str) -> str:
    """A code nobody knows stands as it is."""
    return OWN_NAMES.get(code, code)
