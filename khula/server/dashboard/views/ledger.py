"""The ledger: everything that came in, what a person must look at, and what they decided."""

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from khula.server.collection import actions as collection
from khula.server.collection.list_conflicts import Contradiction, ListedConflict
from khula.server.collection.lists import LEARNERS
from khula.server.collection.look_codes import ENTITY_CODES, LOOK_CODES
from khula.server.consent.access import can
from khula.server.consent.needs import needs
from khula.server.dashboard import ledger as received
from khula.server.dashboard.child_address import short
from khula.server.dashboard.ledger import Entry
from khula.server.dashboard.page_number import page_asked
from khula.server.dashboard.status import SEX, VOICES, Words

FILTER_WORDS = {
    "look": _("To look at"),
    "conflict": _("Conflicts"),
    "quarantined": _("Quarantined"),
    "received": _("Received, not in a case"),
    "in_case": _("In a case"),
    "all": _("All"),
}
STATE_WORDS = {
    "received": _("Received"),
    "in case": _("In a case"),
    "replaced": _("Replaced by a correction"),
    "quarantined": _("Quarantined"),
}
LISTS = "lists"  # the filter that shows rows of lists instead of submissions
PROPERTY_WORDS = {
    "label": _("Name on the list"),
    "given_names": _("First names"),
    "family_name": _("Surname"),
    "sex": _("Sex"),
    "birth_date": _("Date of birth"),
    "birth_date_exact": _("Date of birth is exact"),
    "grade": _("Grade"),
    "class_name": _("Class"),
    "school_emis": _("EMIS number of the school"),
    "home_language": _("Home language"),
}
FORM_WORDS = {
    **VOICES,
    "register": _("Registration"),
    "service": _("Service contact"),
    "followup": _("Follow-up"),
    "reading": _("Task with the child"),
    "teacher_class": _("Class at a glance"),
    "safety": _("Safety note"),
}


class NoteForm(forms.Form):
    note = forms.CharField(
        label=_("What you decided, and why"),
        max_length=2000,
        error_messages={"required": _("Write what you decided, so that others can follow.")},
    )


@needs("see ledger")
def ledger(request: HttpRequest) -> HttpResponse:
    chosen = request.GET.get("show", "look")
    if chosen == LISTS and can(request.reader, "settle submission"):
        return _rows_page(request)
    chosen = chosen if chosen in received.FILTERS else "look"
    page = page_asked(request)
    found, further = received.entries(request.reader, chosen, page)
    shown = {"entries": [_shown(one) for one in found], "page": page, "further": further}
    return render(request, "dashboard/ledger.html", {**shown, **_filters(request, chosen)})


def _filters(request: HttpRequest, chosen: str) -> dict[str, object]:
    """What can be chosen, with how many there are behind each."""
    counted = received.numbers(request.reader)
    filters = [(name, words, counted[name], name == chosen) for name, words in FILTER_WORDS.items()]
    rows = 0
    if can(request.reader, "settle submission"):
        rows = received.list_conflicts_open(request.reader)
        filters.insert(2, (LISTS, _("Changed twice"), rows, chosen == LISTS))
    return {"filters": filters, "chosen": chosen, "rows_open": rows}


def _rows_page(request: HttpRequest, *, changed_since: bool = False, status: int = 200) -> HttpResponse:
    """Rows of lists that two people changed without knowing of each other."""
    page = page_asked(request)
    found, further = received.list_conflicts(request.reader, page)
    shown = {
        "rows": [_row_shown(one) for one in found],
        "page": page,
        "further": further,
        "changed_since": changed_since,
    }
    return render(request, "dashboard/ledger_rows.html", {**shown, **_filters(request, LISTS)}, status=status)


def _row_shown(one: ListedConflict) -> dict[str, object]:
    return {
        "id": one.entity_id,
        "list": one.list_name,
        "of_a_child": one.list_name == LEARNERS,
        "label": one.label,  # "" where the child is not for this reader; then no value is there either
        "child": short(one.entity_id) if one.label else "",
        "hard": one.conflict == "hard",
        "version": one.version,
        "contradictions": [_in_words(each) for each in one.contradictions],
    }


def _in_words(one: Contradiction) -> dict[str, object]:
    def text(code: str) -> Words:
        return SEX.get(code, code) if one.name == "sex" else code

    return {
        "about": PROPERTY_WORDS.get(one.name, one.name),
        "earlier": one.earlier and (text(one.earlier.text), one.earlier),
        "later": one.later and (text(one.later.text), one.later),
        "now": text(one.now),
    }


