"""PURE: bytes to items and back; one module per format. No Django here.

The path of an import: `readers.open_rows` reads a file row by row,
`shapes.recognise` proposes a mapping from its first rows, and `shapes.read_items`
turns rows into items, labels and problems.
"""
