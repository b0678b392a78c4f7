"""READS: each function states its number of queries."""
