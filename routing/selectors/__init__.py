"""Reads of the live loop."""
