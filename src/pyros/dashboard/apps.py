from django.apps import AppConfig


class DashboardConfig(AppConfig):
    name = "pyros.dashboard"
    label = "dashboard"
