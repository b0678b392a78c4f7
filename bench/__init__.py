"""Benchmarks that anyone can run: `make bench`. They print figures and judge none."""
