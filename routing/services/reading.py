"""Step route: read a policy as an owner writes it, on a page or over REST.

Types and numbers are read here; what a policy must fulfil is policy_rules'.
"""

import re
import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from annotation.errors import InvalidError
from annotation.models import MachineAnnotator, Project
from annotation.questions import Problem
from annotation.words import gettext as _
from routing.models import RoutingPolicy
from routing.prices import SurchargeError, read_surcharges, written_surcharges
from routing.services.policies import PolicyDraft

SHARES = ("audit_share", "reserve_share")
PERCENTS = (*SHARES, "budget", "stop_gain", "length_share")
COUNTS = ("n_seed", "refit_every", "seed")
# What may be left out: the draft then knows the usual.
FREE = (
    *SHARES,
    "refit_every",
    "seed",
    "stop_gain",
    "label_usd",
    "length_share",
    "surcharges",
    "strategy",
    "judges",
    "ppm",
    "tagger",
    "metadata_fields",
    "judge_new_items",
)
FIELDS = ("machine", "n_seed", "budget", "budget_unit", *FREE)
LONGEST = 40
# Above every bound of a whole number, and below where the database ends.
MOST = 2**63


class PolicyReader:
    """Reads the fields of one policy and gathers what cannot be read."""

    def __init__(self, project: Project, raw: Mapping[str, object]) -> None:
        self.project = project
        self.raw = raw
        self.problems: list[Problem] = []

    def draft(self) -> PolicyDraft:
        """Return the policy; raises InvalidError with every fault at its field."""
        self._check_names()
        given: dict[str, Any] = {
            "machine": self._machine(),
            "budget_unit": str(self.raw.get("budget_unit") or ""),
            "budget": self._budget(),
        }
        given["n_seed"] = self._whole("n_seed", is_needed=True)
        for name in FREE:
            if self.raw.get(name) not in (None, ""):
                given[name] = self._free(name)
        if self.problems:
            said = _("The routing policy needs mending.")
            raise InvalidError(said, problems=self.problems)
        return PolicyDraft(**given)

    def _check_names(self) -> None:
        for name in self.raw:
            if name not in FIELDS:
                text = _("There is no field {name!r}. Send {fields}.").format(
                    name=str(name)[:LONGEST], fields=", ".join(FIELDS)
                )
                self._say(str(name)[:LONGEST], text)

    def _free(self, name: str) -> object:
        if name in COUNTS:
            return self._whole(name)
        if name == "judges":
            return self._judges()
        if name in ("strategy", "ppm"):
            return str(self.raw[name])
        if name == "surcharges":
            return self._surcharges()
        if name == "tagger":
            return self._one("tagger", _("This project has no such tagger."))
        if name == "metadata_fields":
            return self._words(name)
        if name == "judge_new_items":
            return self._flag(name)
        value = self._number(name)
        return value if name == "label_usd" else float(value)

    def _surcharges(self) -> dict[str, float]:
        try:
            return read_surcharges(self.raw["surcharges"])
        except SurchargeError as error:
            self._say("surcharges", str(error))
            return {}

    def _machine(self) -> MachineAnnotator | None:
        return self._one("machine", _("This project has no such AI annotator."))

    def _one(self, name: str, unknown: str) -> MachineAnnotator | None:
        sent = self.raw.get(name)
        if sent in (None, ""):
            return None
        found = self._machines([sent])
        if not found:
            self._say(name, unknown)
        return found[0] if found else None

    def _words(self, name: str) -> list[str]:
        """Read a list of words; without repeats, in their order."""
        sent = self.raw[name]
        if not isinstance(sent, Sequence) or isinstance(sent, str):
            self._say(name, _("Send a list of names."))
            return []
        if not all(isinstance(one, str) and one for one in sent):
            self._say(name, _("Each name is a text."))
            return []
        return list(dict.fromkeys(str(one) for one in sent))

    def _judges(self) -> list[MachineAnnotator]:
        sent = self.raw["judges"]
        if not isinstance(sent, Sequence) or isinstance(sent, str):
            self._say("judges", _("Send a list of AI annotators."))
            return []
        found = self._machines(sent)
        if len(found) < len({str(one) for one in sent}):
            self._say("judges", _("This project has no such AI annotator."))
        return found

    def _machines(self, sent: Sequence[object]) -> list[MachineAnnotator]:
        ids = []
        for one in sent:
            try:
                ids.append(uuid.UUID(str(one)))
            except ValueError:
                continue
        found = MachineAnnotator.objects.filter(project=self.project)
        return list(found.filter(public_id__in=ids).order_by("name", "number"))

    def _flag(self, name: str) -> bool:
        value = self.raw[name]
        if not isinstance(value, bool):
            self._say(name, _("Send true or false."))
        return value is True

    def _budget(self) -> Decimal:
        """Read the budget as its unit counts it: 25% of the items is no amount."""
        value = self._number("budget", is_needed=True)
        unit = str(self.raw.get("budget_unit") or "")
        is_percent = str(self.raw.get("budget")).strip().endswith("%")
        if is_percent and unit in (RoutingPolicy.Unit.MONEY, RoutingPolicy.Unit.LABELS):
            text = _(
                "“{text}” is a share. Count the budget as a share of all items, or "
                "write an amount."
            )
            said = text.format(text=str(self.raw["budget"])[:LONGEST])
            self._say("budget", said)
        return value

    def _whole(self, name: str, *, is_needed: bool = False) -> int:
        value = self._number(name, is_needed=is_needed)
        if abs(value) < MOST and value % 1:
            self._say(name, _("Write a whole number."))
            return 0
        return int(value) if abs(value) < MOST else MOST

    def _number(self, name: str, *, is_needed: bool = False) -> Decimal:
        """Read a number; “$1,200” and “25%” are numbers too."""
        raw = self.raw.get(name)
        text = re.sub(r"[$\s]", "", str(raw))
        # A comma stands before three digits: “0,25” would else be read as 25.
        if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d*)?", text):
            text = text.replace(",", "")
        is_percent = text.endswith("%") and name in PERCENTS
        if raw in (None, ""):
            if is_needed:
                self._say(name, _("This is still empty."))
            return Decimal(0)
        try:
            if isinstance(raw, bool) or len(text) > LONGEST:
                raise InvalidOperation
            value = Decimal(text.removesuffix("%") if is_percent else text)
            if not value.is_finite():
                raise InvalidOperation
        except InvalidOperation:
            said = _("“{text}” is no number.").format(text=str(raw)[:LONGEST])
            self._say(name, said)
            return Decimal(0)
        return value / 100 if is_percent else value

    def _say(self, path: str, text: str) -> None:
        self.problems.append(Problem(path, text))


def read_policy(project: Project, raw: Mapping[str, object]) -> PolicyDraft:
    """Return a policy as it is written; raises InvalidError.

    What is empty or missing has its usual value; shares may be written in percent.
    """
    return PolicyReader(project, raw).draft()


def written(policy: RoutingPolicy) -> dict[str, object]:
    """Return a stored policy as `read_policy` reads it; one query for its judges."""
    judges = policy.judges.order_by("name", "number")
    return {
        "machine": str(policy.machine.public_id),
        "judges": [str(one.public_id) for one in judges],
        "n_seed": policy.n_seed,
        "audit_share": policy.audit_share,
        "budget_unit": policy.budget_unit,
        "budget": policy.budget,
        "label_usd": policy.label_usd,
        "length_share": policy.length_share,
        "surcharges": written_surcharges(policy.surcharges),
        "strategy": policy.strategy,
        "reserve_share": policy.reserve_share,
        "refit_every": policy.refit_every,
        "stop_gain": policy.stop_gain,
        "judge_new_items": policy.judge_new_items,
        "seed": policy.seed,
        "ppm": policy.ppm,
        "tagger": str(policy.tagger.public_id) if policy.tagger else "",
        "metadata_fields": list(policy.metadata_fields),
    }
