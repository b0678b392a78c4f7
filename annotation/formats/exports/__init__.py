"""PURE: the formats in which a data set is written: stored answers to rows and files.

Step export. services.exports feeds it batch by batch; it knows nothing of Django.
"""
