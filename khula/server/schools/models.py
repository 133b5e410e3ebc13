"""Schools, classes, children, households, caregivers, and the posts of those who work there."""

from django.conf import settings
from django.db import models

from khula.server.people.roles import Role


class School(models.Model):
    emis_number = models.CharField(max_length=12, unique=True)  # text: leading zeros count
    name = models.CharField(max_length=120)
    province = models.CharField(max_length=40, default="")
    district = models.CharField(max_length=80, default="")

    def __str__(self) -> str:
        return self.name


class SchoolClass(models.Model):
    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="classes")
    grade = models.CharField(max_length=4)  # "R", "1", "2", "3"
    name = models.CharField(max_length=40)  # "1B"
    year = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["school", "name", "year"], name="class_once")]

    def __str__(self) -> str:
        return self.name


class Household(models.Model):
    """People who share food and shelter; holds siblings together."""

    id = models.CharField(max_length=36, primary_key=True)


class Child(models.Model):
    class Sex(models.TextChoices):
        FEMALE = "female"
        MALE = "male"

    id = models.CharField(max_length=36, primary_key=True)  # the entity uuid, the same on every device
    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="children")
    school_class = models.ForeignKey(SchoolClass, null=True, on_delete=models.PROTECT, related_name="children")
    household = models.ForeignKey(Household, null=True, on_delete=models.PROTECT, related_name="children")
    given_names = models.CharField(max_length=80)
    family_name = models.CharField(max_length=80)
    sex = models.CharField(max_length=6, choices=Sex.choices, default="", blank=True)
    birth_date = models.DateField(null=True)
    birth_date_estimated = models.BooleanField(default=False)
    home_language = models.CharField(max_length=8, default="")
    left_on = models.DateField(null=True)

    class Meta:
        indexes = [models.Index(fields=["school_class", "family_name"], name="child_of_class")]

    def __str__(self) -> str:
        return f"{self.given_names} {self.family_name}"


class Enrolment(models.Model):
    """Which class a child was in, and when."""

    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="enrolments")
    school_class = models.ForeignKey(SchoolClass, on_delete=models.PROTECT, related_name="enrolments")
    since = models.DateField()
    until = models.DateField(null=True)


class Caregiver(models.Model):
    id = models.CharField(max_length=36, primary_key=True)
    full_name = models.CharField(max_length=120)
    language = models.CharField(max_length=8, default="")


class CareRelationship(models.Model):
    """Who cares for a child, and when; the primary caregiver may change between waves."""

    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="care")
    caregiver = models.ForeignKey(Caregiver, on_delete=models.PROTECT, related_name="care")
    relation = models.CharField(max_length=20)  # mother, grandmother, father, aunt, foster …
    primary = models.BooleanField(default=False)
    since = models.DateField()
    until = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["child"], condition=models.Q(primary=True, until=None), name="one_primary_caregiver_now"
            )
        ]


class Post(models.Model):
    """A person works in a role, at one school (or at all of them), for some with one class."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="posts")
    role = models.CharField(max_length=20, choices=Role.choices)
    school = models.ForeignKey(School, null=True, on_delete=models.PROTECT, related_name="posts")
    school_class = models.ForeignKey(SchoolClass, null=True, on_delete=models.PROTECT, related_name="posts")
    until = models.DateField(null=True)
