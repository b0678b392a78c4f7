"""Addresses of the pages: people."""

from django.urls import URLPattern, path

from annotation.views import home, login

urlpatterns: list[URLPattern] = [
    path("", home.home, name="home"),
    path("login/", login.LogIn.as_view(), name="login"),
    path("logout/", login.LogOut.as_view(), name="logout"),
]
