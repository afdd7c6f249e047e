"""Addresses of the alerts' pages."""

from django.urls import path

from apps.alert_manager import views

urlpatterns = [
    path("alerts/", views.alerts, name="alerts"),
    path("alerts/test/", views.test_alert, name="test-alert"),
    path("alerts/<int:pk>/", views.alert, name="alert"),
    path("alerts/notices/<int:pk>/raw/", views.notice_raw, name="notice-raw"),
]
