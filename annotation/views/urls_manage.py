"""Addresses of the pages: manage."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
