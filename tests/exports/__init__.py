"""Exports: formats, policies, files, cards."""
