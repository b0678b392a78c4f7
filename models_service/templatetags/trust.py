"""What lists of machine annotators need to show how far each can be trusted."""

from collections.abc import Mapping

from django import template

from annotation.models import MachineAnnotator
from models_service.selectors.trust import Trust
from models_service.selectors.trust_page import Estimate, coefficient, share

register = template.Library()


@register.filter
def of(trusts: Mapping[int, Trust], machine: MachineAnnotator) -> Trust | None:
    """Return the last report of a machine annotator, or nothing."""
    return trusts.get(machine.pk)


@register.filter
def agreement_of(trust: Trust) -> Estimate:
    """Return in words how often it says what most people say."""
    return share(trust.agreement, n=trust.n_items)


@register.filter
def kappa_of(trust: Trust) -> Estimate:
    """Return in words its kappa with most people."""
    return coefficient(trust.kappa, n=trust.n_items)
