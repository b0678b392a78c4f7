"""A routing policy as a form; the fields are read by `read_policy`, as over REST."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy

from annotation.models import Project
from annotation.money import shown
from annotation.questions import Problem
from annotation.views.forms import Styled
from annotation.words import gettext as _
from annotation.words import ngettext
from routing.models import RoutingPolicy
from routing.selectors.budget import CENT, Size
from routing.selectors.described import TagOffer
from routing.selectors.page import Offer, likeliest
from routing.selectors.spending import price_of
from routing.services.policy_rules import LEAST_SEED
from routing.services.reading import written

RARE = (
    "judges",
    "audit_share",
    "reserve_share",
    "strategy",
    "ppm",
    "tagger",
    "metadata_fields",
    "refit_every",
    "stop_gain",
    "seed",
    "judge_new_items",
)


# So many labels tell enough in most projects; of a small pool a quarter.
USUAL_SEED = 200


def _text(
    label: Any, help_text: Any = "", *, inputmode: str = "numeric"
) -> forms.CharField:
    attrs = {"autocomplete": "off", "inputmode": inputmode}
    return forms.CharField(
        label=label,
        help_text=help_text,
        required=False,
        widget=forms.TextInput(attrs=attrs),
    )


class PolicyForm(Styled, forms.Form):
    """Whose label is taken, how many items people label first, and the budget."""

    machine = forms.ChoiceField(
        label=gettext_lazy("Whose label is taken where people do not label"),
        required=False,
        widget=forms.RadioSelect,
    )
    n_seed = _text(
        gettext_lazy("Items that people label first"),
        gettext_lazy("The seed, drawn at random. More of it teaches more."),
    )
    budget = _text(
        gettext_lazy("Budget, the seed included"),
        gettext_lazy("Such as 1,200, or 25% for a share."),
        inputmode="text",
    )
    budget_unit = forms.ChoiceField(
        label=gettext_lazy("Counted in"), choices=RoutingPolicy.Unit.choices
    )
    label_usd = _text(
        gettext_lazy("Price of a label, in USD"),
        gettext_lazy("All answers to one item together; 0 where no money is counted."),
        inputmode="decimal",
    )
    length_share = _text(
        gettext_lazy("Share of the price that grows with the length"),
        gettext_lazy(
            "From 0 to 100%. At 100% an item of twice the mean length costs twice as "
            "much."
        ),
        inputmode="text",
    )
    surcharges = forms.CharField(
        label=gettext_lazy("Surcharges, one a line"),
        help_text=gettext_lazy(
            "A field, a value and a factor, such as category=medicine x 2. Fields are "
            "category, language, source and those of the metadata."
        ),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
    )
    strategy = forms.ChoiceField(
        label=gettext_lazy("How items are chosen"),
        help_text=gettext_lazy(
            "Learned from the seed finds out how far each signal is to be trusted here."
        ),
        choices=RoutingPolicy.Strategy.choices,
    )
    ppm = forms.ChoiceField(
        label=gettext_lazy("Performance prediction model"),
        help_text=gettext_lazy(
            "Performance prediction and the best simulated mix choose by it, and the "
            "page says what each tag is worth by it."
        ),
        choices=RoutingPolicy.Ppm.choices,
        required=False,
    )
    tagger = forms.ChoiceField(
        label=gettext_lazy("Whose tags of the prompts are read"), required=False
    )
    metadata_fields = forms.MultipleChoiceField(
        label=gettext_lazy("Metadata of items that may tell"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    judges = forms.MultipleChoiceField(
        label=gettext_lazy("Judges whose verdicts are signals"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    audit_share = _text(
        gettext_lazy("Share of the seed that is for measuring alone"),
        gettext_lazy("From 0 to 50%. All estimates rest on it."),
        inputmode="text",
    )
    reserve_share = _text(
        gettext_lazy("Share of the rest that goes to items by lot"),
        gettext_lazy("From 0 to 50%. It keeps later estimates honest."),
        inputmode="text",
    )
    refit_every = _text(
        gettext_lazy("Learn anew after so many labels"),
        gettext_lazy("0: only when somebody asks for it."),
    )
    stop_gain = _text(
        gettext_lazy("Stop below this expected gain"),
        gettext_lazy("Such as 1%. Empty: the whole budget is spent."),
        inputmode="text",
    )
    judge_new_items = forms.BooleanField(
        label=gettext_lazy("Let the AI annotator judge new items by itself"),
        help_text=gettext_lazy(
            "Items that are imported later wait for its verdict and the policy's "
            "decision. Its calls are paid from the project's budget."
        ),
        required=False,
    )
    seed = _text(
        gettext_lazy("Random seed"),
        gettext_lazy("The same number draws the same items. Empty: it is drawn."),
    )

    def __init__(
        self, *args: Any, offered: Sequence[Offer], tags: TagOffer, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.offered = offered
        newest = ("", _("The newest tags of each item, whoever gave them"))
        tagged = [(str(one.public_id), one.name) for one in tags.taggers]
        cast(forms.ChoiceField, self.fields["tagger"]).choices = [newest, *tagged]
        fields = [(name, name) for name in tags.fields]
        named_fields = cast(forms.MultipleChoiceField, self.fields["metadata_fields"])
        named_fields.choices = fields
        named = [(str(one.machine.public_id), one.machine.name) for one in offered]
        cast(forms.ChoiceField, self.fields["machine"]).choices = named
        cast(forms.MultipleChoiceField, self.fields["judges"]).choices = named

    def machines(self) -> list[tuple[Any, Offer]]:
        """Return each machine's radio button with what is known of it."""
        return list(zip(self["machine"], self.offered, strict=True))

    def signals(self) -> list[tuple[Any, Offer]]:
        """Return each judge's checkbox with what is known of it."""
        return list(zip(self["judges"], self.offered, strict=True))

    @property
    def is_prices_open(self) -> bool:
        """Tell whether prices differ by item, or a fault lies there."""
        names = ("length_share", "surcharges")
        return any(self[name].value() or name in self.errors for name in names)

    @property
    def is_rare_open(self) -> bool:
        """Tell whether a fault lies among what is folded away."""
        return any(name in self.errors for name in RARE)

    def raw(self) -> dict[str, object]:
        """Return a valid form as `read_policy` reads it.

        Who gives the label is no signal of itself, so a tick beside it means nothing.
        """
        given = dict(self.cleaned_data)
        given["judges"] = [one for one in given["judges"] if one != given["machine"]]
        return given

    def say(self, problems: Sequence[Problem]) -> None:
        """Put each fault at its field."""
        for problem in problems:
            known = problem.path if problem.path in self.fields else None
            self.add_error(known, problem.message)


