"""The raw calls behind a verdict: what was shown in which order, and what came back."""

from dataclasses import dataclass

from annotation.models import PreAnnotation
from annotation.questions import letter
from models_service.combining import sigmoid
from models_service.models import Call

MOST = 200


@dataclass(frozen=True)
class RawCall:
    """One call. `shown`: the letters of the completions in the order shown.

    `p_first`: P(the place shown first), of the tokens of its verdict, in [0, 1].
    """

    call: Call
    shown: str
    p_first: float | None

    @property
    def number(self) -> int:
        """Return which step of its protocol it was, from 1."""
        return self.call.step + 1


def calls_behind(verdict: PreAnnotation) -> list[RawCall]:
    """Return the calls about an item by the machine of a verdict; one query.

    By order, sample and step, so that what belongs together stands together.
    """
    rows = Call.objects.filter(
        machine_id=verdict.machine_id, item_id=verdict.item_id
    ).order_by("order", "sample", "step", "id")[:MOST]
    return [
        RawCall(
            call=row,
            shown=", ".join(letter(index) for index in row.order),
            p_first=None if row.logit is None else sigmoid(row.logit),
        )
        for row in rows
    ]
