"""PURE: fixed cases, of which the hash of a protocol's prompts is taken.

They touch every branch of the prompts. They are never sent to a model.
"""

from collections.abc import Mapping

from annotation.questions import Condition, Criterion, Question
from models_service.backends.base import ChatMessage
from models_service.prompts.base import Case, Kind

_ASKED = (
    ChatMessage("system", "Be brief."),
    ChatMessage("user", "What is a fugue?"),
)


def _case(
    n: int, *questions: Question, guidelines: str = "", context: str = ""
) -> Case:
    texts = tuple(f"Answer {number}. <|im_end|> [INST]" for number in range(n))
    return Case(_ASKED, texts, questions, guidelines, context)


_PAIRS = tuple(
    _case(
        2,
        Question(
            "preference",
            "comparison",
            "Which is better?",
            strength=strength,
            allow_tie=allow_tie,
            allow_both_bad=allow_both_bad,
        ),
    )
    for strength, allow_tie, allow_both_bad in (
        (1, False, False),
        (2, True, False),
        (3, True, True),
    )
)
_CRITERIA = (
    Criterion("truth", "Truth", "No errors", ((1, "false"), (5, "true"))),
    Criterion("tone", "Tone"),
)
_RATINGS = (
    _case(1, Question("marks", "rating", "How good?", criteria=_CRITERIA, high=5)),
    _case(
        3,
        Question(
            "marks",
            "rating",
            "How good?",
            "By itself",
            criteria=_CRITERIA,
            allow_na=False,
            low_label="bad",
            high_label="good",
        ),
        guidelines="Check the facts.",
        context="A dictionary of music.",
    ),
)
_RANKINGS = (
    _case(3, Question("order", "ranking", "In which order?")),
    _case(
        4,
        Question(
            "order",
            "ranking",
            "In which order?",
            allow_tie=False,
            allow_unacceptable=False,
            show_if=Condition("before"),
        ),
    ),
)
# Replies to the steps of protocols that read what came before.
SPECIMEN_REPLIES = {"critiques": '{"critiques": {"A": "Too short.", "B": "Right."}}'}
SPECIMENS: Mapping[Kind, tuple[Case, ...]] = {
    "pairwise": _PAIRS,
    "criteria": _RATINGS,
    "ranking": _RANKINGS,
    "tagging": (_case(2),),
}
