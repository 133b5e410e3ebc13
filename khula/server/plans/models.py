"""Plan: what the team decided for a child or a family. Need, goal, action; a task for each red cell; the library.

What the database can forbid, it forbids: an action without owner or review date, a closing without reason and day,
a second open plan, a second task for the same domain of a case.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from khula.server.cases.models import Case
from khula.server.people.roles import Role
from khula.server.schools.models import Caregiver, Child
from khula.server.waves.models import Wave


def person(**more: object) -> models.ForeignKey:
    """Who did it."""
    return models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", **more)


class Plan(models.Model):
    """One stretch of work with a child, or with a family: the children one caregiver looks after."""

    class Reason(models.TextChoices):
        BETTER = "better", _("Things are better")
        ELSEWHERE = "elsewhere", _("Another service has taken over")
        MOVED = "moved", _("The child has moved away")
        DECLINED = "declined", _("The family does not want help now")
        OTHER = "other", _("Another reason")

    child = models.ForeignKey(Child, null=True, on_delete=models.PROTECT, related_name="plans")
    caregiver = models.ForeignKey(Caregiver, null=True, on_delete=models.PROTECT, related_name="plans")
    opened_at = models.DateTimeField()
    opened_by = person(null=True)  # empty where a new wave opened it again
    earlier = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="later")
    closed_at = models.DateTimeField(null=True)
    closed_by = person(null=True)
    closed_in = models.ForeignKey(Wave, null=True, on_delete=models.PROTECT, related_name="+")  # the last wave heard
    reason = models.CharField(max_length=10, choices=Reason.choices, default="", blank=True)
    closing_words = models.TextField(default="", blank=True)
    recheck_on = models.DateField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(child__isnull=True, caregiver__isnull=False)
                | Q(child__isnull=False, caregiver__isnull=True),
                name="plan_of_child_or_family",
            ),
            models.UniqueConstraint(fields=["child"], condition=Q(closed_at=None), name="one_open_plan_of_child"),
            models.UniqueConstraint(fields=["caregiver"], condition=Q(closed_at=None), name="one_open_plan_of_family"),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, reason="", recheck_on__isnull=True, closed_by__isnull=True)
                | (Q(closed_at__isnull=False, recheck_on__isnull=False, closed_by__isnull=False) & ~Q(reason="")),
                name="closed_with_reason_and_day",
            ),
        ]


class Need(models.Model):
    """What the plan answers: a flag of an assessment, or the words of whoever saw it."""

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="needs")
    children = models.ManyToManyField(Child, related_name="needs")  # one, or those of a family it is about
    domain = models.CharField(max_length=64)
    case = models.ForeignKey(Case, null=True, on_delete=models.PROTECT, related_name="needs")  # where it was found
    flag = models.CharField(max_length=64, default="", blank=True)  # its name in the pack of the case's wave
    words = models.TextField(default="", blank=True)
    for_all = models.BooleanField(default=False)  # own words that the child's whole team may read
    by = person()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(domain=""), name="need_in_a_domain"),
            models.CheckConstraint(
                condition=(~Q(flag="") & Q(case__isnull=False)) | ~Q(words=""), name="need_has_flag_or_words"
            ),
        ]


class Goal(models.Model):
    need = models.ForeignKey(Need, on_delete=models.PROTECT, related_name="goals")
    words = models.TextField()
    by = person()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(words=""), name="goal_has_words")]


class Intervention(models.Model):
    """One line of the library as it read in one version; actions keep the version they were made with."""

    code = models.CharField(max_length=64)
    version = models.PositiveSmallIntegerField()
    suggest = models.CharField(max_length=200)  # codes by which flags of a pack ask for it, joined by blanks
    domains = models.CharField(max_length=200)  # joined by blanks; "*" is every domain
    role = models.CharField(max_length=20, choices=Role.choices)  # who usually does it
    words_en = models.TextField()
    words_fr = models.TextField()
    slip_en = models.TextField(default="", blank=True)  # the same, said to the caregiver
    slip_fr = models.TextField(default="", blank=True)
    local = models.BooleanField(default=False)  # written here; a shipped line is copied when it is first used
    withdrawn = models.BooleanField(default=False)  # no longer offered
    current = models.BooleanField(default=True)
    by = person(null=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="intervention_version_once"),
            models.UniqueConstraint(fields=["code"], condition=Q(current=True), name="one_current_intervention"),
            models.CheckConstraint(
                condition=~Q(words_en="") & ~Q(words_fr="") & ~Q(code=""), name="intervention_in_both_languages"
            ),
        ]


class Action(models.Model):
    """What somebody does until a day. Without an owner and a review date it cannot be written down."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        DONE = "done", _("Done")
        NOT_DONE = "not done", _("Not done")

    need = models.ForeignKey(Need, on_delete=models.PROTECT, related_name="actions")
    goal = models.ForeignKey(Goal, null=True, on_delete=models.PROTECT, related_name="actions")
    intervention = models.ForeignKey(Intervention, null=True, on_delete=models.PROTECT, related_name="actions")
    what = models.TextField()
    for_all = models.BooleanField(default=False)  # also for those of the team who may not read why
    on_slip = models.BooleanField(default=False)  # agreed with the caregiver, and told on her page
    owner = person()
    review_on = models.DateField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    result = models.TextField(default="", blank=True)
    done_on = models.DateField(null=True)
    by = person()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(what=""), name="action_says_what"),
            models.CheckConstraint(
                condition=Q(state="open", done_on__isnull=True, result="")
                | (Q(state__in=("done", "not done"), done_on__isnull=False) & ~Q(result="")),
                name="finished_with_day_and_result",
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "review_on"], name="action_of_owner", condition=Q(state="open")),
            models.Index(fields=["review_on"], name="action_open", condition=Q(state="open")),
        ]


