"""Why a person must look at something that came in: each code, in a sentence with what to do, in English and French.

A code that keeps a submission out of its case quarantines it; the others are marks on a submission that is used.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Look:
    keeps_out: bool
    say: Mapping[str, str]

    def told(self, language: str) -> str:
        return self.say.get(language[:2], self.say["en"])


def _out(en: str, fr: str) -> Look:
    return Look(True, {"en": en, "fr": fr})


def _mark(en: str, fr: str) -> Look:
    return Look(False, {"en": en, "fr": fr})


LOOK_CODES: Mapping[str, Look] = {
    "broken_xml": _out(
        "The record is cut off or damaged and cannot be read. Ask the sender to send it again from the device.",
        "La fiche est tronquée ou abîmée et ne peut pas être lue. Demandez à l’expéditeur de la renvoyer.",
    ),
    "nul_byte": _out(
        "The record holds bytes that no text may hold (NUL). Ask the sender to send it again from the device.",
        "La fiche contient des octets interdits (NUL). Demandez à l’expéditeur de la renvoyer depuis l’appareil.",
    ),
    "doctype": _out(
        "The record declares a document type, which no form of ours does. Find out which program sent it.",
        "La fiche déclare un type de document, ce qu’aucun de nos formulaires ne fait. Cherchez qui l’envoie.",
    ),
    "too_deep": _out(
        "The record is nested deeper than any form. Find out which program sent it.",
        "La fiche est imbriquée plus profondément qu’aucun formulaire. Cherchez quel programme l’a envoyée.",
    ),
    "too_large": _out(
        "The record is larger than any form of ours can be. Find out which program sent it.",
        "La fiche est plus grande qu’aucun de nos formulaires. Cherchez quel programme l’a envoyée.",
    ),
    "encrypted": _out(
        "The record is encrypted on the device, so nobody can read or score it here. Use a form without encryption.",
        "La fiche a été chiffrée sur l’appareil : illisible ici. Utilisez un formulaire non chiffré.",
    ),
    "no_form_id": _out(
        "The record does not say which form it belongs to. Find out which program sent it.",
        "La fiche ne dit pas à quel formulaire elle appartient. Cherchez quel programme l’a envoyée.",
    ),
    "no_instance_id": _out(
        "The record has no identity of its own (instanceID), so an edit or a second copy cannot be told apart. "
        "Find out which program sent it.",
        "La fiche n’a pas d’identité propre (instanceID) : on ne peut pas distinguer une correction d’un doublon. "
        "Cherchez quel programme l’a envoyée.",
    ),
    "long_instance_id": _out(
        "The record’s identity (instanceID) is longer than 255 characters. Find out which program sent it.",
        "L’identité de la fiche (instanceID) dépasse 255 caractères. Cherchez quel programme l’a envoyée.",
    ),
    "unknown_form": _out(
        "The form of this record is not published here. Publish its pack, and the record is taken up by itself.",
        "Le formulaire de cette fiche n’est pas publié ici. Publiez son paquet : la fiche sera reprise d’elle-même.",
    ),
    "unknown_version": _out(
        "This version of the form is not published here. Publish it, and the record is taken up by itself.",
        "Cette version du formulaire n’est pas publiée ici. Publiez-la : la fiche sera reprise d’elle-même.",
    ),
    "closed_form": _out(
        "The form was closed before this record arrived. Decide whether it still counts, then take it up again.",
        "Le formulaire était clos avant l’arrivée de cette fiche. Décidez si elle compte encore, puis reprenez-la.",
    ),
    "unknown_field": _mark(
        "The record holds a question that its form does not have. The other answers are used; compare the form.",
        "La fiche contient une question que son formulaire n’a pas. Les autres réponses comptent ; comparez.",
    ),
    "unknown_file": _mark(
        "A file came with the record that no question names. It is kept; see whether it belongs to this child.",
        "Un fichier est venu avec la fiche sans qu’une question le nomme. Il est gardé ; voyez s’il concerne l’enfant.",
    ),
    "changed_file": _mark(
        "A file came twice under one name with different content. Both are kept; see which one is right.",
        "Un fichier est venu deux fois sous un même nom avec un autre contenu. Voyez lequel vaut.",
    ),
    "unknown_child": _out(
        "The child of this record is not on the list here. Register the child, and the record is taken up by itself.",
        "L’enfant de cette fiche n’est pas sur la liste. Inscrivez l’enfant : la fiche sera reprise d’elle-même.",
    ),
    "no_child": _out(
        "The record does not say which child it is about. Ask the sender, then enter the child.",
        "La fiche ne dit pas de quel enfant il s’agit. Demandez à l’expéditeur, puis indiquez l’enfant.",
    ),
    "unknown_wave": _out(
        "The record belongs to no wave known here. Open the wave for this school, and it is taken up by itself.",
        "La fiche n’appartient à aucune vague connue. Ouvrez la vague pour cette école : elle sera reprise seule.",
    ),
    "child_not_in_wave": _out(
        "The child is not part of this wave. Add the child to the wave, and the record is taken up by itself.",
        "L’enfant ne fait pas partie de cette vague. Ajoutez l’enfant à la vague : la fiche sera reprise d’elle-même.",
    ),
    "safety_note_waits": _out(
        "A note about a child’s safety, and the child is unknown here or in no wave: nobody could be called by it. "
        "Ask the sender today who the child is and who was told. Then register the child, or add it to the wave.",
        "Une note de protection, et l’enfant est inconnu ici ou dans aucune vague : personne n’a pu être appelé. "
        "Demandez aujourd’hui à l’expéditeur qui est l’enfant et qui a été prévenu. Puis inscrivez l’enfant.",
    ),
    "wrong_pack": _out(
        "The record was filled in with another pack than the one this wave uses. Decide whether it still counts.",
        "La fiche a été remplie avec un autre paquet que celui de la vague. Décidez si elle compte.",
    ),
    "second_interview": _mark(
        "The same informant was asked about this child before in this wave. See which interview counts.",
        "Le même informateur a déjà été interrogé sur cet enfant dans cette vague. Voyez quel entretien compte.",
    ),
    "edit_fork": _out(
        "Two people corrected the same record. The first correction counts; see whether this one should.",
        "Deux personnes ont corrigé la même fiche. La première correction compte ; voyez si celle-ci doit compter.",
    ),
    "edit_of_unknown": _mark(
        "This corrects a record that has not arrived. It is used as it stands; the earlier one may still come.",
        "Ceci corrige une fiche qui n’est pas arrivée. Elle compte telle quelle ; l’ancienne peut encore venir.",
    ),
    "kept_unknown": _mark(
        "This correction leaves answers under seal as they were, but the record they stand in is not here, or is "
        "somebody else’s. Until it comes, they count as not known.",
        "Cette correction laisse des réponses sous scellé telles quelles, mais la fiche qui les contient n’est pas ici "
        "ou est à quelqu’un d’autre. Jusque-là, elles comptent comme inconnues.",
    ),
    "grade_differs": _mark(
        "The form gives another grade than the class it names. The class decides; see which one is right.",
        "La fiche donne un autre niveau que la classe qu’elle nomme. La classe décide ; voyez ce qui est juste.",
    ),
    "revoked_device": _mark(
        "The record was carried in from a device that had been shut out. See with its carrier who made it, and when.",
        "La fiche vient d’un appareil exclu depuis. Voyez avec son porteur qui l’a faite, et quand.",
    ),
    "could_not_store": _out(
        "The server could not work with this record, but has kept every byte. Tell whoever looks after the server.",
        "Le serveur n’a pas pu traiter cette fiche, mais a gardé chaque octet. Prévenez la personne qui s’en occupe.",
    ),
}
"""Every code a submission may carry."""

ENTITY_CODES: Mapping[str, Look] = {
    "held": _out(
        "An earlier change made on the same device has not arrived yet; this one follows it, or after 5 days alone.",
        "Un changement antérieur du même appareil n’est pas encore arrivé ; celui-ci suivra, ou seul après 5 jours.",
    ),
    "awaits_approval": _out(
        "The device asks to add to a list that a coordinator approves. Approve or refuse it.",
        "L’appareil demande un ajout à une liste qu’un coordinateur approuve. Approuvez ou refusez.",
    ),
    "unknown_list": _out(
        "The record names a list that is not known here. Publish the pack that uses it.",
        "La fiche nomme une liste inconnue ici. Publiez le paquet qui l’utilise.",
    ),
    "bad_uuid": _out(
        "The identity of the new entry is not a version-4 UUID, so it could be somebody else’s. Enter it by hand.",
        "L’identité de la nouvelle entrée n’est pas un UUID version 4. Saisissez-la à la main.",
    ),
    "blank_label": _out(
        "The new entry has no label (name). Enter it by hand, or ask the sender.",
        "La nouvelle entrée n’a pas de nom. Saisissez-la à la main, ou demandez à l’expéditeur.",
    ),
    "already_there": _out(
        "An entry with this identity is on the list already. See whether it is the same child.",
        "Une entrée avec cette identité est déjà sur la liste. Voyez s’il s’agit du même enfant.",
    ),
    "was_deleted": _out(
        "The entry was taken off the list before. Decide whether it should come back.",
        "L’entrée avait été retirée de la liste. Décidez si elle doit y revenir.",
    ),
    "unknown_entity": _out(
        "The change is about an entry that is not on the list. Register it, then try again.",
        "Le changement concerne une entrée absente de la liste. Inscrivez-la, puis réessayez.",
    ),
    "no_base": _out(
        "The change does not say which version of the entry it started from. See whether it should count.",
        "Le changement ne dit pas de quelle version il part. Voyez s’il doit compter.",
    ),
    "unknown_base": _out(
        "The change starts from a version of the entry that never was. See whether it should count.",
        "Le changement part d’une version qui n’a jamais existé. Voyez s’il doit compter.",
    ),
    "trunk_without_branch": _out(
        "The change names where it left the server’s list, but not its own branch. See whether it should count.",
        "Le changement dit où il a quitté la liste du serveur, mais pas sa branche. Voyez s’il doit compter.",
    ),
    "outside_scope": _out(
        "The device’s user has no post at this school. The change is kept; decide whether it should count.",
        "L’utilisateur de l’appareil n’a pas de poste dans cette école. Décidez si le changement compte.",
    ),
    "unknown_school": _out(
        "The school number of the new entry is not known here. Enter the school, then try again.",
        "Le numéro d’école de la nouvelle entrée est inconnu ici. Saisissez l’école, puis réessayez.",
    ),
    "nothing_asked": _mark(
        "The record carries an entry but asks for neither a new one nor a change.",
        "La fiche porte une entrée mais ne demande ni création ni changement.",
    ),
}
"""Every code an entity part may carry."""
