"""Consent, one's own data, and withdrawal."""
