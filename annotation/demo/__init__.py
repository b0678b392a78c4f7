"""PURE: the items of the demo, written for it, and the answers of its annotator."""

from annotation.demo.sets import PROFILES, DemoSet, demo_sets

__all__ = ["PROFILES", "DemoSet", "demo_sets"]
