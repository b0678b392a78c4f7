"""PURE: who gets what, and in which order it is shown."""
