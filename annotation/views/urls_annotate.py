"""Addresses of the pages: annotate."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
