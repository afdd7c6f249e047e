from django.apps import AppConfig


class OperationsConfig(AppConfig):
    name = "pyros.operations"
    label = "operations"
