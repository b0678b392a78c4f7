"""PURE: on what a model would run here."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Device:
    """A device for models. `kind` is cpu or cuda; `memory_bytes` is 0 for cpu."""

    kind: str
    name: str
    memory_bytes: int
    torch_version: str


def find_device() -> Device:
    """Return the first GPU, else the CPU. Takes seconds: it loads torch."""
    # torch must never load in the web process, which imports this package's tasks.
    import torch

    version = str(torch.__version__)
    if torch.cuda.is_available():
        found = torch.cuda.get_device_properties(0)
        return Device("cuda", found.name, int(found.total_memory), version)
    return Device("cpu", "CPU", 0, version)
