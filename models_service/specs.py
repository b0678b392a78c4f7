"""PURE: what an owner says of a machine annotator, read and checked.

The same fields come from a form, over REST and from a command.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from annotation.questions import Problem
from annotation.words import gettext as _
from models_service.backends.addresses import check_address
from models_service.backends.chat_wire import is_storable
from models_service.backends.endpoint_settings import OWN_NAMES
from models_service.prompts import PROTOCOLS

ASKED = ("endpoint", "language_model")
# Reward models that run in the worker.
SCORED = ("classifier", "follow_up")
# Several judges whose stored verdicts become one; it makes no calls.
JURY = "jury"
BACKENDS = (*ASKED, *SCORED, "head", JURY)
# What `services.backends` can open, and thus check.
OPENED = (*ASKED, *SCORED)
# What can be added.
OFFERED = (*OPENED, JURY)
MOST_USD = Decimal(100_000)
# How a model is asked: (low, high, default). They are part of the version.
NUMBERS: Mapping[str, tuple[float, float, float]] = {
    "temperature": (0, 2, 0),
    "max_tokens": (1, 32_768, 1024),
    "n_samples": (1, 25, 1),
    "tie_band": (0, 0.49, 0),
}
# How a local language model gives a verdict: in words, or by its letters alone.
MODES = ("text", "letters")
# Of a reward model: two scores that lie so far apart are preferred with log-odds 1.
SCALE = (1e-6, 1e6, 1)
# Of a jury: how many judges, and what weighs them.
FEWEST_MEMBERS, MOST_MEMBERS = 2, 9
WEIGHTS = ("equal", "agreement")
WHOLE = {"max_tokens", "n_samples", "seed"}
# How it is reached; no part of the version.
REACH: Mapping[str, tuple[int, int, int]] = {
    "concurrency": (1, 256, 8),
    "timeout_s": (1, 3600, 120),
}


@dataclass(frozen=True)
class Spec:
    """A machine annotator as its owner describes it.

    `parameters` are part of the version; of a jury `members` are ids, until
    services.juries seats them. Prices: US dollars for a million tokens, None
    = nobody knows. `api_key` None = keep the key there is.
    """

    name: str
    backend: str
    protocol: str = ""
    model: str = ""
    revision: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    usd_per_million_in: Decimal | None = None
    usd_per_million_out: Decimal | None = None
    base_url: str = ""
    api_key: str | None = field(default=None, repr=False)
    concurrency: int = 8
    timeout_s: int = 120
    requests_per_minute: int | None = None


class InvalidSpecError(ValueError):
    """The description needs mending; each fault is named."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems


def read_spec(
    raw: Mapping[str, Any],
    *,
    allow_private: bool,
    held: Mapping[str, Any] | None = None,
) -> Spec:
    """Read what somebody sent.

    `allow_private`: the operator lets models be asked in private networks. `held`: the
    parameters that hold so far; what stands there may stay.

    Raises
    ------
    InvalidSpecError
        With every fault and its field.
    """
    reader = _Reader(raw)
    backend = reader.one_of("backend", BACKENDS, "endpoint")
    spec = Spec(
        name=reader.text("name", 200, _("Give the AI annotator a name.")),
        backend=backend,
        protocol=_protocol(reader, backend),
        model=_model(reader, backend),
        revision=reader.text("revision", 200),
        parameters=_parameters(reader, backend),
        usd_per_million_in=_usd(reader, backend, "usd_per_million_in"),
        usd_per_million_out=_usd(reader, backend, "usd_per_million_out"),
        base_url=reader.text("base_url", 500) if backend == "endpoint" else "",
        api_key=reader.key(),
        concurrency=reader.whole("concurrency", *REACH["concurrency"]),
        timeout_s=reader.whole("timeout_s", *REACH["timeout_s"]),
        requests_per_minute=reader.maybe("requests_per_minute", 1, 1_000_000),
    )
    if backend == "endpoint":
        for message in check_address(
            spec.base_url, allow_private=allow_private, resolve=None
        ):
            reader.problems.append(Problem("base_url", message))
    if not _draws(spec.parameters, held or {}):
        text = _(
            "At temperature 0 every reply is the same, so asking several times says "
            "nothing more. Ask once, or set a temperature above 0."
        )
        reader.problems.append(Problem("n_samples", text))
    if reader.problems:
        raise InvalidSpecError(reader.problems)
    return spec


