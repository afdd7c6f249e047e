"""Addresses of operators' orders."""

from django.urls import path

from apps.majordome import views

urlpatterns = [path("control/<slug:name>/<slug:verb>/", views.order, name="control")]
