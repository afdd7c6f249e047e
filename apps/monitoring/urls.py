"""Addresses of devices, weather and alarms."""

from django.urls import path

from apps.monitoring import views

urlpatterns = [
    path("devices/", views.devices, name="devices"),
    path("devices/<slug:name>/", views.device, name="device"),
    path("weather/", views.weather, name="weather"),
    path("alarms/<int:pk>/acknowledge/", views.acknowledge, name="alarm-acknowledge"),
]
