"""Providers and each version of them, referrals with every step they took, links for providers, what was delivered.

A referral and its steps are never deleted, and a step is never changed: what the record says of a child's way to help
must hold years later.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q

from khula.server.cases.models import Case
from khula.server.collection.models import Submission
from khula.server.schools.models import Child, School
from khula.server.services.kinds import SECTORS
from khula.server.services.states import MUST_SAY, State


class Lasting(RuntimeError):
    """Somebody tried to delete or rewrite what must last."""


class _Lasting(models.QuerySet):
    def delete(self) -> tuple[int, dict[str, int]]:
        raise Lasting(f"{self.model.__name__} is never deleted: record another step.")


class Provider(models.Model):
    """Who can help: a line of the service directory, as it is now."""

    name = models.CharField(max_length=120)
    sector = models.CharField(max_length=20, choices=list(SECTORS.items()))
    kinds = models.TextField(default="[]")  # JSON: codes of kinds.py
    for_whom = models.CharField(max_length=200, default="", blank=True)
    place = models.CharField(max_length=200, default="", blank=True)
    district = models.CharField(max_length=80, default="", blank=True)  # "": for every district
    hours = models.CharField(max_length=120, default="", blank=True)
    capacity = models.PositiveSmallIntegerField(null=True, blank=True)  # open referrals at a time; empty: no limit
    contact = models.CharField(max_length=160, default="", blank=True)
    confirmed_on = models.DateField(null=True)  # when somebody last made sure that all this is so
    closed_on = models.DateField(null=True)  # helps nobody any more; stays for its referrals

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "district"], name="provider_once")]

    def __str__(self) -> str:
        return self.name


class ProviderVersion(models.Model):
    """A provider as somebody wrote it down, each time."""

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    said = models.TextField()  # JSON: field -> value
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["provider", "number"], name="provider_version_once")]


class Referral(models.Model):
    """A child sent to a provider. The state is kept beside the steps it follows from."""

    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="referrals")
    case = models.ForeignKey(Case, null=True, on_delete=models.PROTECT, related_name="referrals")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="referrals")
    kind = models.CharField(max_length=40)
    domain = models.CharField(max_length=40)
    asked = models.CharField(max_length=200, default="")  # stands on the slip: no answer, no reason
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="referrals")
    earlier = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="later")
    state = models.CharField(max_length=12, choices=State.choices, default=State.SENT)
    state_since = models.DateField()
    appointment_on = models.DateField(null=True)
    outcome = models.CharField(max_length=12, default="")

    objects = _Lasting.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["child"], name="referral_open", condition=~Q(state__in=("closed", "withdrawn"))),
            models.Index(fields=["owner", "state"], name="referral_of_owner"),
        ]

    def delete(self, *given: object, **named: object) -> tuple[int, dict[str, int]]:
        raise Lasting("A referral is never deleted: withdraw it, with a reason.")


class ProviderLink(models.Model):
    """The way for somebody without an account to answer one referral."""

    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="links")
    token_hash = models.CharField(max_length=64, unique=True)  # sha256: a copied database opens nothing
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)


class FollowUp(models.Model):
    """What was asked afterwards, out in the field: did the child go, and did it help? Kept, matched or not."""

    submission = models.OneToOneField(Submission, on_delete=models.PROTECT, related_name="follow_up")
    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="follow_ups")
    referred_to = models.CharField(max_length=40, default="")  # as the form says it: a clinic, an organisation …
    day = models.DateField()
    attended = models.CharField(max_length=4, default="")  # yes, no, dk
    barrier = models.CharField(max_length=20, default="")
    outcome = models.CharField(max_length=20, default="")  # as the form says it
    next_on = models.DateField(null=True)  # when it will be asked again
    note = models.TextField(default="")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    current = models.BooleanField(default=True)  # False once a corrected version took its place
    referral = models.ForeignKey(Referral, null=True, on_delete=models.PROTECT, related_name="follow_ups")
    set_aside_at = models.DateTimeField(null=True)  # belongs to no referral, said a person
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = [
            models.Index(
                fields=["child"], name="follow_up_waits", condition=Q(referral=None, set_aside_at=None, current=True)
            )
        ]


class ReferralStep(models.Model):
    """One step of a referral: from which state to which, on what day, and who says so. Only ever added."""

    class Source(models.TextChoices):
        PAGE = "page"
        LINK = "link"
        FORM = "form"

    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="steps")
    number = models.PositiveIntegerField()
    before = models.CharField(max_length=12, default="")
    state = models.CharField(max_length=12, choices=State.choices)
    day = models.DateField()
    at = models.DateTimeField()
    source = models.CharField(max_length=4, choices=Source.choices, default=Source.PAGE)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    link = models.ForeignKey(ProviderLink, null=True, on_delete=models.PROTECT, related_name="steps")
    follow_up = models.ForeignKey(FollowUp, null=True, on_delete=models.PROTECT, related_name="steps")
    reason = models.CharField(max_length=20, default="")
    barrier = models.CharField(max_length=20, default="")
    outcome = models.CharField(max_length=12, default="")
    appointment_on = models.DateField(null=True)
    note = models.CharField(max_length=500, default="")  # restricted: read like an S3 answer of its domain
    takes_back = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="taken_back_by")

    objects = _Lasting.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["referral", "number"], name="referral_step_once"),
            # What a step must say (states.py); a step that takes another back repeats what was said before it.
            *(
                models.CheckConstraint(
                    condition=~Q(state=state) | Q(takes_back__isnull=False)
                    | (Q(appointment_on__isnull=False) if word == "appointment_on" else ~Q(**{word: ""})),
                    name=f"referral_{state.value}_says_{word}",
                )
                for state, word in MUST_SAY.items()
            ),
            models.CheckConstraint(
                condition=~Q(state="closed") | Q(before="outcome") | ~Q(reason=""),
                name="referral_closed_unhelped_says_why",
            ),
            models.CheckConstraint(
                condition=(Q(source="link") & Q(link__isnull=False)) | (~Q(source="link") & Q(link__isnull=True)),
                name="referral_step_of_link",
            ),
            models.CheckConstraint(
                condition=(Q(source="form") & Q(follow_up__isnull=False))
                | (~Q(source="form") & Q(follow_up__isnull=True)),
                name="referral_step_of_form",
            ),
        ]  # fmt: skip

    def save(self, *given: object, **named: object) -> None:
        if self.pk is not None:
            raise Lasting("A step is never changed: record another one.")
        super().save(*given, **named)

    def delete(self, *given: object, **named: object) -> tuple[int, dict[str, int]]:
        raise Lasting("A step is never deleted: record another one.")


class GroupSession(models.Model):
    """A meeting of several, such as the family programme; attendance is a contact for each child."""

    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=40)
    domain = models.CharField(max_length=40, default="")
    day = models.DateField()
    minutes = models.PositiveSmallIntegerField(null=True)
    title = models.CharField(max_length=120, default="")
    earlier = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="later")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()


class ServiceContact(models.Model):
    """Something delivered to a child or its caregiver: what, when, how long, by whom, what came of it."""

    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="contacts")
    kind = models.CharField(max_length=40)
    domain = models.CharField(max_length=40, default="")
    day = models.DateField()
    minutes = models.PositiveSmallIntegerField(null=True)
    with_whom = models.CharField(max_length=80, default="")
    outcome = models.CharField(max_length=20, default="done")  # kinds.CONTACT_OUTCOMES; not all of them delivered
    next_on = models.DateField(null=True)
    note = models.TextField(default="")  # restricted: read like an S3 answer of its domain
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    session = models.ForeignKey(GroupSession, null=True, on_delete=models.PROTECT, related_name="contacts")
    submission = models.OneToOneField(Submission, null=True, on_delete=models.PROTECT, related_name="contact")
    current = models.BooleanField(default=True)  # False once a corrected version took its place

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "child"], name="once_in_a_session")]
        indexes = [models.Index(fields=["child", "domain", "day"], name="contact_of_child")]
