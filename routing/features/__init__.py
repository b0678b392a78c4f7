"""PURE: what is known of an item before people label it: texts, judges, bins."""
