"""Filters of the pages of machine annotators."""
