"""Pages: parse, fetch through access, one service or selector, render."""
