from django.apps import AppConfig


class AnalyzerConfig(AppConfig):
    name = "apps.analyzer"
    label = "analyzer"
    verbose_name = "Analyzer"
