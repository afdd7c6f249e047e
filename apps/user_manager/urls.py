"""Addresses of the people's pages."""

from django.contrib.auth.views import PasswordChangeView
from django.urls import path, reverse_lazy

from apps.user_manager import views

urlpatterns = [
    path("people/", views.people, name="people"),
    path("people/me/", views.profile, name="profile"),
    path(
        "people/me/password/",
        PasswordChangeView.as_view(template_name="user_manager/password.html", success_url=reverse_lazy("profile")),
        name="password",
    ),
]
