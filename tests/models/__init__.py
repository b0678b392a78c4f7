"""Machine annotators: what they are asked, what they say, and what it is worth."""
