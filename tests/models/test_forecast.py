"""What a run is said to cost beforehand, against what it then used."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from annotation.models import Project
from models_service.backends.base import Ask, Reply
from models_service.selectors.forecast import (
    CHARS_PER_TOKEN,
    FILLER,
    FILLERS,
    forecast,
)
from models_service.selectors.wanted import Selection, wanted_batches
from models_service.services.judging import Judge
from tests.factories import make_items, make_project
from tests.models.judges import (
    Ledgerless,
    Scripted,
    answer_all,
    canonical_first,
    make_judge,
)

pytestmark = pytest.mark.django_db
PRICES: dict[str, Any] = {
    "usd_per_million_in": Decimal(1),
    "usd_per_million_out": Decimal(1),
}


def long_winded(ask: Ask) -> Reply:
    """Fill each step with as many words as a forecast takes for granted."""
    schema = json.dumps(ask.schema or {})
    if "critiques" in schema:
        text = FILLERS["critiques"]
    elif "verdict" in schema:
        text = canonical_first(ask).text
    else:
        text = FILLER
    return Reply(ask.key, text, "stop", 1, 1, 1)


@pytest.mark.parametrize("protocol", ["pairwise", "self_reference", "debate"])
def test_forecast_counts_every_step_of_a_protocol(
    make_pool: Callable[..., Project], protocol: str
) -> None:
    project = make_pool(4)
    machine = make_judge(project, protocol, **PRICES)
    questions = project.current_questions()
    assert questions is not None
    told = forecast(machine, questions, Selection())
    backend = Scripted(long_winded)
    items = next(wanted_batches(machine, questions, Selection(), None, 10))
    Judge(machine, backend, Ledgerless()).judge(items)
    n_chars = sum(len(m.content) for ask in backend.calls for m in ask.messages)
    assert told.n_calls == len(backend.calls)
    assert told.tokens_in == pytest.approx(n_chars / CHARS_PER_TOKEN, rel=0.15)


def test_where_all_is_answered_no_item_is_looked_for(
    db: None, django_assert_num_queries: Any
) -> None:
    project = make_project()
    make_items(project, 3)
    machine = make_judge(project)
    answer_all(machine)
    questions = project.current_questions()
    assert questions is not None
    # One counts the items, one reads what calls have used so far.
    with django_assert_num_queries(2):
        told = forecast(machine, questions, Selection())
    assert (told.n_items, told.n_calls, told.misfit) == (0, 0, "")
