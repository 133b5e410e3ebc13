"""Devices: how their outboxes stand, one made for a person with its codes shown once, one shut out, a file taken in."""

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from khula.server.collection import actions as collection
from khula.server.collection.collect_settings import code_of, settings_qr
from khula.server.collection.door import PREFIX
from khula.server.consent.access import Reader, can
from khula.server.consent.needs import needs
from khula.server.dashboard import queries
from khula.server.dashboard.carried import ShownFile, shown_file
from khula.server.dashboard.fleet import fleet, may_carry, may_revoke
from khula.server.field.program import PREFIX as PROGRAM

MOST_FILES = 50
MOST_BYTES = 200_000_000  # of one post


class DeviceForm(forms.Form):
    label = forms.CharField(
        label=gettext_lazy("Name of the device"),
        max_length=80,
        error_messages={"required": gettext_lazy("Give the device a name, such as the one on its sticker.")},
    )
    user = forms.ChoiceField(
        label=gettext_lazy("Who carries it"),
        error_messages={
            "required": gettext_lazy("Choose who carries the device."),
            "invalid_choice": gettext_lazy("Choose a person from the list."),
        },
    )

    def __init__(self, reader: Reader, *given: object, **named: object) -> None:
        super().__init__(*given, **named)
        people = may_carry(reader, timezone.localdate())
        self.fields["user"].choices = [("", _("Choose a person")), *((str(pk), name) for pk, name in people)]


@needs("see devices")
def devices(request: HttpRequest) -> HttpResponse:
    return _devices_page(request, DeviceForm(request.reader))


@require_POST
@needs("make device")
def make_device(request: HttpRequest) -> HttpResponse:
    """The page that comes back holds the only copy of the device's address."""
    form = DeviceForm(request.reader, request.POST)
    if not form.is_valid():
        return _devices_page(request, form, status=422)
    carrier = queries.person_named(int(form.cleaned_data["user"]))
    if carrier is None:
        raise Http404
    device, token = collection.make_device(user=carrier, label=form.cleaned_data["label"], by=request.user.pk)
    address = request.build_absolute_uri(PREFIX + token)
    app = f"{request.build_absolute_uri(PROGRAM)}#k={token}"  # behind the #: browsers send it to nobody
    page = {
        "device": device,
        "carrier": carrier,
        "address": address,
        "code": _drawn(settings_qr(address, project="Khula", language=carrier.language)),
        "app": app,
        "app_code": _drawn(code_of(app)),
    }
    return render(request, "dashboard/device_made.html", page, status=201)


@require_POST
@needs("revoke device")
def revoke_device(request: HttpRequest, device_id: int) -> HttpResponse:
    if not may_revoke(request.reader, device_id):
        raise Http404
    collection.revoke_device(device_id=device_id, by=request.user.pk)
    return redirect("devices")


@needs("take in records")
def take_in_files(request: HttpRequest) -> HttpResponse:
    """Each file says for itself what became of every record in it; the same file again does no harm."""
    if request.method != "POST":
        return render(request, "dashboard/take_in.html")
    uploads = request.FILES.getlist("files")
    problem = ""
    if not uploads:
        problem = _("No file was chosen. Choose the files from the tablet: their names end in .khula.")
    elif len(uploads) > MOST_FILES or sum(upload.size for upload in uploads) > MOST_BYTES:
        problem = _("That is too much at once. Hand in fewer files at a time.")
    files: list[ShownFile] = []
    if not problem:
        files = [shown_file(upload.name, upload.read(), by=request.user.pk) for upload in uploads]
    page = {"files": files, "problem": problem}
    return render(request, "dashboard/take_in.html", page, status=422 if problem else 200)


def _drawn(code: str) -> SafeString:
    return mark_safe(code)  # noqa: S308 – drawn by segno from a text of ours


def _devices_page(request: HttpRequest, form: DeviceForm, status: int = 200) -> HttpResponse:
    page = {
        "fleet": fleet(request.reader),
        "form": form,
        "may_make": bool(can(request.reader, "make device")),
        "may_take_in": bool(can(request.reader, "take in records")),
    }
    return render(request, "dashboard/devices.html", page, status=status)