@require_POST
@needs("settle submission")
def clear_row(request: HttpRequest, entity_id: str) -> HttpResponse:
    """A person has compared the two changes: the row is right as it is now."""
    if not received.may_settle_row(request.reader, entity_id):
        raise Http404
    seen = request.POST.get("version", "")
    version = int(seen) if seen.isdecimal() and len(seen) < 10 else 0
    if not collection.clear_conflict(entity_id=entity_id, version=version, by=request.user.pk):
        return _rows_page(request, changed_since=True, status=409)
    return redirect("/ledger?show=lists")


@needs("see ledger")
def ledger_entry(request: HttpRequest, submission_id: int) -> HttpResponse:
    return _entry_page(request, _entry_or_404(request, submission_id), NoteForm())


@require_POST
@needs("settle submission")
def settle(request: HttpRequest, submission_id: int) -> HttpResponse:
    """A person has looked: the note is kept with the submission, and it leaves the list of what to look at."""
    entry = _entry_to_settle(request, submission_id)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _entry_page(request, entry, form, status=422)
    collection.settle(submission_id=entry.id, note=form.cleaned_data["note"], by=request.user.pk)
    return redirect("ledger_entry", entry.id)


@require_POST
@needs("settle submission")
def retry(request: HttpRequest, submission_id: int) -> HttpResponse:
    """Try once more to bring the submission into its case."""
    entry = _entry_to_settle(request, submission_id)
    collection.take_up_again(submission_id=entry.id, by=request.user.pk)
    return redirect("ledger_entry", entry.id)


@require_POST
@needs("settle submission")
def settle_copy(request: HttpRequest, submission_id: int, copy_id: int) -> HttpResponse:
    """The two contents were compared; the one that came first goes on counting."""
    entry = _entry_to_settle(request, submission_id)
    form = NoteForm(request.POST)
    if not any(copy.pk == copy_id for copy in received.open_copies(entry.xform_id, entry.id)):
        raise Http404
    if not form.is_valid():
        return _entry_page(request, entry, form, status=422)
    collection.settle_copy(copy_id=copy_id, note=form.cleaned_data["note"], by=request.user.pk)
    return redirect("ledger_entry", entry.id)


@require_POST
@needs("settle submission")
def settle_problem(request: HttpRequest, submission_id: int, problem_id: int) -> HttpResponse:
    """A change to the list of children is applied after all, or left out."""
    entry = _entry_to_settle(request, submission_id)
    if not any(problem.pk == problem_id for problem in received.entity_problems(entry.id)):
        raise Http404
    if "apply" in request.POST:
        collection.apply_anyway(problem_id=problem_id, by=request.user.pk)
    else:
        collection.settle_entity_problem(problem_id=problem_id, by=request.user.pk)
    return redirect("ledger_entry", entry.id)


@require_POST
@needs("settle submission")
def accept_edit(request: HttpRequest, submission_id: int) -> HttpResponse:
    """Of two corrections of one record, this one counts after all."""
    entry = _entry_to_settle(request, submission_id)
    collection.accept_edit(entry.id, by=request.user.pk)
    return redirect("ledger_entry", entry.id)


def _entry_or_404(request: HttpRequest, submission_id: int) -> Entry:
    entry = received.entry(request.reader, submission_id)
    if entry is None:
        raise Http404
    return entry


def _entry_to_settle(request: HttpRequest, submission_id: int) -> Entry:
    """A submission this reader may only look at is refused; one that is not for them is not there."""
    entry = received.entry(request.reader, submission_id, "settle submission")
    if entry is None:
        _entry_or_404(request, submission_id)
        raise PermissionDenied("not_yours_to_settle")
    return entry


def _entry_page(request: HttpRequest, entry: Entry, form: NoteForm, status: int = 200) -> HttpResponse:
    page = {
        "entry": _shown(entry),
        "copies": received.open_copies(entry.xform_id, entry.id),
        "problems": [
            (problem.pk, ENTITY_CODES[problem.code].told(translation.get_language()), problem.code)
            for problem in received.entity_problems(entry.id)
            if problem.code in ENTITY_CODES
        ],
        "form": form,
        "may_settle": received.entry(request.reader, entry.id, "settle submission") is not None,
    }
    return render(request, "dashboard/ledger_entry.html", page, status=status)


def _shown(entry: Entry) -> dict[str, object]:
    look = LOOK_CODES.get(entry.look_code)
    return {
        "id": entry.id,
        "at": entry.received_at,
        "form": FORM_WORDS.get(entry.informant, entry.xform_id or _("Unknown form")),
        "state": STATE_WORDS.get(entry.state, entry.state),
        "quarantined": entry.state == "quarantined",
        "open": bool(entry.look_code) and entry.settled_at is None,
        "look": look.told(translation.get_language()) if look else "",
        "code": entry.look_code,
        "settled_at": entry.settled_at,
        "note": entry.note,
        "sender": entry.sender,
        "device": entry.device,
        "child": short(entry.child_id) if entry.child_id else "",
        "child_name": entry.child_name,
        "complete": entry.complete,
    }
