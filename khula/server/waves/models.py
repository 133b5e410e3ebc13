"""Wave: a planned round of assessment; who is to be asked about whom."""

from django.db import models

from khula.server.packs.models import PackVersion
from khula.server.schools.models import Caregiver, Child, School, SchoolClass


class Wave(models.Model):
    id = models.CharField(max_length=36, primary_key=True)
    number = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=80)
    pack_version = models.ForeignKey(PackVersion, on_delete=models.PROTECT, related_name="waves")
    opens_on = models.DateField()
    closes_on = models.DateField()
    begun_at = models.DateTimeField(null=True)  # when the devices were told; a planned wave begins on its day
    schools = models.ManyToManyField(School, related_name="waves")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(closes_on__gte=models.F("opens_on")), name="wave_ends_later")
        ]

    def __str__(self) -> str:
        return self.name


class Assignment(models.Model):
    """One voice to be heard about one child in one wave; four of them make a whole case."""

    wave = models.ForeignKey(Wave, on_delete=models.PROTECT, related_name="assignments")
    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="assignments")
    informant = models.CharField(max_length=20)
    school_class = models.ForeignKey(SchoolClass, null=True, on_delete=models.PROTECT, related_name="+")
    # For the caregiver's voice: who is to be asked. Once heard it stays, whoever cares for the child later.
    caregiver = models.ForeignKey(Caregiver, null=True, on_delete=models.PROTECT, related_name="+")
    heard_on = models.DateField(null=True)  # the day of the interview that counts; empty while it is awaited

    class Meta:
        constraints = [models.UniqueConstraint(fields=["wave", "child", "informant"], name="voice_asked_once")]
        indexes = [models.Index(fields=["wave", "school_class"], name="assignment_of_class")]
