"""Pages of machine annotators, for owners and researchers."""
