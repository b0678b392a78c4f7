"""Writes of the live loop."""
