"""ASKS MODELS: what runs on the queue `models`, the only worker that loads torch."""
