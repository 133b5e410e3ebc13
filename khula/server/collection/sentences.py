"""What the door says to a device, in the language of the person who carries it."""

from collections.abc import Mapping

SENTENCES: dict[str, Mapping[str, str]] = {
    "received": {
        "en": "Received.",
        "fr": "Bien reçu.",
    },
    "kept": {
        "en": "Received and kept. Someone on the team will look at it: {why}",
        "fr": "Bien reçu et conservé. Quelqu’un de l’équipe va regarder : {why}",
    },
    "conflict": {
        "en": "Received and kept. The server already had another version of this record; "
        "your coordinator will compare the two.",
        "fr": "Bien reçu et conservé. Le serveur avait déjà une autre version de cette fiche ; "
        "votre coordinateur comparera les deux.",
    },
    "unknown_device": {
        "en": "This device may not connect: its address is not valid, or no longer. "
        "Ask your coordinator for a new settings code and scan it.",
        "fr": "Cet appareil ne peut pas se connecter : son adresse n’est pas ou plus valable. "
        "Demandez à votre coordinateur un nouveau code de configuration et scannez-le.",
    },
    "another_tablet": {
        "en": "This code belongs to another tablet already. Ask your coordinator for a new device and scan its code.",
        "fr": "Ce code appartient déjà à une autre tablette. "
        "Demandez à votre coordinateur un nouvel appareil et scannez son code.",
    },
    "no_such_place": {
        "en": "There is nothing at this address. Check the server address in the settings, or scan the code again.",
        "fr": "Il n’y a rien à cette adresse. Vérifiez l’adresse du serveur dans les paramètres, "
        "ou scannez de nouveau le code.",
    },
    "form_gone": {
        "en": "This form or file is no longer offered. Refresh the list of forms.",
        "fr": "Ce formulaire ou fichier n’est plus proposé. Actualisez la liste des formulaires.",
    },
    "not_this_way": {
        "en": "The server does not work that way at this address. Update the app, or ask your coordinator.",
        "fr": "Le serveur ne fonctionne pas ainsi à cette adresse. Mettez l’application à jour, "
        "ou demandez à votre coordinateur.",
    },
    "wrong_host": {
        "en": "The server is not known by this name. Scan the settings code again.",
        "fr": "Le serveur n’est pas connu sous ce nom. Scannez de nouveau le code de configuration.",
    },
    "too_large": {
        "en": "This post is larger than {limit} MB. Use smaller photos, or send fewer at once.",
        "fr": "Cet envoi dépasse {limit} Mo. Utilisez des photos plus petites, ou envoyez-en moins à la fois.",
    },
    "no_multipart": {
        "en": "The post is not a form submission (multipart/form-data), so nothing was stored. Update the app.",
        "fr": "L’envoi n’est pas une fiche (multipart/form-data) : rien n’a été enregistré. "
        "Mettez l’application à jour.",
    },
    "no_xml": {
        "en": "The post holds no record (xml_submission_file), so nothing was stored. Update the app.",
        "fr": "L’envoi ne contient aucune fiche (xml_submission_file) : rien n’a été enregistré. "
        "Mettez l’application à jour.",
    },
    "cut_off": {
        "en": "The post was cut off on the way, so nothing was stored. Send it again.",
        "fr": "L’envoi a été coupé en route : rien n’a été enregistré. Renvoyez-le.",
    },
    "encoding": {
        "en": "The post is packed in a way the server cannot open (only gzip), so nothing was stored. Update the app.",
        "fr": "L’envoi est compressé d’une façon que le serveur ne connaît pas (seulement gzip) : "
        "rien n’a été enregistré. Mettez l’application à jour.",
    },
    "busy": {
        "en": "The server could not store the record just now. It is safe on the device; send it again later.",
        "fr": "Le serveur n’a pas pu enregistrer la fiche à l’instant. Elle est en sûreté sur l’appareil ; "
        "renvoyez-la plus tard.",
    },
}
# To a person the same: one address is not to be told from another by guessing.
SENTENCES["revoked_device"] = SENTENCES["unknown_device"]


def say(code: str, language: str, **words: object) -> str:
    told = SENTENCES[code]
    return told.get(language[:2], told["en"]).format(**words)


def say_to_anyone(code: str) -> str:
    """To a device nobody knows: in every language there is."""
    return " / ".join(SENTENCES[code].values())