class StrengthAndWish(models.Model):
    """Strengths the team knows beside those of the assessment, and the child's own wish in its own words."""

    class Kind(models.TextChoices):
        STRENGTH = "strength", _("What helps")
        WISH = "wish", _("The child’s own wish")

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="strengths_and_wishes")
    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="strengths_and_wishes")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    words = models.TextField()
    on_slip = models.BooleanField(default=False)  # the child agrees that the caregiver reads it
    by = person()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(words=""), name="strength_or_wish_has_words")]


class NoAction(models.Model):
    """The team decided not to act on a domain for now: why, who, and when it is looked at again."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="no_actions")
    domain = models.CharField(max_length=64)
    reason = models.TextField()
    review_on = models.DateField()
    by = person()
    at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "domain"], condition=Q(withdrawn_at=None), name="one_no_action_per_domain"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="no_action_has_reason"),
        ]


class LevelOverride(models.Model):
    """A practitioner's own judgement of a level. The computed level stays beside it and is never changed."""

    class Level(models.TextChoices):
        HIGH = "high", _("Act now")
        MEDIUM = "medium", _("Watch")
        LOW = "low", _("OK")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="overrides")
    domain = models.CharField(max_length=64)
    level = models.CharField(max_length=6, choices=Level.choices)
    computed = models.CharField(max_length=24)  # what was computed when it was judged
    reason = models.TextField()
    by = person()
    at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "domain"], condition=Q(withdrawn_at=None), name="one_override_per_domain"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="override_has_reason"),
            models.CheckConstraint(condition=Q(level__in=("high", "medium", "low")), name="override_to_a_level"),
        ]


class SeenReferral(models.Model):
    """A referral as `services` told of it by event. Plans stand before services and know no more than this."""

    referral = models.CharField(max_length=80, primary_key=True)  # the event's subject
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    domain = models.CharField(max_length=64)
    sent_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    helped = models.BooleanField(default=False)


class Task(models.Model):
    """A red cell: a domain of a case that says *Act now*, and whether the team has decided what to do.

    Open: somebody must decide. Covered: an action, a referral or a recorded no-action answers it. Fallen: the level
    is no longer *Act now*, or a later wave asks anew.
    """

    class State(models.TextChoices):
        OPEN = "open"
        COVERED = "covered"
        FALLEN = "fallen"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="tasks")
    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="tasks")
    domain = models.CharField(max_length=64)
    state = models.CharField(max_length=8, choices=State.choices)
    opened_at = models.DateTimeField()  # when the domain was first seen to be *Act now*
    changed_at = models.DateTimeField()
    due_on = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "domain"], name="one_task_per_domain"),
            models.CheckConstraint(condition=Q(changed_at__gte=F("opened_at")), name="task_changes_later"),
        ]
        indexes = [models.Index(fields=["due_on"], name="task_open", condition=Q(state="open"))]
