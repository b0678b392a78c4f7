"""READS: what pages and steps ask of the database."""
