"""A worker loads each model once, and evicts the one that was not used for longest."""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from models_service.backends import loading
from models_service.backends.follow_up_texts import FOLLOW_UPS, follow_ups_sha256
from models_service.backends.loading import (
    MIB,
    Key,
    Loaded,
    LocalSettings,
    ModelError,
    Registry,
)
from tests.models import tiny


def key(name: str) -> Key:
    return Key("causal", name, "", "cpu", "float32")


def loader(name: str, n_bytes: int, log: list[str]) -> Callable[[], Loaded]:
    def load() -> Loaded:
        log.append(name)
        return Loaded(SimpleNamespace(name=name), None, "cpu", "float32", n_bytes)

    return load


class Shelf:
    """A registry for 100 bytes, and what was loaded and how often memory was freed."""

    def __init__(self) -> None:
        self.loads: list[str] = []
        self.n_freed = 0
        self.registry = Registry(free=self.free)

    def free(self) -> None:
        self.n_freed += 1

    def hold(self, name: str, n_bytes: int = 40) -> Loaded:
        load = loader(name, n_bytes, self.loads)
        return self.registry.hold(key(name), n_bytes, 100, load)

    def use(self, name: str, n_bytes: int = 40) -> None:
        self.hold(name, n_bytes)
        self.registry.release(key(name))

    @property
    def names(self) -> list[str]:
        return [one.model for one in self.registry.entries]


def test_a_model_is_loaded_once() -> None:
    shelf = Shelf()
    first, second = shelf.hold("a"), shelf.hold("a")
    assert first is second
    assert shelf.loads == ["a"]


def test_the_least_recently_used_makes_room() -> None:
    shelf = Shelf()
    shelf.use("a")
    shelf.use("b")
    shelf.use("a")
    shelf.use("c")
    assert shelf.names == ["a", "c"]
    assert shelf.n_freed == 1
    shelf.use("d", 100)
    assert shelf.names == ["d"]
    assert shelf.loads == ["a", "b", "c", "d"]


def test_a_model_at_work_is_not_evicted() -> None:
    shelf = Shelf()
    shelf.hold("a")
    shelf.use("b")
    shelf.use("c")
    assert shelf.names == ["a", "c"]
    with pytest.raises(ModelError, match="others are at work"):
        shelf.hold("d", 80)
    shelf.registry.release(key("a"))
    shelf.hold("d", 80)
    assert shelf.names == ["d"]


def test_a_model_larger_than_the_bound_is_refused_before_it_is_loaded() -> None:
    shelf = Shelf()
    shelf.use("a")
    with pytest.raises(ModelError, match="MODEL_MEMORY_MB"):
        shelf.hold("b", 101)
    assert shelf.names == ["a"]
    assert shelf.loads == ["a"]


def test_a_load_that_fails_leaves_nothing_behind() -> None:
    shelf = Shelf()

    def fail() -> Loaded:
        raise ModelError("broken")

    with pytest.raises(ModelError, match="broken"):
        shelf.registry.hold(key("a"), 40, 100, fail)
    assert shelf.hold("a").model.name == "a"


def test_threads_that_want_one_model_share_it() -> None:
    shelf, found = Shelf(), []
    barrier = threading.Barrier(4)

    def want() -> None:
        barrier.wait()
        found.append(shelf.hold("a"))

    threads = [threading.Thread(target=want) for _at in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len({id(one) for one in found}) == 1
    assert shelf.loads == ["a"]


# --- real files --------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return tiny.save_llama(tmp_path_factory.mktemp("load") / "llama")


def held(monkeypatch: pytest.MonkeyPatch, settings: LocalSettings) -> Loaded:
    with tiny.own_registry(monkeypatch):
        return loading.hold("causal", settings)[1]


def test_bytes_needed_are_told_before_loading(
    folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    needed = loading._n_bytes_needed(key(folder))
    loaded = held(monkeypatch, LocalSettings(folder))
    n_weights = sum(weight.nbytes for weight in loaded.model.parameters())
    assert needed == n_weights
    assert n_weights <= loaded.n_bytes <= n_weights + 4096
    assert needed < MIB
    assert next(loaded.model.parameters()).dtype == torch.float32
    assert not loaded.model.training


def test_a_number_format_can_be_asked_for(
    folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = held(monkeypatch, LocalSettings(folder, dtype="bfloat16"))
    assert next(loaded.model.parameters()).dtype == torch.bfloat16


def test_a_folder_that_is_not_there_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    said = set()
    for name in ("missing", "empty"):
        folder = str(tmp_path / name)
        with pytest.raises(ModelError) as caught:
            held(monkeypatch, LocalSettings(folder))
        assert str(caught.value) == (
            f"There is no model in the folder {folder!r} of this worker."
        )
        said.add(str(caught.value).replace(name, ""))
    assert len(said) == 1, "an owner does not learn which folders there are"


def test_a_name_of_the_hub_is_not_fetched_offline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError, match="could not be fetched from the hub"):
        held(monkeypatch, LocalSettings("nobody/has-this-model"))


def test_files_that_are_broken_are_told_in_a_sentence(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in Path(folder).iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "model.safetensors").write_bytes(b"not weights at all")
    with pytest.raises(ModelError, match="cannot be loaded"):
        held(monkeypatch, LocalSettings(str(tmp_path)))


def test_code_that_comes_with_a_model_is_never_run(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in Path(folder).iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    config = json.loads((tmp_path / "config.json").read_text())
    config |= {
        "model_type": "own",
        "auto_map": {
            "AutoConfig": "own.OwnConfig",
            "AutoModelForCausalLM": "own.OwnModel",
        },
    }
    (tmp_path / "config.json").write_text(json.dumps(config))
    ran = tmp_path / "ran"
    (tmp_path / "own.py").write_text(f"open({str(ran)!r}, 'w').close()\n")
    with pytest.raises(ModelError, match="cannot be loaded"):
        held(monkeypatch, LocalSettings(str(tmp_path)))
    assert not ran.exists()


# --- the follow-ups ------------------------------------------------------------------


def test_every_category_has_ten_follow_ups_of_each_sign() -> None:
    told = [
        text for one in FOLLOW_UPS.values() for text in (*one.positive, *one.negative)
    ]
    assert len(FOLLOW_UPS) == 6
    for one in FOLLOW_UPS.values():
        assert (len(one.positive), len(one.negative)) == (10, 10)
    assert len(set(told)) == 120, "no follow-up stands twice"
    assert all(text[-1] in ".?!" and text.isascii() for text in told)
    assert len(follow_ups_sha256()) == 64
