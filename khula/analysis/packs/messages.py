"""Everything that can be wrong with a pack: stable code in, problem and cure in English and French out. One table.

A part of a message in ⟦double brackets⟧ is left out when a word it needs is not known. Codes are never used again
for something else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Message:
    severity: Severity
    problem: Mapping[str, str]  # language -> template
    cure: Mapping[str, str]
    blocks_publishing: bool


def _message(severity: Severity, problem: str, cure: str, probleme: str, remede: str, blocks: bool) -> Message:
    return Message(severity, {"en": problem, "fr": probleme}, {"en": cure, "fr": remede}, blocks)


def _error(problem: str, cure: str, probleme: str, remede: str) -> Message:
    return _message("error", problem, cure, probleme, remede, True)


def _warning(problem: str, cure: str, probleme: str, remede: str) -> Message:
    return _message("warning", problem, cure, probleme, remede, False)


def _blocking(problem: str, cure: str, probleme: str, remede: str) -> Message:
    """A warning while writing; nothing is published with it."""
    return _message("warning", problem, cure, probleme, remede, True)


# 0xx files, sheets and cells · 1xx names and conditions · 2xx scales, bands and norms ·
# 3xx flags, strengths, domains and alerts · 4xx worked examples · 5xx sources, licences and languages · 6xx forms.
MESSAGES: dict[str, Message] = {
    # --- files ---------------------------------------------------------------------------------------------------
    "PACK_001": _error(
        "There is no pack here: no Excel workbook was found.",
        "Give the folder that holds child.xlsx, caregiver.xlsx, teacher.xlsx, health.xlsx and pack.xlsx.",
        "Il n’y a pas de pack ici : aucun classeur Excel n’a été trouvé.",
        "Indiquez le dossier qui contient child.xlsx, caregiver.xlsx, teacher.xlsx, health.xlsx et pack.xlsx.",
    ),
    "PACK_002": _error(
        "This file is not an Excel workbook (.xlsx), whatever its name says.",
        "Open it in your spreadsheet program and save it as Excel workbook (.xlsx).",
        "Ce fichier n’est pas un classeur Excel (.xlsx), malgré son nom.",
        "Ouvrez-le dans votre tableur et enregistrez-le comme classeur Excel (.xlsx).",
    ),
    "PACK_003": _error(
        "This workbook is protected with a password, so nobody but its author can read it.",
        "Save a copy without a password: in Excel, File, Info, Protect Workbook, Encrypt with Password, empty the box.",
        "Ce classeur est protégé par un mot de passe : seul son auteur peut le lire.",
        "Enregistrez une copie sans mot de passe : dans Excel, Fichier, Informations, Protéger le classeur, "
        "Chiffrer avec mot de passe, videz la case.",
    ),
    "PACK_004": _error(
        "This is an old Excel workbook (.xls).",
        "Save it as Excel workbook (.xlsx).",
        "C’est un ancien classeur Excel (.xls).",
        "Enregistrez-le comme classeur Excel (.xlsx).",
    ),
    "PACK_005": _error(
        "This workbook is far larger than any questionnaire.⟦ The sheet is {detail}.⟧",
        "Delete empty rows and columns that carry formatting, and pictures; or check where the file comes from.",
        "Ce classeur est bien plus grand que n’importe quel questionnaire.⟦ Il s’agit de la feuille {detail}.⟧",
        "Supprimez les lignes et colonnes vides mises en forme et les images ; ou vérifiez d’où vient le fichier.",
    ),
    "PACK_006": _error(
        "This workbook is damaged and cannot be read.",
        "Open it in your spreadsheet program, let it repair the file, and save it again.",
        "Ce classeur est endommagé et ne peut pas être lu.",
        "Ouvrez-le dans votre tableur, laissez-le réparer le fichier, puis enregistrez-le à nouveau.",
    ),
    "PACK_007": _error(
        "It is not known who answers this form.⟦ Did you mean {near}.xlsx?⟧",
        "Name the file child.xlsx, caregiver.xlsx, teacher.xlsx, health.xlsx or register.xlsx, or add a column "
        "`informant` to its sheet settings.",
        "On ne sait pas qui répond à ce formulaire.⟦ Vouliez-vous dire {near}.xlsx ?⟧",
        "Nommez le fichier child.xlsx, caregiver.xlsx, teacher.xlsx, health.xlsx ou register.xlsx, ou ajoutez une "
        "colonne `informant` à sa feuille settings.",
    ),
    "PACK_008": _error(
        "No workbook has scoring sheets (scales, flags, domains …).",
        "Add pack.xlsx to the folder.",
        "Aucun classeur n’a de feuilles de cotation (scales, flags, domains …).",
        "Ajoutez pack.xlsx au dossier.",
    ),
    "PACK_009": _error(
        "No workbook has a sheet `survey`, so nobody is asked anything.",
        "Add a form, for example caregiver.xlsx, to the folder.",
        "Aucun classeur n’a de feuille `survey` : personne n’est interrogé.",
        "Ajoutez un formulaire au dossier, par exemple caregiver.xlsx.",
    ),
    "PACK_010": _error(
        "This table is not saved as UTF-8 text, so accents and some letters would be wrong.",
        "Save it as CSV UTF-8.",
        "Ce tableau n’est pas enregistré en UTF-8 : les accents et certaines lettres seraient faux.",
        "Enregistrez-le au format CSV UTF-8.",
    ),
    "PACK_011": _warning(
        "Nothing reads this file.⟦ Did you mean {near}?⟧",
        "Put pictures and sound into the folder `media`, or take the file out of the pack.",
        "Rien ne lit ce fichier.⟦ Vouliez-vous dire {near} ?⟧",
        "Mettez les images et les sons dans le dossier `media`, ou retirez le fichier du pack.",
    ),
    # --- sheets, columns, cells ----------------------------------------------------------------------------------
    "PACK_020": _error(
        "Nothing reads the sheet `{name}`. Did you mean `{near}`?",
        "Rename the sheet to `{near}`.",
        "Rien ne lit la feuille `{name}`. Vouliez-vous dire `{near}` ?",
        "Renommez la feuille en `{near}`.",
    ),
    "PACK_021": _warning(
        "Nothing reads the sheet `{name}`.",
        "If it holds notes for people, name it `notes`; otherwise delete it.",
        "Rien ne lit la feuille `{name}`.",
        "Si elle contient des notes pour vos collègues, nommez-la `notes` ; sinon, supprimez-la.",
    ),
    "PACK_022": _error(
        "The sheet `{name}` is there twice; the first is in {first}.",
        "Put all its rows on one sheet.",
        "La feuille `{name}` existe deux fois ; la première est dans {first}.",
        "Réunissez toutes ses lignes sur une seule feuille.",
    ),
    "PACK_023": _error(
        "The sheet has no column headings in row 1.",
        "Write the column headings into the first row.",
        "La feuille n’a pas d’en-têtes de colonne à la ligne 1.",
        "Écrivez les en-têtes de colonne dans la première ligne.",
    ),
    "PACK_024": _error(
        "Nothing reads the column `{column}`. Did you mean `{near}`?",
        "Rename the column to `{near}`.",
        "Rien ne lit la colonne `{column}`. Vouliez-vous dire `{near}` ?",
        "Renommez la colonne en `{near}`.",
    ),
    "PACK_025": _warning(
        "Nothing reads the column `{column}`.",
        "If it holds notes for people, name it `notes`; otherwise delete it.",
        "Rien ne lit la colonne `{column}`.",
        "Si elle contient des notes pour vos collègues, nommez-la `notes` ; sinon, supprimez-la.",
    ),
    "PACK_026": _error(
        "The column `{column}` is there twice.",
        "Keep one of the two.",
        "La colonne `{column}` existe deux fois.",
        "Gardez l’une des deux.",
    ),
    "PACK_027": _error(
        "The column `{column}` is missing.",
        "Add a column headed `{column}`.",
        "La colonne `{column}` manque.",
        "Ajoutez une colonne intitulée `{column}`.",
    ),
    "PACK_028": _error(
        "The cell in column `{column}` is empty.",
        "Fill it in⟦: {hint}⟧.",
        "La cellule de la colonne `{column}` est vide.",
        "Remplissez-la⟦ : {hint}⟧.",
    ),
    "PACK_029": _error(
        "Column `{column}` holds the formula {shown}, which has no value yet.",
        "Open the workbook in a spreadsheet program and save it, or write the value itself. "
        "A text that begins with = needs an apostrophe in front.",
        "La colonne `{column}` contient la formule {shown}, qui n’a pas encore de valeur.",
        "Ouvrez le classeur dans un tableur et enregistrez-le, ou écrivez la valeur elle-même. "
        "Un texte qui commence par = doit être précédé d’une apostrophe.",
    ),
    "PACK_030": _error(
        "Column `{column}` shows the spreadsheet error {shown}.",
        "Correct the formula or write the value itself.",
        "La colonne `{column}` affiche l’erreur de tableur {shown}.",
        "Corrigez la formule ou écrivez la valeur elle-même.",
    ),
    "PACK_031": _error(
        "Cells are merged here (rows {row_from} to {row_to}); form tools read only the first of them.",
        "Unmerge the cells and write the value into each.",
        "Des cellules sont fusionnées ici (lignes {row_from} à {row_to}) ; seule la première est lue.",
        "Défusionnez les cellules et écrivez la valeur dans chacune.",
    ),
    "PACK_032": _error(
        "Column `{column}` says “{value}”, which is not a whole number.",
        "Write a whole number such as 3.",
        "La colonne `{column}` contient « {value} », qui n’est pas un nombre entier.",
        "Écrivez un nombre entier, par exemple 3.",
    ),
    "PACK_033": _error(
        "Column `{column}` says “{value}”, which is not a number.",
        "Write a number with a decimal point, such as 2.5, or leave the cell empty.",
        "La colonne `{column}` contient « {value} », qui n’est pas un nombre.",
        "Écrivez un nombre avec un point décimal, par exemple 2.5, ou laissez la cellule vide.",
    ),
    "PACK_034": _error(
        "Column `{column}` says “{value}”, which is not one of: {allowed}.⟦ Did you mean {near}?⟧",
        "Write one of: {allowed}.",
        "La colonne `{column}` contient « {value} », qui n’est pas l’une des valeurs : {allowed}.⟦ "
        "Vouliez-vous dire {near} ?⟧",
        "Écrivez l’une de ces valeurs : {allowed}.",
    ),
    "PACK_035": _error(
        "Column `{column}` holds “{value}”, which is not a list of names or a range.",
        "Write names with spaces between them, or a range such as psc_1..17.",
        "La colonne `{column}` contient « {value} », qui n’est ni une liste de noms ni une plage.",
        "Écrivez des noms séparés par des espaces, ou une plage telle que psc_1..17.",
    ),
    "PACK_036": _warning(
        "The language in the heading `{column}` has no code.",
        "Write the code in brackets, for example `label::English (en)`.",
        "La langue de l’en-tête `{column}` n’a pas de code.",
        "Écrivez le code entre parenthèses, par exemple `label::French (fr)`.",
    ),
    "PACK_037": _warning(
        "The cell {cell} holds “{value}” but its column has no heading, so nothing reads it.",
        "Give the column a heading or delete the cell.",
        "La cellule {cell} contient « {value} », mais sa colonne n’a pas d’en-tête : rien ne la lit.",
        "Donnez un en-tête à la colonne ou supprimez la cellule.",
    ),
    "PACK_038": _error(
        "The sheet `pack` does not say the pack’s `{key}`.",
        "Add a row with key `{key}` and its value.",
        "La feuille `pack` n’indique pas `{key}`.",
        "Ajoutez une ligne avec la clé `{key}` et sa valeur.",
    ),
    "PACK_039": _warning(
        "The sheet `pack` has a key `{key}` that nothing reads.⟦ Did you mean `{near}`?⟧",
        "Correct the key or delete the row.",
        "La feuille `pack` a une clé `{key}` que rien ne lit.⟦ Vouliez-vous dire `{near}` ?⟧",
        "Corrigez la clé ou supprimez la ligne.",
    ),
    # --- names ---------------------------------------------------------------------------------------------------
    # --- names ---------------------------------------------------------------------------------------------------
    "PACK_100": _error(
        "The name `{name}` is already used in {first}.",
        "Give one of the two another name.",
        "Le nom `{name}` est déjà utilisé dans {first}.",
        "Donnez un autre nom à l’un des deux.",
    ),
    "PACK_101": _error(
        "The name `{name}` stands for two different things; the other is in {first}. A condition could not tell them "
        "apart.",
        "Give one of the two another name.",
        "Le nom `{name}` désigne deux choses différentes ; l’autre est dans {first}. Une condition ne pourrait pas les "
        "distinguer.",
        "Donnez un autre nom à l’un des deux.",
    ),
    "PACK_102": _error(
        "“{name}” cannot be a name.",
        "Begin with a letter and use letters without accents, digits, _ and - only, for example `c_supper`.",
        "« {name} » ne peut pas être un nom.",
        "Commencez par une lettre et n’utilisez que des lettres sans accent, des chiffres, _ et -, par exemple "
        "`c_supper`.",
    ),
    "PACK_103": _error(
        "The names `{name}` and `{other}` differ only in capital letters; the other is in {first}.",
        "Choose names that also differ when read aloud.",
        "Les noms `{name}` et `{other}` ne diffèrent que par les majuscules ; l’autre est dans {first}.",
        "Choisissez des noms qui diffèrent aussi à voix haute.",
    ),
    "PACK_104": _error(
        "The name `{name}` has two underscores in a row, which form tools and our results keep for themselves.",
        "Write a single underscore.",
        "Le nom `{name}` contient deux tirets bas de suite, réservés aux outils de formulaires et à nos résultats.",
        "Écrivez un seul tiret bas.",
    ),
    "PACK_105": _error(
        "The name `{name}` already stands for a fact about the child ({context}).",
        "Give it another name, for example with a prefix for who answers: `g_{name}`.",
        "Le nom `{name}` désigne déjà un fait sur l’enfant ({context}).",
        "Donnez-lui un autre nom, par exemple avec un préfixe pour la personne qui répond : `g_{name}`.",
    ),
    # --- what cells refer to -------------------------------------------------------------------------------------
    "PACK_110": _error(
        "Column `{column}` names `{name}`, which is no question, derived value or scale.⟦ Did you mean `{near}`?⟧",
        "Correct the name, or add the question to a form.",
        "La colonne `{column}` cite `{name}`, qui n’est ni une question, ni une valeur dérivée, ni une échelle.⟦ "
        "Vouliez-vous dire `{near}` ?⟧",
        "Corrigez le nom, ou ajoutez la question à un formulaire.",
    ),
    "PACK_111": _error(
        "Column `{column}` names the scale `{name}`, which is not on the sheet scales.⟦ Did you mean `{near}`?⟧",
        "Correct the name, or add the scale.",
        "La colonne `{column}` cite l’échelle `{name}`, absente de la feuille scales.⟦ Vouliez-vous dire `{near}` ?⟧",
        "Corrigez le nom, ou ajoutez l’échelle.",
    ),
    "PACK_112": _error(
        "Column `{column}` names the domain `{name}`, which is not on the sheet domains.⟦ Did you mean `{near}`?⟧",
        "Correct the name, or add the domain.",
        "La colonne `{column}` cite le domaine `{name}`, absent de la feuille domains.⟦ Vouliez-vous dire `{near}` ?⟧",
        "Corrigez le nom, ou ajoutez le domaine.",
    ),
    "PACK_113": _error(
        "Column `{column}` names the instrument `{name}`, which is not on the sheet instruments.⟦ "
        "Did you mean `{near}`?⟧",
        "Correct the name, or add the instrument with its licence and source.",
        "La colonne `{column}` cite l’instrument `{name}`, absent de la feuille instruments.⟦ "
        "Vouliez-vous dire `{near}` ?⟧",
        "Corrigez le nom, ou ajoutez l’instrument avec sa licence et sa source.",
    ),
    "PACK_114": _error(
        "Column `{column}` names the norm `{name}`, which is not on the sheet norms.⟦ Did you mean `{near}`?⟧",
        "Correct the name, or add the norm.",
        "La colonne `{column}` cite la norme `{name}`, absente de la feuille norms.⟦ Vouliez-vous dire `{near}` ?⟧",
        "Corrigez le nom, ou ajoutez la norme.",
    ),
    "PACK_115": _error(
        "Column `{column}` names the form `{name}`, but no workbook has that form_id.⟦ Did you mean `{near}`?⟧",
        "Write the form_id as it stands on the form’s sheet settings.",
        "La colonne `{column}` cite le formulaire `{name}`, mais aucun classeur n’a ce form_id.⟦ "
        "Vouliez-vous dire `{near}` ?⟧",
        "Écrivez le form_id tel qu’il figure dans la feuille settings du formulaire.",
    ),
    "PACK_116": _error(
        "The informant of this instrument is {informant}, but the form `{name}` is answered by {other}.",
        "Correct one of the two.",
        "L’informateur de cet instrument est {informant}, mais c’est {other} qui répond au formulaire `{name}`.",
        "Corrigez l’un des deux.",
    ),
    # --- conditions ----------------------------------------------------------------------------------------------
    "PACK_120": _error(
        "Column `{column}` cannot be read at character {at}: {detail}",
        "Write it as in an XLSForm’s column relevant, for example ${q} = 'yes' and ${score} >= 15.",
        "La colonne `{column}` est illisible au caractère {at} : {detail}",
        "Écrivez-la comme dans la colonne relevant d’un XLSForm, par exemple ${q} = 'yes' and ${score} >= 15.",
    ),
    "PACK_121": _error(
        "Column `{column}` has a curly quotation mark ({shown}), which looks straight to a person only.",
        "Type the straight mark ' and switch off “smart quotes” in your spreadsheet program.",
        "La colonne `{column}` contient un guillemet courbe ({shown}), que les programmes ne comprennent pas.",
        "Tapez l’apostrophe droite ' et désactivez les « guillemets typographiques » de votre tableur.",
    ),
    "PACK_122": _error(
        "Column `{column}` uses the function `{name}`, which does not exist.⟦ Did you mean `{near}`?⟧",
        "Use one of: {allowed}.",
        "La colonne `{column}` utilise la fonction `{name}`, qui n’existe pas.⟦ Vouliez-vous dire `{near}` ?⟧",
        "Utilisez l’une de : {allowed}.",
    ),
    "PACK_123": _error(
        "Column `{column}` names `{name}`, which is no question, derived value, scale, parameter or fact about the "
        "child.⟦ Did you mean `{near}`?⟧",
        "Correct the name.",
        "La colonne `{column}` cite `{name}`, qui n’est ni une question, ni une valeur dérivée, ni une échelle, ni un "
        "paramètre, ni un fait sur l’enfant.⟦ Vouliez-vous dire `{near}` ?⟧",
        "Corrigez le nom.",
    ),
    "PACK_124": _error(
        "Column `{column}` does not fit together at character {at}: {detail}",
        "Compare like with like: a number with a number, a choice with its code in quotes.",
        "La colonne `{column}` est incohérente au caractère {at} : {detail}",
        "Comparez ce qui est comparable : un nombre avec un nombre, un choix avec son code entre apostrophes.",
    ),
    "PACK_125": _error(
        "Column `{column}` compares `{name}` with '{value}', which is not one of its choices ({allowed}): that is "
        "never true.⟦ Did you mean '{near}'?⟧",
        "Write the choice as it stands in the column name of the sheet choices.",
        "La colonne `{column}` compare `{name}` à '{value}', qui n’est pas l’un de ses choix ({allowed}) : ce n’est "
        "jamais vrai.⟦ Vouliez-vous dire '{near}' ?⟧",
        "Écrivez le choix tel qu’il figure dans la colonne name de la feuille choices.",
    ),
    "PACK_126": _error(
        "Column `{column}` compares band(${name}) with '{value}', which is not one of its bands ({allowed}): that "
        "is never true.⟦ Did you mean '{near}'?⟧",
        "Write the band as it stands on the sheet bands.",
        "La colonne `{column}` compare band(${name}) à '{value}', qui n’est pas l’une de ses bandes ({allowed}) : "
        "ce n’est jamais vrai.⟦ Vouliez-vous dire '{near}' ?⟧",
        "Écrivez la bande telle qu’elle figure dans la feuille bands.",
    ),
    "PACK_127": _error(
        "Column `{column}` compares `{name}` with '{value}', which counts as no answer: that is never true.",
        "Write missing(${name}) if you mean that nothing is known.",
        "La colonne `{column}` compare `{name}` à '{value}', qui compte comme une absence de réponse : ce n’est jamais "
        "vrai.",
        "Écrivez missing(${name}) si vous voulez dire qu’on ne sait rien.",
    ),
    "PACK_128": _error(
        "Column `{column}` asks for the band of `{name}`, which {why}.",
        "Write the name of a scale that has rows on the sheet bands.",
        "La colonne `{column}` demande la bande de `{name}`, qui {why}.",
        "Écrivez le nom d’une échelle qui a des lignes dans la feuille bands.",
    ),
    "PACK_129": _error(
        "Column `{column}` compares `{name}` with {value}, but it lies between {lowest} and {highest}: that is "
        "{always} true.",
        "Correct the number.",
        "La colonne `{column}` compare `{name}` à {value}, mais sa valeur va de {lowest} à {highest} : ce n’est "
        "{always} vrai.",
        "Corrigez le nombre.",
    ),
    "PACK_130": _error(
        "These names are worked out from one another in a circle: {circle}.",
        "Take one of them out of the circle.",
        "Ces noms se calculent en cercle, les uns à partir des autres : {circle}.",
        "Retirez l’un d’eux du cercle.",
    ),
    "PACK_131": _error(
        "Column `{column}` names `{name}`, which is asked in a repeat and so has several answers.",
        "Calculate one value outside the repeat, for example with sum() or count(), and name that.",
        "La colonne `{column}` cite `{name}`, posée dans une répétition et qui a donc plusieurs réponses.",
        "Calculez une seule valeur hors de la répétition, par exemple avec sum() ou count(), et citez-la.",
    ),
    "PACK_132": _error(
        "No answer can make this row's condition true.",
        "Look at what its parts demand at the same time.",
        "Aucune réponse ne peut rendre vraie la condition de cette ligne.",
        "Regardez ce que ses parties exigent en même temps.",
    ),
    "PACK_133": _error(
        "This line is never reached: an earlier line of `{name}` (row {earlier}) is always true.",
        "Put the line without a condition last.",
        "Cette ligne n’est jamais atteinte : une ligne précédente de `{name}` (ligne {earlier}) est toujours vraie.",
        "Mettez la ligne sans condition en dernier.",
    ),
    "PACK_134": _error(
        "The lines of `{name}` do not stand together: others begin in row {first}.",
        "Move them together; the first true line wins.",
        "Les lignes de `{name}` ne se suivent pas : d’autres commencent à la ligne {first}.",
        "Regroupez-les ; la première ligne vraie l’emporte.",
    ),
    "PACK_135": _error(
        "The lines of `{name}` give values of different kinds.",
        "Let every line give a number, or every line a text.",
        "Les lignes de `{name}` donnent des valeurs de natures différentes.",
        "Que chaque ligne donne un nombre, ou que chaque ligne donne un texte.",
    ),
    # --- scales --------------------------------------------------------------------------------------------------
    "PACK_200": _error(
        "Column `reverse` names `{name}`, which is not one of the scale’s items.⟦ Did you mean `{near}`?⟧",
        "Correct the name, or add it to `items`.",
        "La colonne `reverse` cite `{name}`, qui n’est pas un item de l’échelle.⟦ Vouliez-vous dire `{near}` ?⟧",
        "Corrigez le nom, ou ajoutez-le à `items`.",
    ),
    "PACK_201": _error(
        "The item `{name}` can be {value}, but `item_min` to `item_max` is {lowest} to {highest}.",
        "Widen the limits, or correct the choices.",
        "L’item `{name}` peut valoir {value}, mais `item_min` à `item_max` va de {lowest} à {highest}.",
        "Élargissez les limites, ou corrigez les choix.",
    ),
    "PACK_202": _error(
        "The item `{name}` is {what}; a scale adds up whole numbers.",
        "Name its choices 0, 1, 2 …, or turn it into a number on the sheet derive.",
        "L’item `{name}` est {what} ; une échelle additionne des nombres entiers.",
        "Nommez ses choix 0, 1, 2 …, ou transformez-le en nombre dans la feuille derive.",
    ),
    "PACK_203": _error(
        "`{column}` is needed: without the limits of an item nobody knows what a blank answer could change.",
        "Write the lowest and the highest code of the items.",
        "`{column}` est nécessaire : sans les limites d’un item, on ignore ce qu’une réponse manquante changerait.",
        "Écrivez le plus petit et le plus grand code des items.",
    ),
    "PACK_204": _error(
        "`item_min` ({lowest}) is not below `item_max` ({highest}).",
        "Exchange them or correct them.",
        "`item_min` ({lowest}) n’est pas inférieur à `item_max` ({highest}).",
        "Échangez-les ou corrigez-les.",
    ),
    "PACK_205": _error(
        "`min_answered` is {value}; the scale has {count} items.",
        "Write a number from 1 to {count}, or a percentage.",
        "`min_answered` vaut {value} ; l’échelle a {count} items.",
        "Écrivez un nombre de 1 à {count}, ou un pourcentage.",
    ),
    "PACK_206": _error(
        "The missing rule `{rule}` needs `min_answered`: how many items must be answered.",
        "Write the published number, or `none` as the rule.",
        "La règle `{rule}` exige `min_answered` : combien d’items doivent avoir une réponse.",
        "Écrivez le nombre publié, ou la règle `none`.",
    ),
    "PACK_207": _error(
        "The item `{name}` is listed twice.",
        "Take one of them away.",
        "L’item `{name}` est cité deux fois.",
        "Supprimez l’un des deux.",
    ),
    "PACK_208": _error(
        "The method `{method}` needs the column `{column}`.",
        "Fill it in.",
        "La méthode `{method}` exige la colonne `{column}`.",
        "Remplissez-la.",
    ),
    "PACK_209": _error(
        "The method `{method}` makes no use of the column `{column}`.",
        "Empty the cell, or choose another method.",
        "La méthode `{method}` n’utilise pas la colonne `{column}`.",
        "Videz la cellule, ou choisissez une autre méthode.",
    ),
    "PACK_210": _error(
        "“{value}” does not fit the growth table: BMI for age takes weight (kg) and height (cm), height and weight for "
        "age take one measurement.",
        "List the weight first and then the height, or one of them.",
        "« {value} » ne convient pas à la table de croissance : l’IMC pour l’âge demande le poids (kg) et la taille "
        "(cm), la taille et le poids pour l’âge une seule mesure.",
        "Citez d’abord le poids, puis la taille, ou l’un des deux.",
    ),
    "PACK_211": _error(
        "Rounding to {value} decimals is not possible.",
        "Write 0, 1, 2, 3 or 4, or leave the cell empty.",
        "Un arrondi à {value} décimales n’est pas possible.",
        "Écrivez 0, 1, 2, 3 ou 4, ou laissez la cellule vide.",
    ),
    "PACK_212": _error(
        "The item `{name}` is itself a scale of one decimal or more; only whole numbers can be added up.",
        "Use the method expression.",
        "L’item `{name}` est lui-même une échelle à décimales ; seuls des nombres entiers s’additionnent.",
        "Utilisez la méthode expression.",
    ),
    # --- bands ---------------------------------------------------------------------------------------------------
    "PACK_220": _error(
        "`{column_from}` ({lowest}) is not below `{column_to}` ({highest}), so this row is never used.",
        "Exchange or correct them. The first number belongs to the row, the second no longer.",
        "`{column_from}` ({lowest}) n’est pas inférieur à `{column_to}` ({highest}) : cette ligne ne sert jamais.",
        "Échangez-les ou corrigez-les. Le premier nombre fait partie de la ligne, le second n’en fait plus partie.",
    ),
    "PACK_221": _error(
        "The bands of `{scale}` leave a hole⟦ for {cell}⟧: a score of {score} has no band.",
        "Let each band begin where the one before ends (`below` of one = `from` of the next), the lowest without "
        "`from`, the highest without `below`.",
        "Les bandes de `{scale}` laissent un trou⟦ pour {cell}⟧ : un score de {score} n’a pas de bande.",
        "Que chaque bande commence où la précédente finit (`below` de l’une = `from` de la suivante), la plus basse "
        "sans `from`, la plus haute sans `below`.",
    ),
    "PACK_222": _error(
        "The bands of `{scale}` overlap⟦ for {cell}⟧: a score of {score} also lies in the band of row {other}.",
        "Move one of the limits, or give one row more conditions (the row with most conditions wins).",
        "Les bandes de `{scale}` se chevauchent⟦ pour {cell}⟧ : un score de {score} est aussi dans la bande de la "
        "ligne {other}.",
        "Déplacez l’une des limites, ou donnez plus de conditions à une ligne (la plus précise l’emporte).",
    ),
    "PACK_223": _error(
        "The bands of `{scale}` say nothing for {cell}, so such a child never gets a band.",
        "Add rows without that condition for everybody else.",
        "Les bandes de `{scale}` ne disent rien pour {cell} : un tel enfant n’a jamais de bande.",
        "Ajoutez des lignes sans cette condition pour tous les autres.",
    ),
    "PACK_224": _error(
        "No score can reach this band: `{scale}` lies between {lowest} and {highest}.",
        "Correct the cut-off.",
        "Aucun score n’atteint cette bande : `{scale}` va de {lowest} à {highest}.",
        "Corrigez le seuil.",
    ),
    "PACK_225": _error(
        "Column `{column}` says “{value}”, which is not a code of the form that enrols children ({allowed}): no child "
        "would have it.⟦ Did you mean {near}?⟧",
        "Write the code as it stands on the sheet choices of that form.",
        "La colonne `{column}` contient « {value} », qui n’est pas un code du formulaire d’inscription ({allowed}) : "
        "aucun enfant ne l’aurait.⟦ Vouliez-vous dire {near} ?⟧",
        "Écrivez le code tel qu’il figure dans la feuille choices de ce formulaire.",
    ),
    # --- norms and parameters ------------------------------------------------------------------------------------
    "PACK_230": _error(
        "The norm table `{name}` is neither a built-in one nor a CSV file of the pack.⟦ Did you mean `{near}`?⟧",
        "Built in are {allowed}; any other table goes into the folder as a CSV file.",
        "La table de normes `{name}` n’est ni intégrée ni un fichier CSV du pack.⟦ Vouliez-vous dire `{near}` ?⟧",
        "Sont intégrées {allowed} ; toute autre table va dans le dossier comme fichier CSV.",
    ),
    "PACK_231": _error(
        "The table `{name}` has no column `{missing}`.",
        "A growth table has the columns sex, index, l, m, s; a Rasch table the columns raw, measure.",
        "La table `{name}` n’a pas de colonne `{missing}`.",
        "Une table de croissance a les colonnes sex, index, l, m, s ; une table de Rasch les colonnes raw, measure.",
    ),
    "PACK_232": _error(
        "The norm `{name}` has nothing for ages from {lowest} to {highest} months.",
        "Let each row begin at the age where the one before ends.",
        "La norme `{name}` n’a rien pour les âges de {lowest} à {highest} mois.",
        "Que chaque ligne commence à l’âge où la précédente finit.",
    ),
    "PACK_233": _error(
        "The norm `{name}` has two rows for the same ages; the other is row {other}.",
        "Let each row begin at the age where the one before ends.",
        "La norme `{name}` a deux lignes pour les mêmes âges ; l’autre est la ligne {other}.",
        "Que chaque ligne commence à l’âge où la précédente finit.",
    ),
    "PACK_234": _error(
        "The table `{name}` cannot be used: {detail}.",
        "Correct that line; every cell is a number with a decimal point, sex is male or female (or 1 or 2).",
        "La table `{name}` est inutilisable : {detail}.",
        "Corrigez cette ligne ; chaque cellule est un nombre à point décimal, sex vaut male ou female (ou 1 ou 2).",
    ),
    "PACK_235": _error(
        "The table `{name}` has no measure for a raw score of {score}.",
        "Give every raw score from {lowest} to {highest} a line.",
        "La table `{name}` n’a pas de mesure pour un score brut de {score}.",
        "Donnez une ligne à chaque score brut de {lowest} à {highest}.",
    ),
    "PACK_236": _error(
        "“{value}” is not a day.",
        "Write it as 2026-01-31.",
        "« {value} » n’est pas une date.",
        "Écrivez-la sous la forme 2026-01-31.",
    ),
    "PACK_237": _error(
        "The parameter `{name}` has two values from {value} on; the other is in row {other}.",
        "Keep one of them.",
        "Le paramètre `{name}` a deux valeurs à partir du {value} ; l’autre est à la ligne {other}.",
        "Gardez l’une d’elles.",
    ),
    # --- flags, strengths, domains, alerts -----------------------------------------------------------------------
    "PACK_300": _error(
        "A child’s own word may raise `{domain}` to medium at most; high is for protection only.",
        "Write medium, or let another informant raise the flag.",
        "La parole de l’enfant peut élever `{domain}` au niveau medium au plus ; high est réservé à protection.",
        "Écrivez medium, ou confiez ce signal à un autre informateur.",
    ),
    "PACK_301": _error(
        "The domain `{name}` has no flag at medium or high, so it could never be anything but low or not known.",
        "Add a flag for it, or take the domain away.",
        "Le domaine `{name}` n’a aucun signal medium ou high : il ne pourrait être que bas ou inconnu.",
        "Ajoutez-lui un signal, ou supprimez le domaine.",
    ),
    "PACK_302": _error(
        "The domain asks for {value} known facts but names only {count} in `needs`: it can never be low.",
        "Lower `needs_at_least`, or name more facts.",
        "Le domaine demande {value} faits connus mais n’en cite que {count} dans `needs` : il ne peut jamais être bas.",
        "Diminuez `needs_at_least`, ou citez plus de faits.",
    ),
    "PACK_303": _error(
        "`needs_at_least` is {value}: a child about whom nothing is known would be called low.",
        "Write how many of the facts in `needs` must be known, at least 1.",
        "`needs_at_least` vaut {value} : un enfant dont on ne sait rien serait classé bas.",
        "Écrivez combien des faits de `needs` doivent être connus, au moins 1.",
    ),
    "PACK_304": _error(
        "The row says {informant} speaks, but its condition asks only {others}.",
        "Correct `informant`: who differs from whom is read from this column.",
        "La ligne dit que {informant} parle, mais sa condition n’interroge que {others}.",
        "Corrigez `informant` : c’est cette colonne qui dit qui n’est pas d’accord avec qui.",
    ),
    "PACK_305": _error(
        "Column `{column}` names “{value}”, which is no role.⟦ Did you mean {near}?⟧",
        "Write one of: {allowed}.",
        "La colonne `{column}` cite « {value} », qui n’est pas un rôle.⟦ Vouliez-vous dire {near} ?⟧",
        "Écrivez l’un de : {allowed}.",
    ),
    "PACK_306": _error(
        "The alert is hidden from {value}, who is also to be told.",
        "Take the role out of `tell` or out of `hide_from`.",
        "L’alerte est cachée à {value}, qui doit aussi en être averti.",
        "Retirez ce rôle de `tell` ou de `hide_from`.",
    ),
    "PACK_307": _error(
        "`{name}` is named twice in `needs`, so one answer would count as two facts.",
        "Take one of them away.",
        "`{name}` est cité deux fois dans `needs` : une seule réponse compterait pour deux faits.",
        "Supprimez l’un des deux.",
    ),
    "PACK_308": _warning(
        "The flag asks for the band `{band}` of `{scale}` alone, but the flag `{other}` calls `{worse}` graver: where "
        "a missing answer leaves both possible, nobody is told of either.",
        "Let the flag mean “this band or worse”: {hint}.",
        "Le signal ne demande que la bande `{band}` de `{scale}`, alors que le signal `{other}` juge `{worse}` plus "
        "grave : si une réponse manquante laisse les deux possibles, personne n’est averti.",
        "Que le signal signifie « cette bande ou pire » : {hint}.",
    ),
    # --- worked examples -----------------------------------------------------------------------------------------
    "PACK_400": _error(
        "Column `{column}` cannot be read at “{part}”.",
        "Write name=value with semicolons between, for example {hint}.",
        "La colonne `{column}` est illisible à « {part} ».",
        "Écrivez nom=valeur séparés par des points-virgules, par exemple {hint}.",
    ),
    "PACK_401": _error(
        "Column `{column}` names `{name}`, which is not known here.⟦ Did you mean `{near}`?⟧",
        "Correct the name.",
        "La colonne `{column}` cite `{name}`, inconnu ici.⟦ Vouliez-vous dire `{near}` ?⟧",
        "Corrigez le nom.",
    ),
    "PACK_402": _error(
        "`{name}` cannot be “{value}”.⟦ Possible are: {allowed}.⟧",
        "Write an answer that the form can give.",
        "`{name}` ne peut pas valoir « {value} ».⟦ Valeurs possibles : {allowed}.⟧",
        "Écrivez une réponse que le formulaire peut donner.",
    ),
    "PACK_403": _error(
        "The example “{test}” expects {name} = {expected}; the sheets give {got}.",
        "Correct the example, or the sheets, whichever is wrong.",
        "L’exemple « {test} » attend {name} = {expected} ; les feuilles donnent {got}.",
        "Corrigez l’exemple ou les feuilles, selon ce qui est faux.",
    ),
    "PACK_404": _error(
        "No example makes the flag `{name}` true: nobody has seen it fire.",
        "Add a row to the sheet tests with answers that must raise it, and expect flag({name})=yes.",
        "Aucun exemple ne rend vrai le signal `{name}` : personne ne l’a vu se déclencher.",
        "Ajoutez à la feuille tests une ligne avec des réponses qui doivent le lever, et attendez flag({name})=yes.",
    ),
    "PACK_405": _error(
        "No example makes the alert `{name}` true: nobody has seen it fire.",
        "Add a row to the sheet tests with answers that must raise it, and expect alert({name})=yes.",
        "Aucun exemple ne rend vraie l’alerte `{name}` : personne ne l’a vue se déclencher.",
        "Ajoutez à la feuille tests une ligne avec des réponses qui doivent la lever, et attendez alert({name})=yes.",
    ),
    "PACK_406": _error(
        "No example makes the strength `{name}` true.",
        "Add a row to the sheet tests and expect strength({name})=yes.",
        "Aucun exemple ne rend vraie la force `{name}`.",
        "Ajoutez une ligne à la feuille tests et attendez strength({name})=yes.",
    ),
    "PACK_407": _error(
        "No example reaches the band `{band}` of `{scale}`.",
        "Add a row to the sheet tests whose answers give it, and expect band({scale})={band}.",
        "Aucun exemple n’atteint la bande `{band}` de `{scale}`.",
        "Ajoutez à la feuille tests une ligne dont les réponses la donnent, et attendez band({scale})={band}.",
    ),
    "PACK_408": _warning(
        "No example shows this cut-off at work⟦ ({cell})⟧.",
        "Add a row to the sheet tests for such a child.",
        "Aucun exemple ne montre ce seuil à l’œuvre⟦ ({cell})⟧.",
        "Ajoutez à la feuille tests une ligne pour un tel enfant.",
    ),
    "PACK_409": _warning(
        "No example shows the domain `{name}` as “{value}”.",
        "Add a row to the sheet tests and expect domain({name})={value}.",
        "Aucun exemple ne montre le domaine `{name}` à « {value} ».",
        "Ajoutez une ligne à la feuille tests et attendez domain({name})={value}.",
    ),
    "PACK_410": _error(
        "The examples were not tried, because the sheets have errors.",
        "Put the errors above right and check again.",
        "Les exemples n’ont pas été essayés, car les feuilles contiennent des erreurs.",
        "Corrigez les erreurs ci-dessus et vérifiez à nouveau.",
    ),
    "PACK_411": _error(
        "The example “{test}” expects nothing.",
        "Write what must come out, for example {hint}.",
        "L’exemple « {test} » n’attend rien.",
        "Écrivez ce qui doit en sortir, par exemple {hint}.",
    ),
    "PACK_412": _error(
        "The sheets cannot be worked out: {detail}",
        "Correct the row; if it looks right, tell the makers of Khula and quote this line.",
        "Les feuilles ne peuvent pas être calculées : {detail}",
        "Corrigez la ligne ; si elle semble juste, signalez-le aux auteurs de Khula en citant cette ligne.",
    ),
    # --- sources, licences, languages ----------------------------------------------------------------------------
    "PACK_500": _error(
        "The cell in column `{column}` is empty, so people who read {language} would see nothing.",
        "Translate it⟦: “{original}”⟧.",
        "La cellule de la colonne `{column}` est vide : qui lit en {language} ne verrait rien.",
        "Traduisez⟦ : « {original} »⟧.",
    ),
    "PACK_501": _error(
        "The sheet has no column `{column}`, so people who read {language} would see nothing.",
        "Add the column and translate each cell.",
        "La feuille n’a pas de colonne `{column}` : qui lit en {language} ne verrait rien.",
        "Ajoutez la colonne et traduisez chaque cellule.",
    ),
    "PACK_502": _error(
        "The source is missing.",
        "Write where it comes from (author and year, or “ours” with the reason).",
        "La source manque.",
        "Écrivez d’où cela vient (auteur et année, ou « nous » avec la raison).",
    ),
    "PACK_503": _error(
        "The licence is missing.",
        "Write under which licence the wording may be used, or who gave permission and when.",
        "La licence manque.",
        "Écrivez sous quelle licence le texte peut être utilisé, ou qui l’a autorisé et quand.",
    ),
    "PACK_504": _blocking(
        "The wording of the plug-in `{name}` is not here ({count} questions without a label, first {first}).",
        "The licence holder puts the licensed wording into the labels and fills in licence_holder, licence_number and "
        "licence_expires on the sheet instruments.",
        "Le texte du module `{name}` n’est pas ici ({count} questions sans libellé, la première : {first}).",
        "Le titulaire de la licence met le texte autorisé dans les libellés et remplit licence_holder, licence_number "
        "et licence_expires dans la feuille instruments.",
    ),
    "PACK_505": _blocking(
        "The plug-in `{name}` has its wording but does not say who may use it.",
        "Fill in licence_holder, licence_number and licence_expires on the sheet instruments.",
        "Le module `{name}` contient son texte mais ne dit pas qui peut l’utiliser.",
        "Remplissez licence_holder, licence_number et licence_expires dans la feuille instruments.",
    ),
    "PACK_506": _error(
        "`{name}` has no words for people in column `{column}`.",
        "Say in one plain sentence what it means, in every language of the pack.",
        "`{name}` n’a pas de texte pour les lecteurs dans la colonne `{column}`.",
        "Dites en une phrase simple ce que cela signifie, dans chaque langue du pack.",
    ),
    "PACK_507": _blocking(
        "The licence of `{name}` ended on {value}.",
        "Renew it and write the new day into licence_expires on the sheet instruments, or take the instrument out of "
        "the pack.",
        "La licence de `{name}` a pris fin le {value}.",
        "Renouvelez-la et écrivez la nouvelle date dans licence_expires de la feuille instruments, ou retirez "
        "l’instrument du pack.",
    ),
    # --- forms ---------------------------------------------------------------------------------------------------
    "PACK_600": _error(
        "pyxform, which turns the workbook into a form, refuses it: {detail}",
        "Correct the row it names.",
        "pyxform, qui transforme le classeur en formulaire, le refuse : {detail}",
        "Corrigez la ligne qu’il indique.",
    ),
    "PACK_601": _error(
        "ODK Validate refuses the form: {detail}",
        "Correct the expression it names.",
        "ODK Validate refuse le formulaire : {detail}",
        "Corrigez l’expression qu’il indique.",
    ),
    "PACK_602": _error(
        "Column `{column}` uses the function `{name}`, which ODK Collect does not know: the interview would stop "
        "there.⟦ Did you mean `{near}`?⟧",
        "Use another function. ODK Validate does not notice this inside if().",
        "La colonne `{column}` utilise la fonction `{name}`, inconnue d’ODK Collect : l’entretien s’arrêterait là.⟦ "
        "Vouliez-vous dire `{near}` ?⟧",
        "Utilisez une autre fonction. ODK Validate ne le remarque pas à l’intérieur de if().",
    ),
    "PACK_603": _error(
        "Column `{column}` gives `{name}` {given} values; it takes {wanted}.",
        "Correct the call. ODK Validate does not notice this inside if().",
        "La colonne `{column}` donne {given} valeurs à `{name}`, qui en prend {wanted}.",
        "Corrigez l’appel. ODK Validate ne le remarque pas à l’intérieur de if().",
    ),
    "PACK_604": _error(
        "Column `{column}` cannot be read: {shown} does not fit there.",
        "Close every bracket and quotation mark, and use straight quotes and the words and, or, div.",
        "La colonne `{column}` est illisible : {shown} n’y a pas sa place.",
        "Fermez chaque parenthèse et guillemet, et utilisez des guillemets droits et les mots and, or, div.",
    ),
    "PACK_605": _error(
        "Column `{column}` joins questions with |, which ODK Collect cannot work out.",
        "Write coalesce(${a}, 0) + coalesce(${b}, 0).",
        "La colonne `{column}` réunit des questions avec |, ce qu’ODK Collect ne sait pas calculer.",
        "Écrivez coalesce(${a}, 0) + coalesce(${b}, 0).",
    ),
    "PACK_606": _error(
        "The question has a constraint but no `constraint_message`: people would not learn what is wrong.",
        "Write what may be answered, in every language.",
        "La question a une contrainte mais pas de `constraint_message` : on ne saurait pas ce qui ne va pas.",
        "Écrivez ce qu’on peut répondre, dans chaque langue.",
    ),
    "PACK_607": _error(
        "A {kind} is required, but nobody can answer it: the form could not be finished.",
        "Empty the cell `required`.",
        "Un élément {kind} est obligatoire, mais personne ne peut y répondre : le formulaire ne pourrait pas être "
        "terminé.",
        "Videz la cellule `required`.",
    ),
    "PACK_608": _error(
        "The question `{name}` has no words in any language.",
        "Write a label.",
        "La question `{name}` n’a de texte dans aucune langue.",
        "Écrivez un libellé.",
    ),
    "PACK_609": _error(
        "The form has no `{column}`.",
        "Fill in `{column}` on the sheet settings⟦, for example {hint}⟧.",
        "Le formulaire n’a pas de `{column}`.",
        "Remplissez `{column}` dans la feuille settings⟦, par exemple {hint}⟧.",
    ),
    "PACK_610": _error(
        "`choice_filter` names the column `{name}`, which is not on the sheet choices.⟦ Did you mean `{near}`?⟧",
        "Add it, or correct the name.",
        "`choice_filter` cite la colonne `{name}`, absente de la feuille choices.⟦ Vouliez-vous dire `{near}` ?⟧",
        "Ajoutez-la, ou corrigez le nom.",
    ),
    "PACK_611": _error(
        "Column `{column}` names the file `{name}`, which is not in the folder media.⟦ Did you mean `{near}`?⟧",
        "Put the file into media, or correct the name.",
        "La colonne `{column}` cite le fichier `{name}`, absent du dossier media.⟦ Vouliez-vous dire `{near}` ?⟧",
        "Mettez le fichier dans media, ou corrigez le nom.",
    ),
    "PACK_612": _error(
        "The question takes its choices from the list `{name}`, which is not on the sheet choices.⟦ "
        "Did you mean `{near}`?⟧",
        "Add the list, or correct the name.",
        "La question prend ses choix dans la liste `{name}`, absente de la feuille choices.⟦ "
        "Vouliez-vous dire `{near}` ?⟧",
        "Ajoutez la liste, ou corrigez le nom.",
    ),
    "PACK_613": _error(
        "“{value}” is not a type of question.⟦ Did you mean {near}?⟧",
        "Correct the type.",
        "« {value} » n’est pas un type de question.⟦ Vouliez-vous dire {near} ?⟧",
        "Corrigez le type.",
    ),
    "PACK_614": _error(
        "Column `{column}` names `{name}`, which is not asked in this form.⟦ Did you mean `{near}`?⟧",
        "Correct the name.",
        "La colonne `{column}` cite `{name}`, absente de ce formulaire.⟦ Vouliez-vous dire `{near}` ?⟧",
        "Corrigez le nom.",
    ),
    "PACK_615": _error(
        "The {kind} `{name}` is never closed.",
        "Add a row with the type end_{kind}.",
        "L’élément {kind} `{name}` n’est jamais fermé.",
        "Ajoutez une ligne de type end_{kind}.",
    ),
    "PACK_616": _error(
        "This row ends a group or repeat that was never begun.",
        "Delete the row, or add the beginning.",
        "Cette ligne termine un groupe ou une répétition qui n’a pas commencé.",
        "Supprimez la ligne, ou ajoutez le début.",
    ),
    "PACK_617": _error(
        "The choice `{name}` is in the list `{list}` twice; the other is in row {first}.",
        "Take one of them away.",
        "Le choix `{name}` est deux fois dans la liste `{list}` ; l’autre est à la ligne {first}.",
        "Supprimez l’un des deux.",
    ),
    "PACK_618": _warning(
        "No question uses the list `{name}`.⟦ Did you mean `{near}`?⟧",
        "Delete it, or correct its name.",
        "Aucune question n’utilise la liste `{name}`.⟦ Vouliez-vous dire `{near}` ?⟧",
        "Supprimez-la, ou corrigez son nom.",
    ),
    "PACK_619": _error(
        "The form does not ask which child it is about (`{name}` is missing).",
        "Add a question select_one_from_file learners.csv named `learner`, and a calculate `learner_wave` with "
        "instance('learners')/root/item[name=${learner}]/wave.",
        "Le formulaire ne demande pas de quel enfant il s’agit (`{name}` manque).",
        "Ajoutez une question select_one_from_file learners.csv nommée `learner`, et un calculate `learner_wave` avec "
        "instance('learners')/root/item[name=${learner}]/wave.",
    ),
    "PACK_620": _error(
        "The form that enrols children saves nothing into a list: there is no sheet entities.",
        "Add a sheet entities with list_name learners, and save_to columns in the survey.",
        "Le formulaire qui inscrit les enfants n’enregistre rien dans une liste : il n’y a pas de feuille entities.",
        "Ajoutez une feuille entities avec list_name learners, et des colonnes save_to dans survey.",
    ),
    "PACK_621": _error(
        "The form_id `{name}` is also that of {first}.",
        "Give each form its own form_id.",
        "Le form_id `{name}` est aussi celui de {first}.",
        "Donnez à chaque formulaire son propre form_id.",
    ),
    "PACK_622": _error(
        "The heading `{column}` has no language, but others on this sheet have one: people would see it in no language "
        "they can choose.",
        "Write the language: `{column}::English (en)`.",
        "L’en-tête `{column}` n’a pas de langue, alors que d’autres de cette feuille en ont une.",
        "Écrivez la langue : `{column}::French (fr)`.",
    ),
    "PACK_623": _error(
        "The default language “{value}” is the language of no column.⟦ Did you mean “{near}”?⟧",
        "Write the language exactly as in the headings.",
        "La langue par défaut « {value} » n’est celle d’aucune colonne.⟦ Vouliez-vous dire « {near} » ?⟧",
        "Écrivez la langue exactement comme dans les en-têtes.",
    ),
    "PACK_624": _error(
        "Column `{column}` compares `{name}` with '{value}', which is not one of its choices ({allowed}).⟦ "
        "Did you mean '{near}'?⟧",
        "Write the choice as it stands in the column name of the sheet choices.",
        "La colonne `{column}` compare `{name}` à '{value}', qui n’est pas l’un de ses choix ({allowed}).⟦ "
        "Vouliez-vous dire '{near}' ?⟧",
        "Écrivez le choix tel qu’il figure dans la colonne name de la feuille choices.",
    ),
    "PACK_625": _error(
        "More than 60 blank rows stand above this row; form tools stop reading there.",
        "Delete the blank rows.",
        "Plus de 60 lignes vides précèdent cette ligne ; les outils de formulaires s’arrêtent avant.",
        "Supprimez les lignes vides.",
    ),
    "PACK_626": _warning(
        "Column `{column}` has a curly quotation mark ({shown}). Our converter straightens it; others may not.",
        "Type the straight mark '.",
        "La colonne `{column}` contient un guillemet courbe ({shown}). Notre convertisseur le redresse ; d’autres non.",
        "Tapez l’apostrophe droite '.",
    ),
    "PACK_627": _warning(
        "The form does not record `{name}`.",
        "Begin the survey with start, end, today, deviceid, username and audit, one row each.",
        "Le formulaire n’enregistre pas `{name}`.",
        "Commencez survey par start, end, today, deviceid, username et audit, une ligne chacun.",
    ),
    "PACK_628": _error(
        "The calculation of `{name}` is missing.",
        "Fill in the column calculation.",
        "Le calcul de `{name}` manque.",
        "Remplissez la colonne calculation.",
    ),
    "PACK_629": _error(
        "The question takes its choices from the file `{name}`, which is neither in the pack nor a list that Khula "
        "serves ({allowed}).⟦ Did you mean `{near}`?⟧",
        "Correct the name, or put the file into the folder.",
        "La question prend ses choix dans le fichier `{name}`, qui n’est ni dans le pack ni une liste de Khula "
        "({allowed}).⟦ Vouliez-vous dire `{near}` ?⟧",
        "Corrigez le nom, ou mettez le fichier dans le dossier.",
    ),
    "PACK_630": _error(
        "The form encrypts its answers on the device, so the server could neither score them nor raise an alert.",
        "Empty `public_key`. Answers are protected on the way and on the disk of the server.",
        "Le formulaire chiffre ses réponses sur l’appareil : le serveur ne pourrait ni les coter ni donner l’alerte.",
        "Videz `public_key`. Les réponses sont protégées en chemin et sur le disque du serveur.",
    ),
    "PACK_631": _error(
        "The form sends its answers to another server ({value}).",
        "Empty `submission_url`.",
        "Le formulaire envoie ses réponses à un autre serveur ({value}).",
        "Videz `submission_url`.",
    ),
    "PACK_632": _warning(
        "A form that was sent cannot be corrected on the device.",
        "Write `yes` into a column `client_editable` of the sheet settings.",
        "Un formulaire envoyé ne peut pas être corrigé sur l’appareil.",
        "Écrivez `yes` dans une colonne `client_editable` de la feuille settings.",
    ),
    "PACK_633": _error(
        "No note of the form of {informant} says what `{name}` is to say on the device: whoever asks would learn "
        "nothing.⟦ The words of the note `{near}` are close to it.⟧",
        "Add a note with the words of say_on_device, in every language, and a relevant that shows it when the alert is "
        "true; or correct the note.",
        "Aucune note du formulaire de {informant} ne dit ce que `{name}` doit dire sur l’appareil : la personne qui "
        "interroge n’apprendrait rien.⟦ Le texte de la note `{near}` en est proche.⟧",
        "Ajoutez une note avec le texte de say_on_device, dans chaque langue, et un relevant qui l’affiche quand "
        "l’alerte est vraie ; ou corrigez la note.",
    ),
    "PACK_640": _error(
        "`{column}` uses `{name}`, which the field app does not have.",
        "Write it another way. docs/form-features.md lists the functions that can be used.",
        "`{column}` utilise `{name}`, que l’application de terrain n’a pas.",
        "Écrivez-le autrement. docs/form-features.md donne la liste des fonctions possibles.",
    ),
    "PACK_641": _error(
        "The field app could not work out `{column}`: it cannot read `{name}`.",
        "Write it another way: names of questions as ${name}, a position as [position() = 1], and no union, axis or "
        "escape that docs/form-features.md does not list.",
        "L’application de terrain ne pourrait pas calculer `{column}` : elle ne sait pas lire `{name}`.",
        "Écrivez-le autrement : les questions comme ${nom}, une position comme [position() = 1], sans union, axe ni "
        "code que docs/form-features.md ne donne pas.",
    ),
    "PACK_642": _error(
        "The field app cannot ask this: `{name}`.",
        "Ask it in one of the ways that docs/form-features.md lists.",
        "L’application de terrain ne sait pas poser cette question : `{name}`.",
        "Posez-la d’une des façons que donne docs/form-features.md.",
    ),
    "PACK_643": _error(
        "The field app cannot use the list `{name}`: it reads choices from the sheet *choices* and from CSV files.",
        "Save the list as a CSV file with the columns name and label.",
        "L’application de terrain ne peut pas utiliser la liste `{name}` : elle lit les choix de la feuille *choices* "
        "et de fichiers CSV.",
        "Enregistrez la liste comme fichier CSV, avec les colonnes name et label.",
    ),
    "PACK_644": _error(
        "`{name}` depends on itself: what its {column} reads is in turn worked out from it.",
        "Break the circle: let one of the expressions ask something that was answered before.",
        "`{name}` dépend de soi-même : ce que lit son {column} est à son tour calculé à partir de lui.",
        "Rompez le cercle : qu’une des expressions lise une réponse donnée plus tôt.",
    ),
    "PACK_645": _error(
        "The field app can create or change one entity for each form, not several, and not inside a repeat.",
        "Keep one list on the sheet entities, and save to it from outside repeats.",
        "L’application de terrain peut créer ou changer une entité par formulaire, pas plusieurs ni "
        "dans une répétition.",
        "Gardez une seule liste sur la feuille entities, et enregistrez-y hors des répétitions.",
    ),
}
