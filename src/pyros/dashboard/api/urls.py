"""Addresses of the API."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.routers import APIRootView, DefaultRouter

from pyros.dashboard.api import views


class ApiRoot(APIRootView):
    """What there is."""

    renderer_classes = (JSONRenderer,)


class Router(DefaultRouter):
    APIRootView = ApiRoot
    include_format_suffixes = False


router = Router()
router.register("requests", views.RequestViewSet, "api-request")
router.register("sequences", views.SequenceViewSet, "api-sequence")
router.register("alerts", views.AlertViewSet, "api-alert")
router.register("decisions", views.DecisionViewSet, "api-decision")
router.register("images", views.ImageViewSet, "api-image")
router.register("schedules", views.ScheduleViewSet, "api-schedule")
router.register("devices", views.DeviceViewSet, "api-device")
router.register("alarms", views.AlarmViewSet, "api-alarm")

urlpatterns = [
    path("notices", views.NoticeView.as_view(), name="api-notices"),
    path("schema/", SpectacularAPIView.as_view(permission_classes=[IsAuthenticated]), name="api-schema"),
    *router.urls,
]
