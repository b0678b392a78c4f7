"""Tests of the pages for owners and researchers."""