def initial(
    project: Project,
    policy: RoutingPolicy | None,
    offered: Sequence[Offer],
    n_items: int,
) -> dict[str, Any]:
    """Return what the form begins with: the policy in force, or what is usual."""
    if policy is not None:
        told = written(policy)
        for name in ("audit_share", "reserve_share", "stop_gain", "length_share"):
            told[name] = percent(cast("float | None", told[name]))
        budget = Decimal(str(told["budget"]))
        is_share = policy.budget_unit == RoutingPolicy.Unit.SHARE
        told["budget"] = percent(float(budget)) if is_share else plain(budget)
        told["label_usd"] = plain(policy.label_usd)
        told["length_share"] = told["length_share"] if policy.length_share else ""
        return told | {"seed": ""}
    price = price_of(project)
    first = likeliest(offered)
    return {
        "machine": str(first.machine.public_id) if first else "",
        "judges": [str(one.machine.public_id) for one in offered],
        "n_seed": max(LEAST_SEED, min(USUAL_SEED, n_items // 4)),
        "budget_unit": "money" if price else "share",
        "label_usd": plain(price),
        "strategy": RoutingPolicy.Strategy.DEFAULT,
        "ppm": RoutingPolicy.Ppm.RIDGE,
        "audit_share": "25%",
        "reserve_share": "10%",
        "refit_every": 100,
    }


@dataclass(frozen=True)
class UsedBudget:
    """A budget that was looked at, as the form begins with it.

    `seed`: the items of a new seed that are paid from it too; 0 where the size that was
    looked at has its seed in it.
    """

    budget: str
    unit: str
    seed: int
    told: str


def used_budget(size: Size, seed: int) -> UsedBudget:
    """Return the budget of a size, and of a seed that comes on top of it.

    What a curve tells is of the items after the seed, and each policy draws its own.
    """
    pool, units = size.pool, RoutingPolicy.Unit
    n_items = size.n_items + seed
    if not pool.is_priced:
        told = ngettext("{n:,} item", "{n:,} items", n_items).format(n=n_items)
        return UsedBudget(str(n_items), units.LABELS, seed, told)
    usd = pool.usd_of(size.n_items) + pool.usd_by_lot(seed)
    usd = usd.quantize(CENT, ROUND_UP)
    return UsedBudget(plain(usd), units.MONEY, seed, shown(usd))


def plain(amount: Decimal) -> str:
    """Return a number without zeros that say nothing: 12.500000 is 12.5."""
    return f"{amount:f}".rstrip("0").rstrip(".") if amount % 1 else f"{amount:.0f}"


def percent(share: float | None) -> str:
    """Return a share as it is written: 0.25 is 25%."""
    return "" if share is None else f"{100 * share:.6g}%"
