"""The site's addresses: each app brings its own pages; the shell, the live stream and the API are the dashboard's."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/", include("pyros.dashboard.api.urls")),
    path("", include("pyros.dashboard.urls")),
    path("", include("apps.user_manager.urls")),
    path("", include("apps.alert_manager.urls")),
    path("", include("apps.routine_manager.urls")),
    path("", include("apps.scheduler.urls")),
    path("", include("apps.observation_manager.urls")),
    path("", include("apps.analyzer.urls")),
    path("", include("apps.monitoring.urls")),
    path("", include("apps.majordome.urls")),
]
