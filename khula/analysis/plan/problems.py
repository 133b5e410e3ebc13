"""Why no plan could be made of a pack: in which row and column of which sheet, in English and in French."""

from __future__ import annotations

from collections.abc import Mapping

from khula.analysis.packs.pack import Place

#: What is wrong -> in each language. A word `said_fr` stands for `said` in the French sentence.
PROBLEMS: Mapping[str, Mapping[str, str]] = {
    "expression": {"en": "{said} (character {at})", "fr": "{said} (caractère {at})"},
    "circle": {
        "en": "These values need each other in a circle: {circle}.",
        "fr": "Ces valeurs dépendent les unes des autres en cercle : {circle}.",
    },
    "no number": {
        "en": "A score is a number, and this is {said}.",
        "fr": "Un score est un nombre, et c’est {said}.",
    },
    "two kinds": {
        "en": "This line gives {said}, a line above it {other}: “{name}” must be one or the other.",
        "fr": "Cette ligne donne {said}, une ligne plus haut {other} : « {name} » doit être l’un ou l’autre.",
    },
    "value too large": {
        "en": "The value may become too large to stay exact.",
        "fr": "La valeur peut devenir trop grande pour rester exacte.",
    },
    "score too large": {
        "en": "The score may become too large to stay exact.",
        "fr": "Le score peut devenir trop grand pour rester exact.",
    },
    "no item": {"en": "There is no item “{name}”.", "fr": "Il n’y a pas d’item « {name} »."},
    "no need": {
        "en": "There is no question, derived value or scale called “{name}”.",
        "fr": "Aucune question, valeur dérivée ou échelle ne s’appelle « {name} ».",
    },
    "no day": {"en": "“valid_from” is a date: 2026-01-31.", "fr": "« valid_from » est une date : 2026-01-31."},
    "item not whole": {
        "en": "“{name}” is {said}; the items of a {method} are whole numbers.",
        "fr": "« {name} » est {said} ; les items d’une échelle {method} sont des nombres entiers.",
    },
    "no limits": {
        "en": "An item can only be reversed between item_min and item_max.",
        "fr": "Un item ne s’inverse qu’entre item_min et item_max.",
    },
    "no built-in table": {
        "en": "There is no built-in table “{name}”.",
        "fr": "Il n’y a pas de table intégrée « {name} ».",
    },
    "table": {"en": "{name}: {said}", "fr": "{name} : {said}"},
    "no file": {"en": "The pack has no file “{name}”.", "fr": "Le pack n’a pas de fichier « {name} »."},
    "no norm": {
        "en": "There is no norm “{name}” on the sheet norms.",
        "fr": "Il n’y a pas de norme « {name} » dans la feuille norms.",
    },
    "not measured": {
        "en": "A z-score takes one measured number, or weight and height.",
        "fr": "Un z-score demande une seule mesure, ou le poids et la taille.",
    },
    "no raw measure": {
        "en": "{name} needs the columns raw and measure, with numbers.",
        "fr": "{name} demande les colonnes raw et measure, avec des nombres.",
    },
    "empty table": {"en": "{name} is empty.", "fr": "{name} est vide."},
}

_WHERE: Mapping[str, str] = {
    "en": "Row {row}, sheet {sheet} of {file}: ",
    "fr": "Ligne {row}, feuille {sheet} de {file} : ",
}


class PlanError(ValueError):
    """What is wrong in which row and column of a sheet. `khula pack check` finds the same, all at once."""

    def __init__(self, code: str, place: Place | None = None, column: str = "", **words: object) -> None:
        self.code = code
        self.place = place
        self.column = column
        self.words = words
        super().__init__(self.told("en"))

    def problem(self, language: str) -> str:
        """What is wrong, without its place; in English where the language has no words."""
        ending = f"_{language}"
        own = {name.removesuffix(ending): word for name, word in self.words.items() if name.endswith(ending)}
        told = PROBLEMS[self.code]
        return told.get(language, told["en"]).format(**{**self.words, **own})

    def told(self, language: str) -> str:
        """The same with its place in front."""
        place, where = self.place, _WHERE.get(language, _WHERE["en"])
        before = where.format(row=place.row, sheet=place.sheet, file=place.file) if place else ""
        space = "\N{NO-BREAK SPACE}" if language == "fr" else ""
        column = f"{self.column}{space}: " if self.column else ""
        return f"{before}{column}{self.problem(language)}"