def _draws(given: Mapping[str, Any], held: Mapping[str, Any]) -> bool:
    """Tell whether several samples of a call can differ, or were asked for before."""
    names = ("n_samples", "temperature")
    is_held = all(name in held and held[name] == given.get(name) for name in names)
    return is_held or given.get("n_samples", 1) == 1 or given["temperature"] > 0


def _protocol(reader: "_Reader", backend: str) -> str:
    if backend not in ASKED:
        return ""
    return reader.one_of("protocol", tuple(PROTOCOLS), "pairwise")


def _usd(reader: "_Reader", backend: str, name: str) -> Decimal | None:
    # A jury makes no calls, so it costs nothing, and that is known.
    return Decimal(0) if backend == JURY else reader.usd(name)


def _model(reader: "_Reader", backend: str) -> str:
    if backend in ("head", JURY):
        return ""
    wanted = _("Name the model, as the endpoint calls it.")
    if backend != "endpoint":
        wanted = _("Give the folder of the model, or its name on a hub.")
    return reader.text("model", 200, wanted)


def _parameters(reader: "_Reader", backend: str) -> dict[str, Any]:
    if backend in SCORED:
        return {
            "scale": reader.number("scale", *SCALE),
            "tie_band": reader.number("tie_band", *NUMBERS["tie_band"]),
        }
    if backend == JURY:
        return {
            "members": reader.members(),
            "weights": reader.one_of("weights", WEIGHTS, WEIGHTS[0]),
            "tie_band": reader.number("tie_band", *NUMBERS["tie_band"]),
        }
    if backend not in ASKED:
        return {}
    given: dict[str, Any] = {}
    if backend == "language_model":
        given["mode"] = reader.one_of("mode", MODES, "text")
    for name, (low, high, usual) in NUMBERS.items():
        if name in WHOLE:
            given[name] = reader.whole(name, int(low), int(high), int(usual))
        else:
            given[name] = reader.number(name, low, high, usual)
    seed = reader.maybe("seed", 0, 2**31 - 1)
    if seed is not None:
        given["seed"] = seed
    if reader.flag("tell_guidelines"):
        given["tell_guidelines"] = True
    extra = reader.mapping("extra_body") if backend == "endpoint" else {}
    if extra:
        given["extra_body"] = extra
    return given


