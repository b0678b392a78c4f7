"""Routing: the method and the command that judges it."""
