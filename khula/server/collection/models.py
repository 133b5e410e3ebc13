"""What came through the door: devices, submissions, every file received, entity lists and their versions."""

from django.conf import settings
from django.db import models

from khula.server.packs.models import Form


class Device(models.Model):
    """A tablet or phone with its own address (token) into the door; the token is the password."""

    token_hash = models.CharField(max_length=64, unique=True)  # sha256: a copied database opens nothing
    label = models.CharField(max_length=80)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="devices")
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    # sha256 of the sha256 of what only the tablet that was enrolled holds: the address alone, found in a browser's
    # history, then opens nothing. "" until a tablet has shown it (ODK Collect never does).
    tablet_hash = models.CharField(max_length=64, default="")
    last_seen_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.label


class StoredFile(models.Model):
    """Bytes, once, under their own sha256."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    size = models.PositiveBigIntegerField()
    content = models.BinaryField()


class Submission(models.Model):
    """One XForm instance, byte for byte, under (form, instance id)."""

    class State(models.TextChoices):
        RECEIVED = "received"  # stored; not yet in a case
        IN_CASE = "in case"  # its voice is in a case; of a registration: its child has one
        REPLACED = "replaced"  # an edit took its place
        QUARANTINED = "quarantined"  # kept, and a person must look

    xform_id = models.CharField(max_length=64)
    xform_version = models.CharField(max_length=64, default="")
    form = models.ForeignKey(Form, null=True, on_delete=models.PROTECT, related_name="submissions", db_index=False)
    # What cannot be read for sure is kept under its own hash ("sha256:…"), so that it never takes a good one's place.
    instance_id = models.CharField(max_length=255)
    said_instance_id = models.CharField(max_length=255, default="")  # the id it seems to carry, when kept under a hash
    deprecated_id = models.CharField(max_length=255, default="")
    root_id = models.CharField(max_length=255, default="")  # first instance id of a chain of edits; "" = never edited
    sha256 = models.CharField(max_length=64)
    xml = models.BinaryField()
    device = models.ForeignKey(Device, null=True, on_delete=models.PROTECT, related_name="submissions", db_index=False)
    device_said = models.CharField(max_length=255, default="")  # deviceID as the client gave it
    received_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.RECEIVED)
    look_code = models.CharField(max_length=40, default="")  # why a person must look (look_codes.py)
    look_settled_at = models.DateTimeField(null=True)
    look_settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    look_note = models.TextField(default="")
    complete = models.BooleanField(default=True)  # False while files that the form names are still to come
    child_id = models.CharField(max_length=36, default="")  # as the form says; may be unknown yet
    wave_id = models.CharField(max_length=36, default="")  # as the form says; "": the wave of the interview's day

    class Meta:
        constraints = [models.UniqueConstraint(fields=["xform_id", "instance_id"], name="submission_once")]
        # Few and partial: every index costs each submission something on its way in.
        indexes = [
            models.Index(fields=["root_id"], name="submission_chain", condition=~models.Q(root_id="")),
            models.Index(fields=["deprecated_id"], name="submission_edits", condition=~models.Q(deprecated_id="")),
            models.Index(fields=["look_code"], name="submission_look", condition=~models.Q(look_code="")),
            models.Index(fields=["child_id"], name="submission_child", condition=~models.Q(child_id="")),
        ]

    def __str__(self) -> str:
        return f"{self.xform_id} {self.instance_id}"


class ConflictCopy(models.Model):
    """Different content under an instance id that is already taken: kept beside it until a person has looked."""

    xform_id = models.CharField(max_length=64)
    instance_id = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    xml = models.BinaryField()
    device = models.ForeignKey(Device, null=True, on_delete=models.PROTECT, related_name="+")
    device_said = models.CharField(max_length=255, default="")
    received_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    note = models.TextField(default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["xform_id", "instance_id", "sha256"], name="conflict_once")]


class SubmissionFile(models.Model):
    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="files")
    name = models.CharField(max_length=255)
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    content_type = models.CharField(max_length=100, default="")
    received_at = models.DateTimeField()
    named_in_form = models.BooleanField(default=True)
    with_copy = models.ForeignKey(ConflictCopy, null=True, on_delete=models.PROTECT, related_name="files")

    class Meta:
        # Other bytes under a known name are kept beside it, never over it. A file of a conflict copy is the copy's own.
        constraints = [
            models.UniqueConstraint(
                fields=["submission", "name", "file"], condition=models.Q(with_copy=None), name="submission_file_once"
            ),
            models.UniqueConstraint(fields=["with_copy", "name", "file"], name="copy_file_once"),
        ]


class EntityList(models.Model):
    name = models.CharField(max_length=64, unique=True)
    needs_approval = models.BooleanField(default=False)  # devices may not add to it; a coordinator says yes first
    properties = models.TextField(default="[]")  # JSON: columns of the CSV after name, label, __version

    def __str__(self) -> str:
        return self.name


class ListScope(models.Model):
    """How often the rows of one list in one scope have changed: a copy made at an older count is out of date."""

    list_name = models.CharField(max_length=64)
    scope = models.CharField(max_length=40, default="")  # a school's or a class's
    changes = models.PositiveBigIntegerField(default=0)
    removed = models.PositiveIntegerField(default=0)  # rows taken off the list, ever

    class Meta:
        constraints = [models.UniqueConstraint(fields=["list_name", "scope"], name="list_scope_once")]


class Entity(models.Model):
    """One row of a list that devices carry, at its present version."""

    id = models.CharField(max_length=36, primary_key=True)
    entity_list = models.ForeignKey(EntityList, on_delete=models.PROTECT, related_name="entities", db_index=False)
    version = models.PositiveIntegerField()
    label = models.CharField(max_length=255)
    data = models.TextField(default="{}")  # JSON: property -> text
    scope = models.CharField(max_length=40, default="")  # school id: whose devices carry it
    class_scope = models.CharField(max_length=40, default="")  # "class:7": which class teachers' devices carry it
    conflict = models.CharField(max_length=4, default="")  # "", soft, hard: until a person clears it
    deleted_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["entity_list", "scope"], name="entity_in_scope"),
            models.Index(fields=["class_scope"], name="entity_in_class", condition=~models.Q(class_scope="")),
            models.Index(fields=["scope"], name="entity_marked", condition=~models.Q(conflict="")),
        ]

    def __str__(self) -> str:
        return self.id


class EntityVersion(models.Model):
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="versions", db_index=False)
    version = models.PositiveIntegerField()
    label = models.CharField(max_length=255)
    data = models.TextField(default="{}")
    base_version = models.PositiveIntegerField(null=True)
    trunk_version = models.PositiveIntegerField(null=True)
    branch_id = models.CharField(max_length=36, default="")
    branch_base_version = models.PositiveIntegerField(null=True)
    conflict = models.CharField(max_length=4, default="")
    conflicting = models.TextField(default="[]")  # JSON: names of properties
    submission = models.ForeignKey(Submission, null=True, on_delete=models.PROTECT, related_name="entity_versions")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entity", "version"], name="entity_version_once")]


class EntityProblem(models.Model):
    """An entity part that could not be applied, or waits for something; shown to the coordinator."""

    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="entity_problems")
    part = models.PositiveSmallIntegerField(default=0)  # which entity of the submission, counted from 0
    list_name = models.CharField(max_length=64, default="")
    entity_id = models.CharField(max_length=64, default="")
    code = models.CharField(max_length=40)  # entity_codes in look_codes.py; "held" waits for the rest of its branch
    at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["submission", "part"], name="entity_problem_once")]
        indexes = [
            models.Index(fields=["entity_id"], name="entity_problem_open", condition=models.Q(settled_at=None)),
        ]


class ListCopy(models.Model):
    """A person's copy of an entity list, gzipped and hashed; the last few are kept, so that one hash means one file."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    list_name = models.CharField(max_length=64)
    md5 = models.CharField(max_length=32)
    gzipped = models.BinaryField()
    made_of = models.CharField(max_length=64)  # hash of the scopes and their counts of changes
    made_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "list_name", "md5"], name="list_copy_once")]
