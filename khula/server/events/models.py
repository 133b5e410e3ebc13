"""Event: something that happened, what came of it, and whether work is still owed."""

from django.conf import settings
from django.db import models


class Event(models.Model):
    class State(models.TextChoices):
        WAITING = "waiting"
        DONE = "done"
        FAILED = "failed"

    kind = models.CharField(max_length=60)  # past tense: "submission.received"
    subject = models.CharField(max_length=80)  # id of what it happened to
    facts = models.TextField(default="{}")  # JSON; never an answer, never a name
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    problem = models.TextField(default="")  # the kind of problem only: its words could hold an answer
    not_before = models.DateTimeField(null=True)  # the next try, later each time

    class Meta:
        indexes = [
            models.Index(fields=["id"], name="event_owed", condition=~models.Q(state="done")),
            models.Index(fields=["subject"], name="event_subject"),
        ]
