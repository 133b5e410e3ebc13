"""Nothing in; the workbook of a form that puts a child's facts right on the list, as a country's own pack may have one, out.

What is not put right is not asked, so it says nothing of it: two people who change different facts contradict nobody.
"""

from io import BytesIO

from openpyxl import Workbook

FACTS = {
    "given_names": "text", "family_name": "text", "sex": "select_one sex", "birth_date": "date",
    "class_name": "text", "home_language": "select_one languages",
}  # fmt: skip
EN, FR = "label::English (en)", "label::French (fr)"


def _said(english: str, french: str = "") -> dict[str, str]:
    return {EN: english, FR: french or english}


SURVEY = [
    *({"type": name, "name": name} for name in ("start", "end", "today", "deviceid", "username", "audit")),
    {"type": "select_one_from_file learners.csv", "name": "learner", "required": "yes", **_said("Which child?", "Quel enfant ?")},
    {"type": "select_multiple facts", "name": "p_facts", "required": "yes", **_said("What is put right?", "Que corrige-t-on ?")},
    *(
        {
            "type": kind, "name": f"p_{fact}", "save_to": fact, **_said(fact.replace("_", " ").capitalize()),
            "relevant": f"selected(${{p_facts}}, '{fact}')", "required": "yes", "khula::sensitivity": "S1",
        }
        for fact, kind in FACTS.items()
    ),
]  # fmt: skip
CHOICES = [("facts", FACTS), ("sex", ("female", "male")), ("languages", ("zu", "xh", "st", "ts", "en"))]
SHEETS = {
    "survey": SURVEY,
    "choices": [{"list_name": name, "name": code, **_said(code)} for name, codes in CHOICES for code in codes],
    "settings": [
        {
            "form_id": "kh_put_right", "version": "1", "form_title": "Put a child’s facts right",
            "default_language": "English (en)", "informant": "register", "client_editable": "yes",
        }
    ],
    "entities": [{"list_name": "learners", "entity_id": "${learner}"}],
}  # fmt: skip


def workbook() -> bytes:
    book = Workbook()
    book.remove(book.active)
    for name, rows in SHEETS.items():
        sheet = book.create_sheet(name)
        header = list(dict.fromkeys(key for row in rows for key in row))
        sheet.append(header)
        for row in rows:
            sheet.append([row.get(key) for key in header])
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()
