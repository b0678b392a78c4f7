"""What an owner says of a machine annotator, in a form.

The fields are read by `specs.read_spec`, as over REST; the form only holds the texts.
"""

import json
from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy

from annotation.errors import InvalidError
from annotation.models import MachineAnnotator, Project
from annotation.questions import Problem
from annotation.views.forms import Styled
from annotation.words import gettext as _
from models_service.prompts import PROTOCOLS
from models_service.selectors.juries import Candidate, candidates
from models_service.selectors.machines import told
from models_service.services.machines import checked
from models_service.specs import (
    FEWEST_MEMBERS,
    MODES,
    NUMBERS,
    OFFERED,
    REACH,
    SCALE,
    WEIGHTS,
    Spec,
)


def _text(
    label: Any, help_text: Any = "", *, inputmode: str = "", **attrs: Any
) -> forms.CharField:
    if inputmode:
        attrs["inputmode"] = inputmode
    return forms.CharField(
        label=label,
        help_text=help_text,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", **attrs}),
    )


class MachineForm(Styled, forms.Form):
    """A machine annotator. What is wrong with it is said by `checked`."""

    name = _text(
        gettext_lazy("Name"),
        gettext_lazy("As it stands beside its verdicts."),
        maxlength=200,
    )
    backend = forms.ChoiceField(
        label=gettext_lazy("Kind"),
        choices=[
            (value, label)
            for value, label in MachineAnnotator.Backend.choices
            if value in OFFERED
        ],
    )
    base_url = _text(
        gettext_lazy("Base address"),
        gettext_lazy(
            "Up to where /chat/completions follows, such as https://example.com/v1."
        ),
        inputmode="url",
    )
    model = _text(
        gettext_lazy("Model"),
        gettext_lazy(
            "As the endpoint calls it; of a local one its folder or name on a hub."
        ),
    )
    api_key = forms.CharField(
        label=gettext_lazy("API key"),
        required=False,
        strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    remove_key = forms.BooleanField(required=False)
    protocol = forms.ChoiceField(
        label=gettext_lazy("Judging protocol"), widget=forms.RadioSelect
    )
    members = forms.MultipleChoiceField(
        label=gettext_lazy("Its judges"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    weights = forms.ChoiceField(
        label=gettext_lazy("Its judges weigh"),
        required=False,
        help_text=gettext_lazy(
            "By agreement: Cohen's kappa with most people, as known now; chance and "
            "worse weigh nothing."
        ),
        choices=[
            ("equal", gettext_lazy("all the same")),
            ("agreement", gettext_lazy("by their agreement with people")),
        ],
    )
    tell_guidelines = forms.BooleanField(required=False)
    temperature = _text(
        gettext_lazy("Temperature"),
        gettext_lazy("0 to 2; 0 says the likeliest."),
        inputmode="decimal",
    )
    max_tokens = _text(
        gettext_lazy("Most tokens of a reply"),
        gettext_lazy("Thinking models need more."),
        inputmode="numeric",
    )
    n_samples = _text(
        gettext_lazy("Samples of each order"),
        gettext_lazy("1 to 25; several need a temperature above 0."),
        inputmode="numeric",
    )
    mode = forms.ChoiceField(
        label=gettext_lazy("A verdict is given"),
        help_text=gettext_lazy(
            "By letters: for a model that keeps to no form. It reads two answers and "
            "gives no reason."
        ),
        required=False,
        choices=[
            ("text", gettext_lazy("in words")),
            ("letters", gettext_lazy("by the probabilities of its letters")),
        ],
    )
    scale = _text(
        gettext_lazy("Scale of the scores"),
        gettext_lazy("A lead of so much has odds of 2.7 to 1. Above 0, usually 1."),
        inputmode="decimal",
    )
    tie_band = _text(
        gettext_lazy("Tie band"),
        gettext_lazy("A probability so close to one half is a tie; 0 to 0.49."),
        inputmode="decimal",
    )
    seed = _text(
        gettext_lazy("Seed"),
        gettext_lazy("A whole number, where the server takes one."),
        inputmode="numeric",
    )
    revision = _text(
        gettext_lazy("Revision"), gettext_lazy("Of the model, if you know it.")
    )
    extra_body = forms.CharField(
        label=gettext_lazy("Further parameters, as JSON"),
        required=False,
        help_text=gettext_lazy(
            "An object, sent with every call, such as top_p. No key belongs here."
        ),
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )
    usd_per_million_in = _text(
        gettext_lazy("USD for a million tokens read"), inputmode="decimal"
    )
    usd_per_million_out = _text(
        gettext_lazy("USD for a million tokens written"), inputmode="decimal"
    )
    concurrency = _text(
        gettext_lazy("Calls at once"), gettext_lazy("1 to 256."), inputmode="numeric"
    )
    requests_per_minute = _text(
        gettext_lazy("Calls a minute"),
        gettext_lazy("Empty: no limit."),
        inputmode="numeric",
    )
    timeout_s = _text(
        gettext_lazy("Seconds for one call"),
        gettext_lazy("1 to 3600."),
        inputmode="numeric",
    )

    def __init__(
        self, *args: Any, project: Project, chosen: Sequence[str] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.candidates = candidates(project, chosen)
        cast(forms.MultipleChoiceField, self.fields["members"]).choices = [
            (str(one.row.machine.public_id), one.row.machine.name)
            for one in self.candidates
        ]
        told = [(name, _(one.title)) for name, one in PROTOCOLS.items()]
        cast(forms.ChoiceField, self.fields["protocol"]).choices = told

    def protocols(self) -> list[tuple[Any, str]]:
        """Return each protocol's radio button with what it asks."""
        return [
            (option, _(PROTOCOLS[option.data["value"]].about))
            for option in self["protocol"]
        ]

    def judges(self) -> list[tuple[Any, Candidate]]:
        """Return each judge's checkbox with what is known of it."""
        return list(zip(self["members"], self.candidates, strict=True))

    @property
    def has_judges(self) -> bool:
        """Tell whether there are enough judges for a jury."""
        return len(self.candidates) >= FEWEST_MEMBERS

    def spec(self, machine: MachineAnnotator | None = None) -> Spec | None:
        """Return what was said; None where it needs mending, told at its fields.

        `machine`: the version that is changed.
        """
        if not self.is_valid():
            return None
        raw = dict(self.cleaned_data)
        if raw.pop("remove_key"):
            raw["api_key"] = ""
        elif not raw["api_key"]:
            del raw["api_key"]
        problems: list[Problem] = []
        raw["extra_body"] = _extra(raw["extra_body"], problems)
        try:
            spec = checked(
                raw, allow_private=settings.MODEL_PRIVATE_ADDRESSES, machine=machine
            )
        except InvalidError as error:
            self.say([*problems, *error.problems])
            return None
        self.say(problems)
        return None if problems else spec

    def say(self, problems: list[Problem]) -> None:
        """Put each fault at its field."""
        for problem in problems:
            known = problem.path if problem.path in self.fields else None
            self.add_error(known, problem.message)


def _extra(text: str, problems: list[Problem]) -> Any:
    if not text.strip():
        return {}
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        words = _("This is not JSON: {error}.").format(error=error)
        problems.append(Problem("extra_body", words))
        return {}


def fresh() -> dict[str, Any]:
    """Return what the form of a new machine annotator begins with."""
    usual = {name: low_high_usual[2] for name, low_high_usual in NUMBERS.items()}
    reach = {name: low_high_usual[2] for name, low_high_usual in REACH.items()}
    return {
        "backend": OFFERED[0],
        "protocol": "pairwise",
        "mode": MODES[0],
        "weights": WEIGHTS[0],
        "scale": SCALE[2],
        **usual,
        **reach,
    }


def initial(machine: MachineAnnotator) -> dict[str, Any]:
    """Return what the form of a stored machine annotator begins with."""
    said = {**fresh(), **told(machine)}
    extra = said["extra_body"]
    said["extra_body"] = json.dumps(extra, indent=1) if extra else ""
    for name in ("usd_per_million_in", "usd_per_million_out"):
        if said[name] is not None:
            said[name] = f"{said[name]:f}".rstrip("0").rstrip(".")
    return said
