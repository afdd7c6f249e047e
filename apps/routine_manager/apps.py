from django.apps import AppConfig


class RoutineManagerConfig(AppConfig):
    name = "apps.routine_manager"
    label = "routine_manager"
    verbose_name = "Routine manager"
