from django.apps import AppConfig


class UserManagerConfig(AppConfig):
    name = "apps.user_manager"
    label = "user_manager"
    verbose_name = "User manager"
