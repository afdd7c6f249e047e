from django.apps import AppConfig


class ObservationManagerConfig(AppConfig):
    name = "apps.observation_manager"
    label = "observation_manager"
    verbose_name = "Observation manager"
