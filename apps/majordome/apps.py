from django.apps import AppConfig


class MajordomeConfig(AppConfig):
    name = "apps.majordome"
    label = "majordome"
    verbose_name = "Majordome"
