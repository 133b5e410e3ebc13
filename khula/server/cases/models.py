"""Case: one child in one wave; its voices, and every assessment ever made of it."""

from django.conf import settings
from django.db import models

from khula.server.collection.models import Submission
from khula.server.packs.models import PackVersion
from khula.server.schools.models import Caregiver, Child, SchoolClass
from khula.server.waves.models import Wave


class Case(models.Model):
    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="cases")
    wave = models.ForeignKey(Wave, on_delete=models.PROTECT, related_name="cases")
    school_class = models.ForeignKey(SchoolClass, null=True, on_delete=models.PROTECT, related_name="cases")
    # What the board reads, kept on write. The whole result is in `Assessment`.
    levels = models.TextField(default="{}")  # JSON: domain -> level
    differ = models.TextField(default="[]")  # JSON: domains where informants differ
    voices_heard = models.PositiveSmallIntegerField(default=0)
    act_now = models.PositiveSmallIntegerField(default=0)
    watch = models.PositiveSmallIntegerField(default=0)
    alerts_raised = models.PositiveSmallIntegerField(default=0)
    input_hash = models.CharField(max_length=64, default="")  # of the assessment these columns come from
    assessed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["child", "wave"], name="one_case_per_child_and_wave")]
        indexes = [models.Index(fields=["wave", "school_class"], name="case_board")]


class Voice(models.Model):
    """What one informant said about the child, as read from one submission."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="voices")
    informant = models.CharField(max_length=20)
    submission = models.OneToOneField(Submission, on_delete=models.PROTECT, related_name="voice")
    pack_version = models.ForeignKey(PackVersion, on_delete=models.PROTECT, related_name="+")  # of its form
    instance_id = models.CharField(max_length=255)
    replaces = models.CharField(max_length=255, default="")  # instance id of the version this one corrects
    answers = models.TextField()  # JSON: question -> text as it came, and those of `kept` from the version before
    # Names of questions that a correction leaves as they were said: sealed, so the tablet could not show them again.
    kept = models.TextField(default="")
    asked_on = models.DateField(null=True)
    ended_at = models.DateTimeField(null=True)  # as the device's clock had it; the later of two interviews counts
    language = models.CharField(max_length=40, default="")
    caregiver = models.ForeignKey(Caregiver, null=True, on_delete=models.PROTECT, related_name="voices")
    current = models.BooleanField(default=True)  # False once a later interview or an edit took its place

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "informant"], condition=models.Q(current=True), name="one_current_voice"
            )
        ]
        indexes = [
            models.Index(fields=["instance_id"], name="voice_of_instance"),
            models.Index(fields=["replaces"], name="voice_edits", condition=~models.Q(replaces="")),
        ]


class Assessment(models.Model):
    """A result as it was computed, with the pack version and the hash of what went in. Never changed."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="assessments")
    pack_version = models.ForeignKey(PackVersion, on_delete=models.PROTECT, related_name="+")
    input_hash = models.CharField(max_length=64)
    result = models.TextField()  # JSON of khula.analysis.assessment.Assessment
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["case", "-id"], name="assessment_latest")]


class RaisedAlert(models.Model):
    """A critical answer. Once raised it stays, also when the answer is corrected."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="alerts")
    alert = models.CharField(max_length=64)
    pack_version = models.ForeignKey(PackVersion, on_delete=models.PROTECT, related_name="+")
    # The safety note that raised it; each note raises its own. Empty: an answer of a voice did, once in a case.
    note = models.ForeignKey(Submission, null=True, on_delete=models.PROTECT, related_name="+")
    urgency = models.CharField(max_length=5)
    answered_on = models.DateField(null=True)  # the day it was said; a form may arrive long after
    raised_at = models.DateTimeField()
    still_true = models.BooleanField(default=True)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "alert"], condition=models.Q(note=None), name="alert_once_per_case"
            ),
            models.UniqueConstraint(fields=["case", "alert", "note"], name="alert_once_per_note"),
        ]  # fmt: skip
