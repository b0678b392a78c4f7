"""WRITES: one module per step."""
