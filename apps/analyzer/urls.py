"""Addresses of the products."""

from django.urls import path

from apps.analyzer import views

urlpatterns = [path("products/<int:pk>/", views.product_file, name="product-file")]
