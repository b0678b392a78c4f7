"""PURE: the models that a worker process holds: each loaded once, the oldest evicted.

The backends of this package that run a model themselves hold it through `shared()` for
as long as they need it. What a model is used for is none of this module's business.
"""

import gc
import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from annotation.words import gettext as _

Kind = Literal["causal", "classifier"]
MIB = 1024 * 1024
# Of the memory that a device has; the rest is for what a batch needs while it runs.
SHARE_OF_GPU = 0.8
SHARE_OF_CPU = 0.5
# What the libraries raise where files are missing, broken, or not what they should be.
_TROUBLES = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    ImportError,
    RuntimeError,
    MemoryError,
)


class ModelError(ValueError):
    """A model cannot be used; the text is a sentence for the owner."""


@dataclass(frozen=True)
class LocalSettings:
    """Which model runs in this process, and how.

    `model` is a folder or a name on the hub. `device` and `dtype` empty: the GPU in
    bfloat16 where there is one, else the CPU in float32. `memory_mb` bounds all models
    of this process together; 0 = a share of what the device has. `batch_size` and
    `batch_tokens` bound one batch at first; 0 = by the device. `mode` letters: verdicts
    are read off the probabilities of their letters, without generating.
    """

    model: str
    revision: str = ""
    device: str = ""
    dtype: str = ""
    memory_mb: int = 0
    batch_size: int = 0
    batch_tokens: int = 0
    mode: Literal["text", "letters"] = "text"


@dataclass(frozen=True)
class Loaded:
    """A model with its tokenizer. `device` is cpu or cuda."""

    model: Any
    tokenizer: Any
    device: str
    dtype: str
    n_bytes: int


@dataclass(frozen=True)
class Key:
    """What makes two models the same one."""

    kind: Kind
    model: str
    revision: str
    device: str
    dtype: str


@dataclass
class _Entry:
    loaded: Loaded
    n_holders: int = 0


@dataclass
class Registry:
    """Models by key, the least recently used first.

    `free` gives memory back to the device after a model was let go. One lock serves
    all: while a model loads, others wait, so that none is loaded twice and two loads
    never need the memory of both.
    """

    free: Callable[[], None]
    entries: OrderedDict[Key, _Entry] = field(default_factory=OrderedDict)
    lock: Any = field(default_factory=threading.RLock)

    def hold(
        self, key: Key, n_bytes: int, limit: int, load: Callable[[], Loaded]
    ) -> Loaded:
        """Return the model of a key, loaded if it is not there; `release` it later.

        Parameters
        ----------
        n_bytes : int
            What the model needs, by its configuration.
        limit : int
            Bytes for all models together; models that nobody holds make room.

        Raises
        ------
        ModelError
            If there is no room.
        """
        with self.lock:
            entry = self.entries.get(key)
            if entry is None:
                self._make_room(key, n_bytes, limit)
                entry = self.entries[key] = _Entry(load())
            self.entries.move_to_end(key)
            entry.n_holders += 1
            return entry.loaded

    def release(self, key: Key) -> None:
        """Let go of a model; it stays until its memory is needed."""
        with self.lock:
            self.entries[key].n_holders -= 1

    def _make_room(self, key: Key, n_bytes: int, limit: int) -> None:
        if n_bytes > limit:
            text = _(
                "The model {name!r} needs {needed:,} MB and models may use {limit:,} "
                "MB here. Take a smaller one, or raise MODEL_MEMORY_MB."
            )
            raise ModelError(_with_megabytes(text, key.model, n_bytes, limit))
        for other in list(self.entries):
            if self._n_bytes() + n_bytes <= limit:
                return
            if not self.entries[other].n_holders:
                del self.entries[other]
                self.free()
        if self._n_bytes() + n_bytes > limit:
            text = _(
                "The model {name!r} needs {needed:,} MB of the {limit:,} MB that "
                "models may use here, and others are at work. Run it again when they "
                "are done."
            )
            raise ModelError(_with_megabytes(text, key.model, n_bytes, limit))

    def _n_bytes(self) -> int:
        return sum(entry.loaded.n_bytes for entry in self.entries.values())


