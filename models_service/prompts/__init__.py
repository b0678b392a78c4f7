"""PURE: the judging protocols, each versioned with its prompts.

A runner drives every protocol in the same way: `start`, ask `state.prompt`, `follow`
with the text that came back, until `state.is_final`; then `models_service.verdicts`
reads the last reply.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from annotation.questions import Question
from annotation.words import gettext as _
from annotation.words import gettext_noop
from models_service.prompts import (
    criteria,
    debate,
    pairwise,
    ranking,
    self_reference,
    tagging,
)
from models_service.prompts.base import (
    BuiltPrompt,
    Case,
    Kind,
    Order,
    Step,
    question_for,
)
from models_service.prompts.specimens import SPECIMEN_REPLIES, SPECIMENS
from models_service.thoughts import after_thoughts

__all__ = [
    "PROTOCOLS",
    "BuiltPrompt",
    "Case",
    "JudgingProtocol",
    "Kind",
    "Order",
    "State",
    "follow",
    "misfit",
    "orders",
    "prompt_sha256",
    "question_for",
    "start",
]


@dataclass(frozen=True)
class JudgingProtocol:
    """A way of asking a judge. `kind` says what its last reply holds.

    `critiques` takes them from the replies to steps before the last, if any has them,
    in presented order.
    """

    name: str
    version: int
    kind: Kind
    title: str
    about: str
    steps: tuple[Step, ...]
    critiques: Callable[[int, tuple[str, ...]], tuple[str, ...]] = lambda n, replies: ()


@dataclass(frozen=True)
class State:
    """How far a protocol has come with one case in one order.

    `prompt` is what to ask next; None where no call is left. `problem` is a sentence
    about a reply that cannot be gone on from: there is no verdict then.
    """

    protocol: JudgingProtocol
    case: Case
    order: Order
    prompt: BuiltPrompt | None
    replies: tuple[str, ...] = ()
    problem: str = ""

    @property
    def is_final(self) -> bool:
        """Tell whether nothing is left to ask."""
        return self.prompt is None


def start(protocol: JudgingProtocol, case: Case, order: Sequence[int]) -> State:
    """Begin a protocol with one case in one presented order.

    Parameters
    ----------
    order : int, shape [n_completions]
        `order[k]` = canonical index of the completion shown at place k.

    Raises
    ------
    ValueError
        If the order does not name each completion once.
    """
    if sorted(order) != list(range(len(case.completions))):
        raise ValueError(f"{order!r} is no order of {len(case.completions)} answers.")
    places = tuple(order)
    return State(protocol, case, places, protocol.steps[0].build(case, places, ()))


def follow(state: State, text: str) -> State:
    """Go on with the reply to `state.prompt`."""
    n_done = len(state.replies)
    # What a model thought is no part of what it said, so no later step is told it.
    said = after_thoughts(text)
    replies = (*state.replies, said)
    problem = state.protocol.steps[n_done].problem(state.case, said)
    if problem or len(replies) == len(state.protocol.steps):
        return replace(state, replies=replies, prompt=None, problem=problem)
    step = state.protocol.steps[len(replies)]
    prompt = step.build(state.case, state.order, replies)
    return replace(state, replies=replies, prompt=prompt)


def orders(protocol: JudgingProtocol, n_completions: int) -> tuple[Order, ...]:
    """Return the orders in which a case is shown: as stored, and back to front.

    A protocol that shows no answers, or one alone, has one order.
    """
    forward = tuple(range(n_completions))
    if protocol.kind == "tagging" or n_completions < 2:
        return (forward,)
    return (forward, forward[::-1])


def misfit(
    protocol: JudgingProtocol, questions: Sequence[Question], n_completions: int
) -> str:
    """Say why a protocol cannot judge such items of such a project; "" = it can."""
    if protocol.kind == "tagging":
        return ""
    if question_for(protocol.kind, questions) is None:
        return _(_MISSING[protocol.kind])
    if protocol.kind == "pairwise" and n_completions != 2:
        return _("This protocol compares two answers, and the item has {n}.").format(
            n=n_completions
        )
    if protocol.kind == "ranking" and n_completions < 2:
        return _("There is nothing to rank: the item has a single answer.")
    return ""


_MISSING: Mapping[Kind, str] = {
    "pairwise": gettext_noop(
        "The project asks no comparison. Choose a protocol that answers its questions."
    ),
    "criteria": gettext_noop(
        "The project asks no rating. Choose a protocol that answers its questions."
    ),
    "ranking": gettext_noop(
        "The project asks no ranking. Choose a protocol that answers its questions."
    ),
}


def prompt_sha256(protocol: JudgingProtocol) -> str:
    """Return the hash of everything that shapes what a protocol asks.

    It is taken of the calls that the protocol makes about fixed specimens, so that no
    change of a text, a schema or the way a document is built goes unseen.
    """
    calls = []
    for case in SPECIMENS[protocol.kind]:
        for order in orders(protocol, len(case.completions)):
            replies: tuple[str, ...] = ()
            for step in protocol.steps:
                calls.append(asdict(step.build(case, order, replies)))
                replies = (*replies, SPECIMEN_REPLIES.get(step.name, step.name))
    told = [protocol.name, protocol.version, calls]
    text = json.dumps(told, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


_ALL = (
    JudgingProtocol(
        name=pairwise.NAME,
        version=pairwise.VERSION,
        kind="pairwise",
        title=gettext_noop("Which is better"),
        about=gettext_noop("One verdict on two answers, with its strength."),
        steps=(Step("verdict", pairwise.build),),
    ),
    JudgingProtocol(
        name=criteria.NAME,
        version=criteria.VERSION,
        kind="criteria",
        title=gettext_noop("Marks on criteria"),
        about=gettext_noop("A critique of each answer, then marks on each criterion."),
        steps=(Step("marks", criteria.build),),
    ),
    JudgingProtocol(
        name=ranking.NAME,
        version=ranking.VERSION,
        kind="ranking",
        title=gettext_noop("Ranking"),
        about=gettext_noop("All answers of an item in order, with ties."),
        steps=(Step("ranking", ranking.build),),
    ),
    JudgingProtocol(
        name=tagging.NAME,
        version=tagging.VERSION,
        kind="tagging",
        title=gettext_noop("Tags of the prompt"),
        about=gettext_noop(
            "Subject, expertise, complexity, safety, open-endedness, language, "
            "material and format."
        ),
        steps=(Step("tags", tagging.build),),
    ),
    JudgingProtocol(
        name=self_reference.NAME,
        version=self_reference.VERSION,
        kind="pairwise",
        title=gettext_noop("Own answer first"),
        about=gettext_noop(
            "The judge answers itself, criticises both answers, then gives a verdict. "
            "Three calls for each order."
        ),
        steps=(
            Step("own answer", self_reference.own_answer, self_reference.no_text),
            Step("critiques", self_reference.critique, self_reference.no_critiques),
            Step("verdict", self_reference.verdict),
        ),
        critiques=self_reference.critiques_of,
    ),
    JudgingProtocol(
        name=debate.NAME,
        version=debate.VERSION,
        kind="pairwise",
        title=gettext_noop("Debate"),
        about=gettext_noop(
            "Three roles debate in two rounds, then a verdict is given. Seven calls "
            "for each order."
        ),
        steps=debate.STEPS,
    ),
)
PROTOCOLS: Mapping[str, JudgingProtocol] = {one.name: one for one in _ALL}
