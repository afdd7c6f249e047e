from django.apps import AppConfig


class AlertManagerConfig(AppConfig):
    name = "apps.alert_manager"
    label = "alert_manager"
    verbose_name = "Alert manager"