class _Reader:
    """Reads fields that may come as text or as JSON, and collects what is wrong."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.raw = raw
        self.problems: list[Problem] = []

    def text(self, name: str, most: int, missing: str = "") -> str:
        value = self.raw.get(name) or ""
        if not isinstance(value, str):
            self._say(name, _("This must be text."))
            return ""
        if not is_storable(value):
            self._say(name, _unstorable())
            return ""
        value = value.strip()
        if len(value) > most:
            self._say(name, _("This is longer than {n} characters.").format(n=most))
        if not value and missing:
            self._say(name, missing)
        return value

    def one_of(self, name: str, allowed: tuple[str, ...], usual: str) -> str:
        value = self.raw.get(name) or usual
        if value not in allowed:
            text = _("{value!r} is not one of {allowed}.")
            text = text.format(value=value, allowed=", ".join(allowed))
            self._say(name, text)
            return usual
        return str(value)

    def number(self, name: str, low: float, high: float, usual: float) -> float:
        value = self.raw.get(name)
        if value in (None, ""):
            return usual
        try:
            found = float(str(value))
        except ValueError:
            found = float("nan")
        if isinstance(value, bool) or not low <= found <= high:
            text = _("{value!r} is not a number from {low} to {high}.")
            self._say(name, text.format(value=value, low=low, high=high))
            return usual
        return found

    def whole(self, name: str, low: int, high: int, usual: int) -> int:
        found = self.number(name, low, high, usual)
        if found != int(found):
            text = _("{value!r} is not a whole number.").format(value=found)
            self._say(name, text)
            return usual
        return int(found)

    def maybe(self, name: str, low: int, high: int) -> int | None:
        if self.raw.get(name) in (None, ""):
            return None
        return self.whole(name, low, high, low)

    def usd(self, name: str) -> Decimal | None:
        value = self.raw.get(name)
        if value in (None, ""):
            return None
        try:
            found = Decimal(str(value))
        except InvalidOperation:
            found = Decimal("nan")
        is_price = found.is_finite() and 0 <= found <= MOST_USD
        if isinstance(value, bool) or not is_price:
            text = _("{value!r} is no price in US dollars from 0 to {high:,}.")
            self._say(name, text.format(value=value, high=MOST_USD))
            return None
        return found.quantize(Decimal("0.000001"))

    def key(self) -> str | None:
        if "api_key" not in self.raw:
            return None
        key = self.raw["api_key"] or ""
        if not isinstance(key, str) or len(key) > 4096 or not key.strip().isascii():
            self._say("api_key", _("This is no API key: it is too long or no text."))
            return None
        if any(not "!" <= one <= "~" for one in key.strip()):
            self._say("api_key", _("An API key has no spaces or line breaks in it."))
            return None
        return key.strip()

    def flag(self, name: str) -> bool:
        value = self.raw.get(name)
        if value not in (None, "", True, False):
            self._say(name, _("This must be true or false."))
        return value is True

    def members(self) -> list[str]:
        """Return the ids of a jury's judges, each once, in their order."""
        value = self.raw.get("members") or []
        if not isinstance(value, list):
            self._say("members", _("This must be a list of ids of AI annotators."))
            return []
        ids = list(dict.fromkeys(_uuid(one) for one in value))
        if "" in ids:
            self._say("members", _("One of these is no id of an AI annotator."))
        elif not FEWEST_MEMBERS <= len(ids) <= MOST_MEMBERS:
            text = _("A jury has {low} to {high} different judges. Choose them.")
            text = text.format(low=FEWEST_MEMBERS, high=MOST_MEMBERS)
            self._say("members", text)
        return ids

    def mapping(self, name: str) -> dict[str, Any]:
        value = self.raw.get(name) or {}
        if not isinstance(value, Mapping):
            self._say(name, _("This must be a JSON object."))
            return {}
        if taken := sorted(OWN_NAMES & set(value)):
            text = _("These parameters are set elsewhere: {names}.")
            self._say(name, text.format(names=", ".join(taken)))
        if fault := _fault_of_json(value):
            self._say(name, fault)
            return {}
        return dict(value)

    def _say(self, name: str, message: str) -> None:
        self.problems.append(Problem(name, message))


def _uuid(value: Any) -> str:
    """Return an id as it is stored; "" where it is none."""
    try:
        return str(UUID(str(value)))
    except ValueError:
        return ""


def _unstorable() -> str:
    return _(
        "This holds a NUL, or half of a character, which cannot be stored. Remove it."
    )


def _fault_of_json(value: Mapping[str, Any]) -> str:
    """Return why a JSON object can neither be stored nor sent; "" where it can."""
    try:
        json.dumps(value, allow_nan=False)
        is_whole = all(map(is_storable, _texts(value)))
    except ValueError:
        return _("NaN and Infinity are no numbers of JSON. Write another number.")
    except RecursionError:
        return _("This is nested too deep.")
    return "" if is_whole else _unstorable()


def _texts(value: Any) -> Iterator[str]:
    """Yield every text in a JSON value, the names too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from value
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from _texts(one)
