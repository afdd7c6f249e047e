"""Addresses of the requests' pages."""

from django.urls import path

from apps.routine_manager import views

urlpatterns = [
    path("requests/", views.requests, name="requests"),
    path("requests/<int:pk>/", views.request_detail, name="request"),
]
