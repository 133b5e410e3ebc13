"""What the expression language says against an expression, in English, in; the same in French out.

Written down sentence by sentence; the tests go through every way in which an expression can be wrong.
"""

from __future__ import annotations

import re

from khula.analysis.expressions.kinds import Kind

_KINDS = {
    "a condition (yes or no)": "une condition (oui ou non)",
    "a whole number": "un nombre entier",
    "a number": "un nombre",
    "a measured number": "une mesure",
    "a text or a choice": "un texte ou un choix",
    "a text": "un texte",
    "several choices": "plusieurs choix",
    "a date": "une date",
}

_SENTENCES: tuple[tuple[str, str], ...] = (
    (r"The expression is longer than (\d+) characters\.", r"L’expression dépasse \1 caractères."),
    (r"Split it with derive\.", "Partagez-la à l’aide de derive."),
    (r"The expression is empty\.", "L’expression est vide."),
    (r"The expression stops too early\.", "L’expression s’arrête trop tôt."),
    (r"The expression is too long a chain\.", "L’expression est une chaîne trop longue."),
    (r"Something is missing at its end\.", "Il manque quelque chose à la fin."),
    (r"The parentheses are nested too deeply\.", "Les parenthèses sont trop imbriquées."),
    (r"“(.+?)” cannot be read here\.", r"« \1 » est illisible ici."),
    (r"“(.+?)” is not a name\.", r"« \1 » n’est pas un nom."),
    (r"A name is written (\S+), a text (\S+)\.", r"Un nom s’écrit \1, un texte \2."),
    (r"A name is written (\$\{\S+\})\.", r"Un nom s’écrit \1."),
    (r"There is one “\)” too many\.", "Il y a une « ) » de trop."),
    (r"“(.+?)” does not belong here\.", r"« \1 » n’a pas sa place ici."),
    (r"An operator \(and, or, =, \+ …\) is missing before it\.", "Il manque un opérateur (and, or, =, + …) avant."),
    (r"A value is missing before it\.", "Il manque une valeur avant."),
    (r"Write a single =\.", "Écrivez un seul =."),
    (r"The “\(” is never closed\.", "La « ( » n’est jamais fermée."),
    (r"Add a “\)”\.", "Ajoutez une « ) »."),
    (r"The text is not closed\. Add the second quote\.", "Le texte n’est pas fermé. Ajoutez la seconde apostrophe."),
    (r"The number (\S+) has too many digits\.", r"Le nombre \1 a trop de chiffres."),
    (r"An empty text is compared with nothing\.", "Un texte vide ne se compare à rien."),
    (r"For “nothing was answered” write (.+?) or (.+?)\.$", r"Pour « sans réponse », écrivez \1 ou \2."),
    (r"“not” needs parentheses\.", "« not » demande des parenthèses."),
    (r"“(.+?)” is not an operator\.", r"« \1 » n’est pas un opérateur."),
    (r"There is no function “(.+?)”\.", r"La fonction « \1 » n’existe pas."),
    (r"Did you mean “(.+?)”\?", r"Vouliez-vous dire « \1 » ?"),
    (r"“(.+?)” takes at least (\d+) argument\(s\), not (\d+)\.", r"« \1 » demande au moins \2 valeurs, et non \3."),
    (r"“(.+?)” takes (\d+) argument\(s\), not (\d+)\.", r"« \1 » demande \2 valeurs, et non \3."),
    (r"“band” takes the name of a scale\.", "« band » demande le nom d’une échelle."),
    (r"“selected” takes a question and a choice\.", "« selected » demande une question et un choix."),
    (r"The choice stands in quotes\.", "Le choix s’écrit entre apostrophes."),
    (r"“at-least” begins with a whole number\.", "« at-least » commence par un nombre entier."),
    (
        r"“at-least” asks for (\d+) of only (\d+) conditions: it can never be true\.",
        r"« at-least » en demande \1 sur \2 conditions seulement : ce n’est jamais vrai.",
    ),
    (r"Excel made the quote curly\. Type a straight one: '", "Excel a courbé l’apostrophe. Tapez-en une droite : '"),
    (r"That is a typographic minus\. Write -\.", "C’est un moins typographique. Écrivez -."),
    (r"That is a dash\. Write -\.", "C’est un tiret. Écrivez -."),
    (r"Name the question: (\S+)\.", r"Nommez la question : \1."),
    (r"Write the word (\w+)\.", r"Écrivez le mot \1."),
    (r"A condition is needed here, and this is (.+?)\.", r"Il faut ici une condition, et c’est {\1}."),
    (r"A number is needed here, and this is (.+?)\.", r"Il faut ici un nombre, et c’est {\1}."),
    (r"A score is a number, and this is (.+?)\.", r"Un score est un nombre, et c’est {\1}."),
    (r"Compare it: (\S+) = …", r"Comparez : \1 = …"),
    (r"“(\S+)” compares numbers, and this is (.+?)\.", r"« \1 » compare des nombres, et c’est {\2}."),
    (
        r"Only = and != compare texts; if the choices are numbers, name them 0, 1, 2 …",
        "Seuls = et != comparent des textes ; si les choix sont des nombres, nommez-les 0, 1, 2 …",
    ),
    (r"“mod” takes whole numbers only\.", "« mod » ne prend que des nombres entiers."),
    (
        r"A date can only be taken from a date, or moved by whole days\.",
        "Une date se soustrait d’une date, ou se décale de jours entiers.",
    ),
    (r"“(.+?)” is not a scale, so it has no band\.", r"« \1 » n’est pas une échelle et n’a pas de bande."),
    (r"“selected” takes a choice, and this is (.+?)\.", r"« selected » demande un choix, et c’est {\1}."),
    (r"(.+?) and (.+?) cannot stand for each other\.", r"{\1} et {\2} ne peuvent pas se remplacer."),
    (r"(.+?) is compared with (.+?)\.", r"On ne peut comparer {-\1} à {\2}."),
    (r"“(.+?)” is not a number; the answer is one\.", r"« \1 » n’est pas un nombre ; la réponse en est un."),
    (r"A date is written '(\S+)'\.", r"Une date s’écrit '\1'."),
    (r"Write (.+?)\.$", r"Écrivez \1."),
)


def in_french(said: str) -> str:
    """The sentences in French; a sentence nobody has translated stays in English."""
    rest = said
    for english, french in _SENTENCES:
        rest = re.sub(english, french, rest)
    return re.sub(r"\{([^{}$]+?)\}", _kind, rest)


def kind_in_french(kind: Kind) -> str:
    return _KINDS[kind.value]


def _kind(match: re.Match[str]) -> str:
    words = match.group(1)
    inside = words.removeprefix("-")  # a kind that no longer begins the sentence
    kind = _KINDS.get(inside[0].lower() + inside[1:])
    if kind is None:
        return match.group(0)
    return kind[0].upper() + kind[1:] if words[0].isupper() else kind
