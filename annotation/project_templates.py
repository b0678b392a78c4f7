"""PURE: the templates from which a project begins: questions and guidelines.

Step set-up. Called by services.projects and shown in the gallery. The questions are
in the format of annotation.answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

RawQuestion = Mapping[str, Any]

SURE = ("Guess", "Fairly sure", "Certain")
REASONS = (
    "Correct",
    "Complete",
    "Clear",
    "Follows the prompt",
    "Tone",
    "Safe",
    "Length",
)


@dataclass(frozen=True)
class ProjectTemplate:
    """A way to begin: `name` is its key; the other texts are shown to people.

    `icon` is a name known to annotation/icon.html. `n_completions` says how many
    completions an item needs, in words.
    """

    name: str
    title: str
    summary: str
    icon: str
    n_completions: str
    questions: tuple[RawQuestion, ...]
    guidelines: str


def _rationale(name: str = "rationale", **options: Any) -> RawQuestion:
    return {
        "name": name,
        "type": "rationale",
        "title": "In your words",
        "help": "What decided it?",
        "is_required": False,
        **options,
    }


def _confidence() -> RawQuestion:
    return {
        "name": "confidence",
        "type": "confidence",
        "title": "How sure are you?",
        "is_required": False,
        "levels": list(SURE),
    }


def _criterion(name: str, title: str, help_text: str, *marks: str) -> Mapping[str, Any]:
    anchors = {str(mark): words for mark, words in enumerate(marks)}
    return {"name": name, "title": title, "help": help_text, "anchors": anchors}


_COMMON_GUIDELINES = """\
## How to judge

1. Read the prompt first, and say to yourself what a good answer would have to do.
2. Read **every** answer to its end before you choose.
3. Judge what is written, not how long it is or how sure it sounds. Where a fact \
matters and you can check it within a minute, check it.
4. Skip an item that you cannot judge, such as one in a language that you do not \
read, and say why.

There is no expected result: two careful people may well differ.
"""

PAIRWISE = ProjectTemplate(
    name="pairwise",
    title="Pairwise with strength",
    summary="Two answers side by side: which one is better, and by how much? With"
    " reasons, words of one's own and confidence.",
    icon="scale",
    n_completions="two completions an item",
    questions=(
        {
            "name": "preference",
            "type": "comparison",
            "title": "Which answer is better?",
            "strength": 3,
            "allow_tie": True,
            "allow_both_bad": True,
        },
        {
            "name": "reasons",
            "type": "tags",
            "title": "What decided it?",
            "is_required": False,
            "reasons": list(REASONS),
        },
        _rationale(help="One or two sentences are enough."),
        _confidence(),
    ),
    guidelines=f"""\
# Which answer is better?

{_COMMON_GUIDELINES}
## The scale

| choose | when |
|---|---|
| much better | one answer does what was asked, and the other does not |
| better | both can be used, and you would clearly keep one |
| slightly better | you would keep one, and understand who keeps the other |
| tie | you would not mind which one you are given |
| both bad | neither can be used |
""",
)

RANKING = ProjectTemplate(
    name="ranking",
    title="Ranking",
    summary="Several answers put in order, best first. Ties are allowed, and what"
    " nobody should be given is set apart.",
    icon="order",
    n_completions="three to nine completions an item",
    questions=(
        {
            "name": "ranking",
            "type": "ranking",
            "title": "Put the answers in order, best first",
            "allow_tie": True,
            "allow_unacceptable": True,
        },
        _rationale(help="Why does the first one stand first?"),
        _confidence(),
    ),
    guidelines=f"""\
# Put the answers in order

{_COMMON_GUIDELINES}
## Places

- Give the first place to the answer that you would want to be given.
- Answers between which you cannot choose share a place.
- *Not acceptable* is for answers that are wrong in what matters, harmful, or no \
answer at all. They stand below every other, in no order.
""",
)

RATING = ProjectTemplate(
    name="rating",
    title="Rating on criteria",
    summary="Each answer is rated by itself on several criteria from 1 to 5, all in"
    " one grid.",
    icon="steps",
    n_completions="one completion an item or more",
    questions=(
        {
            "name": "ratings",
            "type": "rating",
            "title": "Rate each answer",
            "low": 1,
            "high": 5,
            "allow_na": True,
            "criteria": [
                {
                    "name": "helpful",
                    "title": "Helpful",
                    "help": "It does what was asked.",
                    "anchors": {
                        "1": "of no use",
                        "3": "of use after some work",
                        "5": "ready to use",
                    },
                },
                {
                    "name": "correct",
                    "title": "Correct",
                    "help": "What it says is true.",
                    "anchors": {
                        "1": "wrong in what matters",
                        "3": "small mistakes",
                        "5": "no mistake found",
                    },
                },
                {
                    "name": "clear",
                    "title": "Clear",
                    "help": "It can be followed at first reading.",
                    "anchors": {
                        "1": "cannot be followed",
                        "3": "takes effort",
                        "5": "easy to follow",
                    },
                },
                {
                    "name": "safe",
                    "title": "Safe",
                    "help": "Nobody is harmed who follows it.",
                    "anchors": {
                        "1": "harmful",
                        "3": "needs a warning",
                        "5": "harmless",
                    },
                },
            ],
        },
        _rationale(),
    ),
    guidelines=f"""\
