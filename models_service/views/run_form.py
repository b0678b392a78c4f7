"""Which items a run asks about, and what it may cost, in a form."""

from typing import cast

from django import forms
from django.utils.translation import gettext_lazy

from annotation.models import Item, Project
from annotation.views.forms import Styled
from models_service.selectors.wanted import Selection

LARGEST = 2**31 - 1


class RunForm(Styled, forms.Form):
    """A run. Everything but a cap has a value that is told."""

    which = forms.ChoiceField(
        label=gettext_lazy("Items"),
        choices=[
            ("all", gettext_lazy("All")),
            ("labelled", gettext_lazy("With an answer of a person")),
            ("unlabelled", gettext_lazy("Without an answer of a person")),
        ],
        help_text=gettext_lazy(
            "Those with an answer show how far the two agree; one given with a "
            "suggestion in view does not count. What it has answered already is left "
            "out."
        ),
    )
    category = forms.ChoiceField(
        label=gettext_lazy("Category"), required=False, choices=[]
    )
    n = forms.IntegerField(
        label=gettext_lazy("Random sample of"),
        required=False,
        min_value=1,
        max_value=LARGEST,
        help_text=gettext_lazy("Empty: all of them."),
    )
    seed = forms.IntegerField(
        label=gettext_lazy("Seed of the sample"),
        required=False,
        min_value=0,
        max_value=LARGEST,
        help_text=gettext_lazy("The same seed draws the same items."),
    )
    again = forms.BooleanField(required=False)
    cap_usd = forms.DecimalField(
        label=gettext_lazy("Most it may cost, in USD"),
        required=False,
        min_value=0,
        max_digits=12,
        decimal_places=6,
        help_text=gettext_lazy(
            "It stops before it could pass this. Empty: only the budget bounds it."
        ),
    )

    def __init__(self, *args: object, project: Project, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        names = (
            Item.objects.filter(project=project)
            .exclude(category="")
            .order_by("category")
            .values_list("category", flat=True)
            .distinct()
        )
        cast(forms.ChoiceField, self.fields["category"]).choices = [
            ("", gettext_lazy("All of them")),
            *((name, name) for name in names),
        ]

    def selection(self) -> Selection:
        """Return the items that a valid form means."""
        said = self.cleaned_data
        return Selection(
            which=said["which"],
            category=said["category"],
            n=said["n"] or 0,
            seed=said["seed"] or 0,
            again=said["again"],
        )
