"""What the field door says when it must refuse: a code for the program, a sentence for the person."""

from collections.abc import Mapping

from khula.server.collection import sentences

SENTENCES: Mapping[str, Mapping[str, str]] = {
    "not_json": {
        "en": "What the field app sent cannot be read. Update the app: open it once while connected.",
        "fr": "Ce que l’application a envoyé est illisible. Mettez-la à jour : ouvrez-la une fois en ligne.",
    },
    "not_as_agreed": {
        "en": "What the field app sent lacks something, or has something else in its place. "
        "Update the app: open it once while connected.",
        "fr": "Ce que l’application a envoyé est incomplet ou inattendu. "
        "Mettez-la à jour : ouvrez-la une fois en ligne.",
    },
    "not_a_key": {
        "en": "The key of this tablet is not a P-256 key. Update the app, then enrol the tablet again.",
        "fr": "La clé de cette tablette n’est pas une clé P-256. Mettez l’application à jour, puis réinscrivez-la.",
    },
    "not_sealed": {
        "en": "This is no file of sealed records. Update the app: open it once while connected.",
        "fr": "Ce n’est pas un fichier de fiches scellées. Mettez l’application à jour : ouvrez-la une fois en ligne.",
    },
    "too_many_keys": {
        "en": "This device has been enrolled too often. Ask your coordinator for a new code.",
        "fr": "Cet appareil a été inscrit trop souvent. Demandez un nouveau code à votre coordinateur.",
    },
    "no_meaning": {
        "en": "No pack is published yet, so there is nothing to score by. Ask your coordinator.",
        "fr": "Aucun paquet n’est encore publié : rien ne permet de noter. Demandez à votre coordinateur.",
    },
}


def say(code: str, language: str, **words: object) -> str:
    if code not in SENTENCES:
        return sentences.say(code, language, **words) if language else sentences.say_to_anyone(code)
    told = SENTENCES[code]
    return told.get(language[:2], told["en"])
