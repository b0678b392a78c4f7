"""PURE: how far annotators agree, with intervals. Agreement is not quality."""

from annotation.agreement.coefficients import (
    Agreement,
    Level,
    cohen_kappa,
    fleiss_kappa,
    krippendorff_alpha,
    percent_agreement,
)
from annotation.agreement.intervals import (
    Interval,
    bootstrap_clusters,
    bootstrap_items,
    wilson_interval,
)
from annotation.agreement.votes import Majority, majority

__all__ = [
    "Agreement",
    "Interval",
    "Level",
    "Majority",
    "bootstrap_clusters",
    "bootstrap_items",
    "cohen_kappa",
    "fleiss_kappa",
    "krippendorff_alpha",
    "majority",
    "percent_agreement",
    "wilson_interval",
]
