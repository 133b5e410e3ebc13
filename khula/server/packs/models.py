"""PackVersion: a checked pack as it was published; its forms keep working when a newer one comes."""

from django.conf import settings
from django.db import models


class PackVersion(models.Model):
    name = models.CharField(max_length=60)
    version = models.CharField(max_length=40)
    content_hash = models.CharField(max_length=64, unique=True)
    content = models.TextField()  # the Pack as JSON (khula.analysis.packs.pack)
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "version"], name="pack_version_once")]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


class PackFile(models.Model):
    """A workbook or medium of the pack, byte for byte as it was handed in."""

    pack_version = models.ForeignKey(PackVersion, on_delete=models.CASCADE, related_name="files")
    name = models.CharField(max_length=200)
    content = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["pack_version", "name"], name="pack_file_once")]


class Form(models.Model):
    class State(models.TextChoices):
        OPEN = "open"
        CLOSING = "closing"  # no longer offered, still accepted
        CLOSED = "closed"  # kept for a person to look at, if something still arrives

    pack_version = models.ForeignKey(PackVersion, on_delete=models.PROTECT, related_name="forms")
    form_id = models.CharField(max_length=64)
    version = models.CharField(max_length=64)
    informant = models.CharField(max_length=20)
    title = models.CharField(max_length=200)
    xml = models.BinaryField()
    md5 = models.CharField(max_length=32)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    lists = models.TextField(default="{}")  # JSON: entity list that it reads or writes -> properties it writes

    class Meta:
        # Two packs may hold one form unchanged: same id, same version, same bytes (publishing sees to that).
        constraints = [models.UniqueConstraint(fields=["pack_version", "form_id"], name="form_once_per_pack")]
        indexes = [models.Index(fields=["form_id", "version"], name="form_as_devices_say")]

    def __str__(self) -> str:
        return f"{self.form_id} {self.version}"


class FormMedia(models.Model):
    """A file the form needs: a picture or sound of the pack, or a list served per person."""

    class Kind(models.TextChoices):
        FILE = "file"
        ENTITY_LIST = "entityList"
        APPROVAL_ENTITY_LIST = "approvalEntityList"

    form = models.ForeignKey(Form, on_delete=models.CASCADE, related_name="media")
    filename = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, choices=Kind.choices, default=Kind.FILE)
    content = models.BinaryField(null=True)
    md5 = models.CharField(max_length=32, default="")
    content_type = models.CharField(max_length=100, default="application/octet-stream")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["form", "filename"], name="form_medium_once")]
