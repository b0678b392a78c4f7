"""PURE: text from models and people to safe HTML; the last step before the screen.

Steps annotate and review. Pages and the render cache call it; it knows nothing of
Django, items or projects, and trusts no character of what it is given.
"""

from annotation.rendering.alignment import Block, align, align_raw
from annotation.rendering.differences import Span, differences
from annotation.rendering.markdown import RENDERER_VERSION, render
from annotation.rendering.plain import beginning
from annotation.rendering.raw import render_raw, text_key

__all__ = [
    "RENDERER_VERSION",
    "Block",
    "Span",
    "align",
    "align_raw",
    "beginning",
    "differences",
    "render",
    "render_raw",
    "text_key",
]
