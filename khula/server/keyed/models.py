"""Sheets printed for a child, what was keyed in from them, how differences were decided, and each school's rule."""

from django.conf import settings
from django.db import models

from khula.server.collection.models import Submission
from khula.server.packs.models import Form
from khula.server.schools.models import Child, School, SchoolClass
from khula.server.waves.models import Wave


class Sheet(models.Model):
    """One form on paper about one child in one wave; its code stands for all of them."""

    class State(models.TextChoices):
        PRINTED = "printed"
        ONCE = "once"  # keyed by one person, waits for another
        DIFFERS = "differs"  # keyed twice, and a person with the paper decides
        AGREED = "agreed"  # ready for the door
        HANDED_IN = "handed in"

    code = models.CharField(max_length=9, unique=True)
    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="+")
    wave = models.ForeignKey(Wave, on_delete=models.PROTECT, related_name="+")
    form = models.ForeignKey(Form, on_delete=models.PROTECT, related_name="+")  # the version that was printed
    # Where the child was when it was printed: who held the paper then may key it, wherever the child is now.
    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="+")
    school_class = models.ForeignKey(SchoolClass, null=True, on_delete=models.PROTECT, related_name="+")
    facts = models.TextField()  # JSON: what the list of learners said of the child, as on a tablet that day
    state = models.CharField(max_length=10, choices=State.choices, default=State.PRINTED)
    printed_at = models.DateTimeField()
    printed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    compared = models.PositiveIntegerField(default=0)  # answers that both persons keyed, or one of them
    differed = models.PositiveIntegerField(default=0)
    submission = models.ForeignKey(Submission, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(  # printed again before it came in, it is the same sheet
                fields=["child", "wave", "form"], condition=~models.Q(state="handed in"), name="sheet_open_once"
            )
        ]
        indexes = [models.Index(fields=["school", "state"], name="sheet_of_school")]

    def __str__(self) -> str:
        return self.code


class Keying(models.Model):
    """What one person typed from a sheet; kept as it was, also when somebody decides otherwise."""

    sheet = models.ForeignKey(Sheet, on_delete=models.PROTECT, related_name="keyings")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    nth = models.PositiveSmallIntegerField(null=True)  # 1 or 2; empty while it is not finished
    typed = models.TextField(default="{}")  # JSON: place in the form -> as typed
    answers = models.TextField(default="{}")  # JSON: place in the form -> as an instance holds it, once finished
    # The same person keyed both times, because the school has nobody else; she was told what that is worth.
    same_person = models.BooleanField(default=False)
    stands_so = models.BooleanField(default=False)  # the person saw what does not fit, and the paper says it so
    kept_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sheet", "nth"], name="keying_nth_once"),
            models.UniqueConstraint(
                fields=["sheet", "by"], condition=models.Q(nth=None), name="keying_one_unfinished_each"
            ),
            models.CheckConstraint(
                condition=models.Q(nth=None) | models.Q(nth__in=[1, 2]), name="keying_at_most_twice"
            ),
            models.CheckConstraint(
                condition=models.Q(nth=None, finished_at=None) | models.Q(nth__gte=1, finished_at__isnull=False),
                name="keying_finished_has_nth",
            ),
        ]


class Decision(models.Model):
    """Of two answers that differ, what a person with the paper found."""

    sheet = models.ForeignKey(Sheet, on_delete=models.PROTECT, related_name="decisions")
    question = models.CharField(max_length=255)  # its place in the form
    answer = models.TextField(default="")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sheet", "question"], name="decided_once")]


class KeyingRule(models.Model):
    """Whether a school's coordinator lets paper be keyed once. Without a row: twice."""

    school = models.OneToOneField(School, primary_key=True, on_delete=models.CASCADE, related_name="+")
    once = models.BooleanField(default=False)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField()
