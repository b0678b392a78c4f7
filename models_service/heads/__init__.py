"""PURE: the project's own reward model: a Bradley-Terry head on frozen embeddings.

Trained by models_service.services.reward_models. Knows arrays only: neither Django nor
the encoder that made the features.
"""

from models_service.heads.data import Block, PairData, learn_scales
from models_service.heads.ensemble import (
    Ensemble,
    Strength,
    Suspicion,
    fit_ensemble,
    suspicious_pairs,
)
from models_service.heads.figures import Comparison, compare, weighted_auc
from models_service.heads.solver import NotConvergedError, fit_heads
from models_service.heads.stored import dump_ensemble, load_ensemble

__all__ = [
    "Block",
    "Comparison",
    "Ensemble",
    "NotConvergedError",
    "PairData",
    "Strength",
    "Suspicion",
    "compare",
    "dump_ensemble",
    "fit_ensemble",
    "fit_heads",
    "learn_scales",
    "load_ensemble",
    "suspicious_pairs",
    "weighted_auc",
]
