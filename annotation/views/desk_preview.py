"""A made-up item for the preview of a form: the desk that annotators would see."""

from collections.abc import Sequence
from uuid import UUID

from annotation.questions import Question, letter
from annotation.selectors.desk import Desk, DeskCompletion, DeskProgress, DeskText
from annotation.selectors.texts import alignments
from annotation.spans import has_spans

_PROMPT = "Why do the leaves of some trees turn yellow in autumn?"
_TEXTS = (
    "The tree takes its green chlorophyll back before winter. Yellow pigments were in"
    " the leaf all along, and now they can be seen.",
    "Because of the cold. The cold paints the leaves yellow, and later they fall off.",
    "Short days tell the tree to stop feeding its leaves, so the green fades.",
    "Leaves turn yellow because trees are sad that summer is over.",
)
_ID = UUID(int=0)


def preview_desk(questions: Sequence[Question]) -> Desk:
    """Return the desk of a made-up item that these questions can be asked about."""
    kinds = {question.type for question in questions}
    n_completions = 4 if "ranking" in kinds and "comparison" not in kinds else 2
    texts = _TEXTS[:n_completions]
    html = [f"<p>{text}</p>" for text in texts]
    places = alignments(texts, html) if has_spans(questions) else [None] * len(texts)
    return Desk(
        id=_ID,
        state="open",
        lease_until=None,
        lease_s=60,
        language="en",
        messages=(DeskText("user", _PROMPT, f"<p>{_PROMPT}</p>"),),
        completions=tuple(
            DeskCompletion(place, letter(place), text, html[place], places[place])
            for place, text in enumerate(texts)
        ),
        questions=tuple(questions),
        questions_number=1,
        guidelines_number=None,
        draft=None,
        progress=DeskProgress(0, 1),
    )
