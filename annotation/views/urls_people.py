"""Addresses of the pages: people."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
