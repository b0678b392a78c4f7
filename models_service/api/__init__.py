"""Machine annotators over REST."""
