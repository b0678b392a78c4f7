"""Every table of the app, by the module that explains it."""

from models_service.models.anchoring import AnchoringReport
from models_service.models.calls import Call
from models_service.models.connections import Connection
from models_service.models.embeddings import (
    Embedding,
    EncoderIdentity,
    ItemEmbedding,
)
from models_service.models.heads import Head
from models_service.models.reports import MachineReport
from models_service.models.runs import Run

__all__ = [
    "AnchoringReport",
    "Call",
    "Connection",
    "Embedding",
    "EncoderIdentity",
    "Head",
    "ItemEmbedding",
    "MachineReport",
    "Run",
]
