"""Requests of the demonstration programs, as astronomers would have submitted them by day."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from apps.routine_manager import composing, services
from apps.routine_manager.models import Request, RoutineRequest
from apps.user_manager.models import Allocation, Grade, ScientificProgram
from pyros import current
from pyros.operations.observatory import read, semester_of


def submit_demo_requests(night: date, *, fixture: str = "demo_requests") -> int:
    """Compose and submit the demonstration's requests for a night; returns how many were submitted."""
    document = read(fixture)
    semester = semester_of(night)
    submitted = 0
    for row in document["targets"]:
        program = ScientificProgram.objects.get(name=row["program"])
        allocation = Allocation.objects.get(program=program, semester=semester)
        if Request.objects.filter(name=row["name"], program=program).exists():
            continue
        albums = {
            camera: [
                composing.PlanDraft(exposure_s=p["exposure_s"], images=p["images"], filter_name=p["filter"])
                for p in plans
            ]
            for camera, plans in document["albums"][row["program"]].items()
        }
        with transaction.atomic():
            request = RoutineRequest.objects.create(
                name=row["name"],
                program=program,
                owner=program.principal_investigator,
                priority=Grade(allocation.grade).priority,
                created_at=current.clock().now(),
            )
            composing.add_sequence(
                request=request,
                draft=composing.SequenceDraft(
                    name=row["name"],
                    target_name=row["name"],
                    ra_deg=row["ra_deg"],
                    dec_deg=row["dec_deg"],
                    albums=albums,
                ),
            )
            services.submit(request=request, night=night, who=program.principal_investigator.username)
        submitted += 1
    return submitted
