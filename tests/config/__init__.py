"""The supervisor, the environment and the settings."""
