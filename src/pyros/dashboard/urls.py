"""Addresses of the shell."""

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from pyros.dashboard import health, live, system, themes, tonight

urlpatterns = [
    path("", tonight.page, name="tonight"),
    path("login/", LoginView.as_view(template_name="login.html", redirect_authenticated_user=True), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("theme/", themes.choose_theme, name="theme"),
    path("live/", live.live, name="live"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("system/", system.page, name="system"),
    path("system/journal/", system.journal, name="journal"),
    path("system/logs/", system.logs, name="logs"),
]
