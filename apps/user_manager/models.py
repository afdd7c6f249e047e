"""Who may do what, and how much telescope time whom the committee gave."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q


class Role(models.TextChoices):
    """A profile: what its bearer may do is in `permissions.py`."""

    ADMIN = "ADMIN", "administrator"
    EXPERT = "EXPERT", "expert (committee, operator)"
    USER = "USER", "user"


class User(AbstractUser):
    """An astronomer, an operator or an administrator. New accounts wait for validation (`is_active`)."""

    email = models.EmailField(unique=True)
    role = models.CharField(max_length=10, choices=Role, default=Role.USER)
    institute = models.CharField(max_length=200, blank=True)
    motivation = models.TextField(blank=True, help_text="why the account was asked for")
    validated_by = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="validated_users")
    validated_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.get_full_name() or self.username


class ScientificProgram(models.Model):
    """A program that the committee may give time to."""

    name = models.CharField(max_length=60, unique=True)
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    principal_investigator = models.ForeignKey(User, models.PROTECT, related_name="led_programs")
    members = models.ManyToManyField(User, through="Membership", related_name="programs")
    is_system = models.BooleanField(default=False, help_text="the observatory's own: alerts, calibration")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A user takes part in a program."""

    program = models.ForeignKey(ScientificProgram, models.CASCADE)
    user = models.ForeignKey(User, models.CASCADE)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["program", "user"], name="one_membership")]

    def __str__(self) -> str:
        return f"{self.user} in {self.program}"


class Semester(models.Model):
    """Six months of dark time to be shared out. `start` and `end` are observing nights, both included."""

    name = models.CharField(max_length=20, unique=True)
    start = models.DateField()
    end = models.DateField()
    dark_time_s = models.FloatField(validators=[MinValueValidator(0)], help_text="usable dark time, s")

    class Meta:
        ordering = ["start"]
        constraints = [models.CheckConstraint(condition=Q(end__gt=F("start")), name="semester_ends_after_start")]

    def __str__(self) -> str:
        return self.name


class Grade(models.TextChoices):
    """The committee's mark; it sets the priority of all requests of a program."""

    A = "A", "A (high)"
    B = "B", "B (medium)"
    C = "C", "C (low)"

    @property
    def priority(self) -> int:
        """The priority of a request, 1 to 100; a sequence may vary it by up to ±5."""
        return {"A": 80, "B": 50, "C": 20}[self.value]


class Allocation(models.Model):
    """Grade and share of one program in one semester."""

    program = models.ForeignKey(ScientificProgram, models.CASCADE, related_name="allocations")
    semester = models.ForeignKey(Semester, models.CASCADE, related_name="allocations")
    grade = models.CharField(max_length=1, choices=Grade)
    share_percent = models.FloatField(validators=[MinValueValidator(0), MaxValueValidator(100)])

    class Meta:
        constraints = [models.UniqueConstraint(fields=["program", "semester"], name="one_allocation")]

    def __str__(self) -> str:
        return f"{self.program} {self.semester}: {self.grade}, {self.share_percent:g} %"

    @property
    def quota_s(self) -> float:
        """The time that the program may use in the semester, s."""
        return self.semester.dark_time_s * self.share_percent / 100
