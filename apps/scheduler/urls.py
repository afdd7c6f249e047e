"""Addresses of the schedules."""

from django.urls import path

from apps.scheduler import views

urlpatterns = [
    path("schedule/", views.schedule, name="schedule"),
    path("schedule/<int:pk>/", views.schedule, name="schedule-detail"),
]
