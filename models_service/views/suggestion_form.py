"""The policy for suggestions as a form: what a machine said is shown when, and how."""

import uuid
from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy

from annotation.models import MachineAnnotator, SuggestionPolicy
from annotation.questions import Problem
from annotation.suggestions import ARMS, MAX_WEIGHT
from annotation.views.forms import REQUIRED, Styled
from models_service.selectors.suggestions_page import ARM_WORDS, Choice

RANDOM = "random"
WHEN = (
    (RANDOM, gettext_lazy("At random: each item and person falls into one of four")),
    ("revealed", gettext_lazy("After the first answer, which is kept")),
    ("hedged", gettext_lazy("From the beginning, as “I am not sure, but I think …”")),
    ("shown", gettext_lazy("From the beginning")),
)
USUAL = {"blind": 50, "hedged": 50}


def _weight(arm: str) -> forms.IntegerField:
    return forms.IntegerField(
        label=ARM_WORDS[arm],
        required=False,
        min_value=0,
        max_value=MAX_WEIGHT,
    )


class SuggestionForm(Styled, forms.Form):
    """Which machine is shown, when, and with what share of each arm."""

    machine = forms.ChoiceField(
        label=gettext_lazy("AI annotator"),
        required=False,
        choices=[],
        widget=forms.RadioSelect,
    )
    when = forms.ChoiceField(
        label=gettext_lazy("When people see what it says"),
        choices=WHEN,
        widget=forms.RadioSelect,
    )
    arm_blind = _weight("blind")
    arm_revealed = _weight("revealed")
    arm_hedged = _weight("hedged")
    arm_shown = _weight("shown")
    has_reason = forms.BooleanField(required=False)

    def __init__(self, *args: Any, offered: Sequence[Choice], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offered = offered
        cast(forms.ChoiceField, self.fields["machine"]).choices = [
            ("", gettext_lazy("None: nobody sees what an AI said")),
            *((str(one.machine.public_id), one.machine.name) for one in offered),
        ]

    def clean_machine(self) -> str:
        """Take nothing chosen for a slip: “none” is a choice of its own."""
        if "machine" not in self.data:
            raise forms.ValidationError(REQUIRED)
        return str(self.cleaned_data["machine"])

    @property
    def weights(self) -> list[forms.BoundField]:
        """Return the fields of the four shares."""
        return [self[f"arm_{arm}"] for arm in ARMS]

    def chosen(self) -> MachineAnnotator | None:
        """Return the machine that a valid form names."""
        wanted = self.cleaned_data["machine"]
        return next(
            (
                one.machine
                for one in self.offered
                if wanted and one.machine.public_id == uuid.UUID(wanted)
            ),
            None,
        )

    def arms(self) -> dict[str, int]:
        """Return the weights that a valid form means."""
        when = self.cleaned_data["when"]
        if when != RANDOM:
            return {when: 1}
        return {arm: self.cleaned_data[f"arm_{arm}"] or 0 for arm in ARMS}

    def say(self, problems: Sequence[Problem]) -> None:
        """Put each fault at its field."""
        is_random = self.cleaned_data.get("when") == RANDOM
        for problem in problems:
            part, _dot, arm = problem.path.partition(".")
            name = "machine" if part in ("machine", "temperature") else "when"
            if part == "arms" and is_random and arm in ARMS:
                name = f"arm_{arm}"
            self.add_error(name, problem.message)


def initial(policy: SuggestionPolicy | None) -> dict[str, Any]:
    """Return what the form begins with."""
    arms = policy.arms if policy else USUAL
    held = [arm for arm in ARMS if arms.get(arm)]
    is_single = len(held) == 1 and held[0] != "blind"
    return {
        "machine": str(policy.machine.public_id) if policy else "",
        "when": held[0] if is_single else RANDOM,
        "has_reason": bool(policy and policy.has_reason),
        **{f"arm_{arm}": (USUAL if is_single else arms).get(arm, 0) for arm in ARMS},
    }
