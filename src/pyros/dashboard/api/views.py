"""Reading by anybody who is logged in (requests: as on the pages), notices in by those who may send them. JSON only."""

from __future__ import annotations

import time
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import permissions, status, viewsets
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request as ApiRequest
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.alert_manager import services
from apps.alert_manager.models import Alert, Decision
from apps.devices.models import Device
from apps.monitoring.models import Alarm
from apps.observation_manager.models import Image
from apps.routine_manager import selectors as requests
from apps.routine_manager.models import Request, Sequence
from apps.scheduler.models import Schedule
from apps.user_manager.permissions import Ability, may
from pyros.dashboard.api import serializers

MOST_BYTES = 2_000_000
"""A notice with its skymap link is some 20 kB; what is larger is no notice."""


class ReadOnly(viewsets.ReadOnlyModelViewSet[Any]):
    """Lists and details as JSON."""

    renderer_classes = (JSONRenderer,)


class RequestViewSet(ReadOnly):
    """Requests: those of one's own programs, all for experts and administrators."""

    queryset = Request.objects.none()
    serializer_class = serializers.RequestSerializer
    filterset_fields = ("kind", "state", "program__name")

    def get_queryset(self) -> QuerySet[Request]:
        return requests.visible_requests(self.request.user)


class SequenceViewSet(ReadOnly):
    """Sequences with albums and plans, of the requests that one may see."""

    queryset = Sequence.objects.none()
    serializer_class = serializers.SequenceSerializer
    filterset_fields = ("state", "request")

    def get_queryset(self) -> QuerySet[Sequence]:
        return requests.visible_sequences(self.request.user).prefetch_related("albums__camera", "albums__plans__filter")


class AlertViewSet(ReadOnly):
    """Alerts with their decisions."""

    queryset = Alert.objects.prefetch_related("decisions").order_by("-id")
    serializer_class = serializers.AlertSerializer
    filterset_fields = ("state", "is_test")


class DecisionViewSet(ReadOnly):
    """What was decided about alerts, and why."""

    queryset = Decision.objects.order_by("-id")
    serializer_class = serializers.DecisionSerializer
    filterset_fields = ("alert", "code", "reason_code")


class ImageViewSet(ReadOnly):
    """Images; their files are at /images/ID/fits/."""

    queryset = Image.objects.select_related("camera", "filter", "plan__album").order_by("-id")
    serializer_class = serializers.ImageSerializer
    filterset_fields = ("state", "frame_type", "camera__name", "plan__album__sequence")


class ScheduleViewSet(ReadOnly):
    """Schedules; one of them comes with its rows."""

    queryset = Schedule.objects.order_by("-id")
    filterset_fields = ("night", "is_final")

    def get_queryset(self) -> QuerySet[Schedule]:
        rows = super().get_queryset()
        if self.action != "retrieve":
            return rows
        return rows.prefetch_related("rows__sequence__request", "rows__telescope")

    def get_serializer_class(self) -> type[serializers.ScheduleSerializer]:
        return serializers.ScheduleWithRowsSerializer if self.action == "retrieve" else serializers.ScheduleSerializer


class DeviceViewSet(ReadOnly):
    """Devices with their newest status; addresses are left out."""

    queryset = Device.objects.order_by("name")
    serializer_class = serializers.DeviceSerializer
    filterset_fields = ("state", "blocking")


class AlarmViewSet(ReadOnly):
    """Alarms, raised and cleared."""

    queryset = Alarm.objects.order_by("-id")
    serializer_class = serializers.AlarmSerializer
    filterset_fields = ("state", "severity", "code")


class MaySendNotices(permissions.BasePermission):
    """For experts and administrators."""

    message = "your profile does not allow to send notices"

    def has_permission(self, request: ApiRequest, view: APIView) -> bool:
        return may(request.user, Ability.SEND_NOTICES)


class RawParser(BaseParser):
    """Any body is taken as it is: the notice's own parser judges it."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        return bytes(stream.read(MOST_BYTES + 1))


class NoticeView(APIView):
    """Take a notice in (VOEvent or JSON, raw body), as if a broker had sent it. Sending it twice is harmless."""

    permission_classes = (permissions.IsAuthenticated, MaySendNotices)
    parser_classes = (RawParser,)
    renderer_classes = (JSONRenderer,)

    @extend_schema(
        request={"application/xml": OpenApiTypes.BINARY, "application/json": OpenApiTypes.BINARY},
        responses={
            200: serializers.ReceivedSerializer,
            201: serializers.ReceivedSerializer,
            422: serializers.ReceivedSerializer,
        },
    )
    def post(self, request: ApiRequest) -> Response:
        """201 when it is new, 200 when it was known, 422 when it was not understood (and kept)."""
        received_ns = time.monotonic_ns()
        raw = request.data
        if not isinstance(raw, bytes) or not raw:
            return Response(
                {"detail": "the body is empty: send the notice's bytes as they are"}, status.HTTP_400_BAD_REQUEST
            )
        if len(raw) > MOST_BYTES:
            return Response(
                {"detail": f"more than {MOST_BYTES} bytes: no notice is that long"},
                status.HTTP_413_REQUEST_ENTITY_TOO_LARGE,
            )
        came = services.receive(raw, via=f"rest:{request.user.get_username()}", received_monotonic_ns=received_ns)
        body = {
            "notice": came.notice.pk,
            "is_new": came.is_new,
            "refused": came.notice.refused,
            "alert": came.alert.pk if came.alert else None,
            "decision": came.decision.code if came.decision else None,
            "sentence": came.decision.sentence if came.decision else None,
        }
        if came.notice.refused:
            return Response(body, status.HTTP_422_UNPROCESSABLE_ENTITY)
        return Response(body, status.HTTP_201_CREATED if came.is_new else status.HTTP_200_OK)
