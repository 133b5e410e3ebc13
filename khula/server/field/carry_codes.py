"""Everything that can be wrong with a file that was carried by hand: what is wrong, where, what to do now."""

from collections.abc import Mapping

CARRY_CODES: Mapping[str, Mapping[str, str]] = {
    "CARRY_001": {
        "en": "This is no file of records from the field app. Choose the file whose name ends in .khula.",
        "fr": "Ce n’est pas un fichier de fiches de l’application. Choisissez celui dont le nom finit par .khula.",
    },
    "CARRY_002": {
        "en": "The file ends too early: after place {place} something is missing. "
        "Copy it from the tablet once more. What came in counts.",
        "fr": "Le fichier finit trop tôt : il manque la suite après la place {place}. "
        "Copiez-le de nouveau depuis la tablette. Ce qui est arrivé compte.",
    },
    "CARRY_003": {
        "en": "Place {place} cannot be read. Copy the file from the tablet once more.",
        "fr": "La place {place} est illisible. Copiez de nouveau le fichier depuis la tablette.",
    },
    "CARRY_004": {
        "en": "Place {place} was written by a newer field app. Update the server, then try again.",
        "fr": "La place {place} vient d’une application plus récente que ce serveur. Mettez le serveur à jour.",
    },
    "CARRY_005": {
        "en": "Place {place} is signed by a tablet unknown here. Bring the file to the server it belongs to.",
        "fr": "La place {place} est signée par une tablette inconnue de ce serveur. Portez le fichier au bon serveur.",
    },
    "CARRY_006": {
        "en": "Place {place} was changed after the tablet had sealed it, so it is not taken in. "
        "Copy the file from the tablet once more.",
        "fr": "La place {place} a été modifiée après son scellement : elle n’est pas reprise. "
        "Copiez de nouveau le fichier depuis la tablette.",
    },
    "CARRY_007": {
        "en": "Place {place} is sealed with a key this server does not have. "
        "Ask whoever looks after the server to put the folder seal_keys back.",
        "fr": "La place {place} est scellée avec une clé que ce serveur n’a pas. "
        "Demandez à qui s’occupe du serveur de remettre le dossier seal_keys.",
    },
    "CARRY_008": {
        "en": "Place {place} cannot be opened. Keep the file and tell whoever looks after the server.",
        "fr": "La place {place} ne s’ouvre pas. Gardez le fichier et prévenez qui s’occupe du serveur.",
    },
    "CARRY_009": {
        "en": "Place {place} does not hold what it says. Keep the file and tell whoever looks after the server.",
        "fr": "La place {place} ne contient pas ce qu’elle dit. Gardez le fichier et prévenez qui s’occupe du serveur.",
    },
    "CARRY_010": {
        "en": "The tablet put more into this file than has arrived. Copy it once more. What came in counts.",
        "fr": "La tablette avait mis davantage dans ce fichier. Copiez-le de nouveau. Ce qui est arrivé compte.",
    },
    "CARRY_011": {
        "en": "The file holds something the tablet did not put there, or in another order. "
        "Each record was checked on its own; keep the file and tell whoever looks after the server.",
        "fr": "Le fichier contient autre chose que ce que la tablette y a mis, ou dans un autre ordre. "
        "Chaque fiche a été vérifiée ; gardez le fichier et prévenez qui s’occupe du serveur.",
    },
    "CARRY_012": {
        "en": "The list of contents is missing, perhaps with more. Copy the file once more. What came in counts.",
        "fr": "Le fichier n’a pas de liste de son contenu : la fin manque peut-être. Copiez-le de nouveau.",
    },
    "CARRY_013": {
        "en": "The server could not store place {place} just now. Hand the file in again later.",
        "fr": "Le serveur n’a pas pu enregistrer la place {place}. Remettez le fichier plus tard.",
    },
}


def told(code: str, language: str, place: int | None) -> str:
    words = CARRY_CODES[code]
    return words.get(language[:2], words["en"]).format(place=place)
