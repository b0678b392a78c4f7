"""WRITES: one module per step of the flow, each function one transaction."""
