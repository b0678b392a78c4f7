"""The texts that owners write in Markdown: guidelines and consent."""

import re

from annotation.rendering import render

HEADING = re.compile(r"(</?h)([456])\b")


def project_html(text: str) -> str:
    """Return safe HTML whose headings come right below the title of a page.

    The renderer's begin at the fourth level, where those of an answer belong; a
    reader who moves by headings would miss two levels here.
    """
    return HEADING.sub(lambda found: f"{found[1]}{int(found[2]) - 2}", render(text))
