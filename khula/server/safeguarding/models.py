"""Who is told of critical answers and by when, and reports of concern (Form 22): sealed, every step and version kept.

What stands in `ConcernVersion.content` and `ConcernRecord` is S4: shown to the author and to those the policy names,
never in an event, a message or a line of the log.
"""

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from khula.server.cases.models import RaisedAlert
from khula.server.schools.models import Child, School


class Urgency(models.TextChoices):
    NOW = "now", _("Now")
    TODAY = "today", _("Today")
    WEEK = "week", _("This week")


class Designation(models.Model):
    """A person a school has named to be told of alerts: in which order, and down to which urgency."""

    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="designations")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="designations")
    rank = models.PositiveSmallIntegerField(default=1)  # 1 is told first; the next when nobody has taken it up
    least_urgent = models.CharField(max_length=5, choices=Urgency.choices, default=Urgency.WEEK)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["school", "user"], condition=models.Q(until=None), name="designated_once_per_school"
            ),
            models.CheckConstraint(condition=models.Q(rank__gte=1, rank__lte=9), name="designation_rank"),
        ]


class AlertDuty(models.Model):
    """The clock of one raised alert. That it was taken up stands in the alert itself."""

    alert = models.OneToOneField(RaisedAlert, on_delete=models.PROTECT, related_name="duty")
    urgency = models.CharField(max_length=5, choices=Urgency.choices)
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)  # empty once it is acknowledged

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], name="alert_duty_due", condition=models.Q(due_at__isnull=False)),
        ]


class DutyStep(models.Model):
    """One step of a duty: somebody told, nobody left to tell, or taken up. Never changed."""

    class Kind(models.TextChoices):
        TOLD = "told"
        NOBODY = "nobody"
        ACKNOWLEDGED = "acknowledged"

    duty = models.ForeignKey(AlertDuty, on_delete=models.PROTECT, related_name="steps")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    round = models.PositiveSmallIntegerField()  # 1 when it was raised, one more each time the clock ran out
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["duty", "user"], condition=models.Q(kind="told"), name="told_once_of_an_alert"
            ),
            models.UniqueConstraint(
                fields=["duty"], condition=models.Q(kind="acknowledged"), name="acknowledged_once"
            ),
        ]  # fmt: skip


class Concern(models.Model):
    """A report of concern about one child: a draft, completed, then reported or not reported with its reason.

    Its number is chance: nobody can guess one, or count how many there are.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        COMPLETED = "completed", _("Completed, not yet reported")
        REPORTED = "reported", _("Reported")
        NOT_REPORTED = "not_reported", _("Not reported, with a reason")

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="+")
    child = models.ForeignKey(Child, null=True, on_delete=models.PROTECT, related_name="+")  # empty: named in the form
    alert = models.ForeignKey(RaisedAlert, null=True, on_delete=models.PROTECT, related_name="+")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT)
    started_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["author", "state"], name="concern_of_author")]


class ConcernVersion(models.Model):
    """What the form held when it was saved. The database refuses to change it."""

    concern = models.ForeignKey(Concern, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    content = models.TextField()  # JSON: field of Form 22 -> text; S4
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["concern", "number"], name="concern_version_once")]


class ConcernRecord(models.Model):
    """That the form was handed in: to whom, when, how and with which receipt; or why not. Never changed."""

    class To(models.TextChoices):
        POLICE = "police", _("South African Police Service")
        ORGANISATION = "organisation", _("Designated child protection organisation")
        DEPARTMENT = "department", _("Provincial department of social development")
        NOBODY = "nobody", _("Nobody: I decided not to report")

    class How(models.TextChoices):
        IN_PERSON = "in_person", _("In person")
        PHONE = "phone", _("By telephone")
        EMAIL = "email", _("By e-mail")
        OTHER = "other", _("Another way")

    concern = models.ForeignKey(Concern, on_delete=models.PROTECT, related_name="records")
    to = models.CharField(max_length=12, choices=To.choices)
    office = models.CharField(max_length=200, default="")  # which station or office, and who took it
    how = models.CharField(max_length=9, choices=How.choices, default="")
    reported_at = models.DateTimeField(null=True)
    receipt = models.CharField(max_length=120, default="")  # case or reference number
    reason = models.TextField(default="")  # why it was not reported; S4
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(to="nobody", reported_at=None) & ~models.Q(reason="")
                | ~models.Q(to="nobody") & models.Q(reported_at__isnull=False),
                name="reported_or_a_reason",
            )
        ]