def _with_megabytes(text: str, name: str, needed: int, limit: int) -> str:
    return text.format(name=name, needed=-(-needed // MIB), limit=limit // MIB)


@cache
def shared() -> Registry:
    """Return the registry of this process."""
    return Registry(free=_free)


def _free() -> None:
    import torch  # Heavy, and never in the web process; so in every function below.

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def key_of(kind: Kind, settings: LocalSettings) -> Key:
    """Return which model is meant, with the device and number format it runs in."""
    import torch

    device = settings.device or ("cuda" if torch.cuda.is_available() else "cpu")
    dtype = settings.dtype or ("bfloat16" if device == "cuda" else "float32")
    return Key(kind, settings.model, settings.revision, device, dtype)


def hold(kind: Kind, settings: LocalSettings) -> tuple[Key, Loaded]:
    """Hold a model of this process; `shared().release(key)` ends it.

    Raises
    ------
    ModelError
        If there is no such model, it is not of this kind, or there is no room for it.
    """
    key = key_of(kind, settings)
    registry = shared()
    with registry.lock:
        n_bytes = 0
        if key not in registry.entries:
            n_bytes = _told(key, lambda: _n_bytes_needed(key))
        limit = settings.memory_mb * MIB or _usual_limit(key.device)
        return key, registry.hold(key, n_bytes, limit, lambda: load(key))


def _usual_limit(device: str) -> int:
    import torch

    if device == "cuda":
        return int(torch.cuda.get_device_properties(0).total_memory * SHARE_OF_GPU)
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return int(pages * SHARE_OF_CPU)


def _factory(kind: Kind) -> Any:
    import transformers

    return {
        "causal": transformers.AutoModelForCausalLM,
        "classifier": transformers.AutoModelForSequenceClassification,
    }[kind]


def _source(key: Key) -> dict[str, Any]:
    # Code that comes with a model is never run, and weights are read as numbers alone.
    return {"revision": key.revision or None, "trust_remote_code": False}


def _n_bytes_needed(key: Key) -> int:
    """Return the bytes of a model's weights, without loading them."""
    import torch
    import transformers

    config = transformers.AutoConfig.from_pretrained(key.model, **_source(key))
    with torch.device("meta"):
        model = _factory(key.kind).from_config(config, trust_remote_code=False)
    n_weights = sum(weight.numel() for weight in model.parameters())
    return int(n_weights * getattr(torch, key.dtype).itemsize)


def load(key: Key) -> Loaded:
    """Load a model and its tokenizer; raises ModelError with a sentence."""
    found: Loaded = _told(key, lambda: _load(key))
    return found


def _load(key: Key) -> Loaded:
    import torch
    import transformers

    transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    tokenizer = transformers.AutoTokenizer.from_pretrained(key.model, **_source(key))
    model, found = _factory(key.kind).from_pretrained(
        key.model,
        dtype=getattr(torch, key.dtype),
        use_safetensors=True,
        output_loading_info=True,
        **_source(key),
    )
    missing = sorted(found["missing_keys"])
    if missing:
        # They would be drawn at random, and everything the model says with them.
        text = _("The model {name!r} lacks weights that it needs here: {weights}.")
        shown = ", ".join(missing[:3]) + (" …" if len(missing) > 3 else "")
        raise ModelError(text.format(name=key.model, weights=shown))
    model = model.to(key.device).eval().requires_grad_(False)
    n_bytes = sum(weight.nbytes for weight in (*model.parameters(), *model.buffers()))
    return Loaded(model, tokenizer, key.device, key.dtype, n_bytes)


def _told(key: Key, step: Callable[[], Any]) -> Any:
    """Run a step of loading; say in a sentence what is wrong where it fails."""
    from safetensors import SafetensorError

    try:
        return step()
    except ModelError:
        raise
    except (*_TROUBLES, SafetensorError) as error:
        raise ModelError(_sentence(key, error)) from error


def _sentence(key: Key, error: Exception) -> str:
    if is_out_of_memory(error):
        text = _("The memory of this worker is too small for the model {name!r}.")
        return text.format(name=key.model)
    folder = Path(key.model)
    if folder.is_absolute() and not (folder / "config.json").is_file():
        # The same words where there is no such folder: an owner learns of no other.
        text = _("There is no model in the folder {name!r} of this worker.")
        return text.format(name=key.model)
    if isinstance(error, OSError) and not folder.is_dir():
        text = _(
            "The model {name!r} is not there: it is no folder of this worker, and it "
            "could not be fetched from the hub. Check its name and revision, and "
            "whether this worker may reach the hub."
        )
        return text.format(name=key.model)
    text = _("The model {name!r} cannot be loaded: {error}")
    said = next(iter(str(error).strip().splitlines()), "") or type(error).__name__
    return text.format(name=key.model, error=said[:300])


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether a device had too little memory for what was asked of it."""
    import torch

    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    # What torch raises on a CPU has no class of its own.
    return isinstance(error, RuntimeError) and "allocate memory" in str(error)
