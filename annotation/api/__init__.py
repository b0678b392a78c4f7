"""REST under /api/v1/: parse, fetch through access, one call, respond."""
