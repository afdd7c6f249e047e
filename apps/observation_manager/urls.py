"""Addresses of the images' pages."""

from django.urls import path

from apps.observation_manager import views

urlpatterns = [
    path("images/", views.images, name="images"),
    path("images/<int:pk>/", views.image, name="image"),
    path("images/<int:pk>/fits/", views.image_file, name="image-file"),
]