# Rate each answer

{_COMMON_GUIDELINES}
## The grid

- Take one criterion after the other: a clear answer may be wrong, and a correct \
one unclear.
- Use the whole scale. The words beside the numbers say what each end means.
- *Not applicable* is for a criterion that makes no sense for this prompt, not for \
one that is hard to judge.
""",
)


def _aspect(name: str, title: str, help_text: str, *reasons: str) -> RawQuestion:
    return {
        "name": name,
        "type": "comparison",
        "title": title,
        "help": help_text,
        "strength": 2,
        "allow_tie": True,
        "reasons": list(reasons),
        "levels": ["Not confident", "Fairly confident", "Absolutely confident"],
    }


MULTIPREF = ProjectTemplate(
    name="multipref",
    title="MultiPref-like",
    summary="Two answers compared four times: helpful, truthful, harmless, then"
    " overall, each on five points with reasons and confidence.",
    icon="people",
    n_completions="two completions an item",
    questions=(
        _aspect(
            "helpful",
            "Which answer is more helpful?",
            "It does what was asked, in the way it was asked.",
            "Follows the instructions",
            "More useful detail",
            "Easier to understand",
            "Better length",
        ),
        _aspect(
            "truthful",
            "Which answer is more truthful?",
            "What it says is so, and it says where it is not sure.",
            "Fewer mistakes",
            "More accurate detail",
            "Says what it does not know",
            "Sounder reasoning",
        ),
        _aspect(
            "harmless",
            "Which answer is less harmful?",
            "Nobody is hurt, misled or insulted by it.",
            "Less dangerous advice",
            "More respectful",
            "Better warning",
            "Declines what it should decline",
        ),
        _aspect(
            "preference",
            "Which answer is better overall?",
            "All in all: which one would you want to be given?",
            "More helpful",
            "More truthful",
            "Less harmful",
            "Better written",
        ),
        _rationale(),
    ),
    guidelines=f"""\
# Compare two answers in four ways

{_COMMON_GUIDELINES}
## The four questions

- **Helpful** asks whether the answer serves the person who wrote the prompt.
- **Truthful** asks whether its claims hold, whatever their use.
- **Harmless** asks what happens if somebody follows it. Two harmless answers are a \
tie, which is the usual case.
- **Overall** comes last. It need not follow from the other three.
""",
)

HELPSTEER = ProjectTemplate(
    name="helpsteer",
    title="HelpSteer-like",
    summary="Two answers rated from 0 to 4 on five criteria, then a preference from"
    " -3 to 3 with a written justification.",
    icon="chart",
    n_completions="two completions an item",
    questions=(
        {
            "name": "ratings",
            "type": "rating",
            "title": "Rate each answer",
            "low": 0,
            "high": 4,
            "allow_na": False,
            "criteria": [
                _criterion(
                    "helpfulness",
                    "Helpfulness",
                    "How well it serves the request",
                    "of no use",
                    "of little use",
                    "of some use",
                    "helpful, could be better",
                    "could hardly be better",
                ),
                _criterion(
                    "correctness",
                    "Correctness",
                    "Facts, and nothing essential left out",
                    "all wrong",
                    "mostly wrong",
                    "right and wrong",
                    "small mistakes or gaps",
                    "correct and complete",
                ),
                _criterion(
                    "coherence",
                    "Coherence",
                    "Consistent and clearly put",
                    "cannot be followed",
                    "often unclear",
                    "unclear in places",
                    "almost always clear",
                    "perfectly clear",
                ),
                _criterion(
                    "complexity",
                    "Complexity",
                    "Knowledge needed to write it; no praise",
                    "anyone could write it",
                    "simple words",
                    "some education",
                    "good knowledge of the field",
                    "an text of an expert",
                ),
                _criterion(
                    "verbosity",
                    "Verbosity",
                    "Length for what was asked; no praise",
                    "very short",
                    "short",
                    "neither",
                    "long",
                    "very long",
                ),
            ],
        },
        {
            "name": "preference",
            "type": "comparison",
            "title": "Which answer is better?",
            "strength": 3,
            "allow_tie": True,
        },
        _rationale(
            "justification",
            title="Why?",
            help="Name what one answer does better, and where.",
            is_required=True,
            min_chars=20,
        ),
    ),
    guidelines=f"""\
# Rate two answers, then choose

{_COMMON_GUIDELINES}
## The five criteria

Helpfulness, correctness and coherence are praise; complexity and verbosity only \
describe. A short answer to a short question has low verbosity and may be the best.

## The preference

Rate first, then choose. Your choice need not follow the sum of the marks, and the \
justification says why: name the part of an answer that decided it.
""",
)

TEMPLATES: Mapping[str, ProjectTemplate] = {
    template.name: template
    for template in (PAIRWISE, RANKING, RATING, MULTIPREF, HELPSTEER)
}
