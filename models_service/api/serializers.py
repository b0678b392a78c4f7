"""What the interface of machine annotators takes and gives. No key ever goes out."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from annotation.models import PreAnnotation
from models_service.models import Connection, Run
from models_service.prompts import PROTOCOLS
from models_service.selectors.forecast import Forecast, rest_of
from models_service.selectors.machines import MachineRow
from models_service.selectors.wanted import WHICH
from models_service.specs import MODES, OFFERED, WEIGHTS


class MachineIn(serializers.Serializer[Any]):
    """A machine annotator; for the schema alone, since `specs.read_spec` reads it.

    `api_key` is stored encrypted; left out, the stored one stays; empty removes it.
    `members` and `weights` are those of a jury; all others need a `model`.
    """

    name = serializers.CharField(max_length=200)
    backend = serializers.ChoiceField(OFFERED, required=False)
    protocol = serializers.ChoiceField(tuple(PROTOCOLS), required=False)
    model = serializers.CharField(max_length=200, required=False)
    revision = serializers.CharField(required=False, allow_blank=True)
    members = serializers.ListField(child=serializers.UUIDField(), required=False)
    weights = serializers.ChoiceField(WEIGHTS, required=False)
    base_url = serializers.CharField(max_length=500, required=False)
    api_key = serializers.CharField(required=False, allow_blank=True, write_only=True)
    temperature = serializers.FloatField(required=False)
    max_tokens = serializers.IntegerField(required=False)
    n_samples = serializers.IntegerField(required=False)
    tie_band = serializers.FloatField(required=False)
    mode = serializers.ChoiceField(MODES, required=False)
    scale = serializers.FloatField(required=False)
    seed = serializers.IntegerField(required=False, allow_null=True)
    tell_guidelines = serializers.BooleanField(required=False)
    extra_body = serializers.JSONField(required=False)
    usd_per_million_in = serializers.DecimalField(
        12, 6, required=False, allow_null=True
    )
    usd_per_million_out = serializers.DecimalField(
        12, 6, required=False, allow_null=True
    )
    concurrency = serializers.IntegerField(required=False)
    requests_per_minute = serializers.IntegerField(required=False, allow_null=True)
    timeout_s = serializers.IntegerField(required=False)


class PositionOut(serializers.Serializer[Any]):
    """What the place shown does to a judge; null where it is not known."""

    n_items = serializers.IntegerField()
    flipped = serializers.FloatField(allow_null=True)
    flipped_low = serializers.FloatField(allow_null=True)
    flipped_high = serializers.FloatField(allow_null=True)
    mean_bias = serializers.FloatField(allow_null=True)
    mean_evidence = serializers.FloatField(allow_null=True)


class ReachOut(serializers.ModelSerializer[Connection]):
    """How an endpoint is reached. `has_key`: one is stored; it is never told."""

    has_key = serializers.SerializerMethodField()

    class Meta:
        model = Connection
        fields = (
            "base_url",
            "has_key",
            "concurrency",
            "requests_per_minute",
            "timeout_s",
        )

    def get_has_key(self, found: Connection) -> bool:
        """Tell whether a key is stored."""
        return bool(found.key_encrypted)


class MachineOut(serializers.Serializer[MachineRow]):
    """A version of a machine annotator with its figures; money in USD."""

    id = serializers.UUIDField(source="machine.public_id")
    name = serializers.CharField(source="machine.name")
    number = serializers.IntegerField(source="machine.number")
    supersedes = serializers.UUIDField(
        source="machine.supersedes.public_id", allow_null=True, default=None
    )
    kind = serializers.CharField(source="machine.kind")
    backend = serializers.CharField(source="machine.backend")
    protocol = serializers.CharField(source="machine.protocol")
    model = serializers.CharField(source="machine.model")
    revision = serializers.CharField(source="machine.revision")
    prompt_sha256 = serializers.CharField(source="machine.prompt_sha256")
    parameters = serializers.JSONField(source="machine.parameters")
    usd_per_million_in = serializers.DecimalField(
        12, 6, source="machine.usd_per_million_in", allow_null=True
    )
    usd_per_million_out = serializers.DecimalField(
        12, 6, source="machine.usd_per_million_out", allow_null=True
    )
    reach = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField(source="machine.created_at")
    archived_at = serializers.DateTimeField(
        source="machine.archived_at", allow_null=True
    )
    n_items = serializers.IntegerField()
    n_ok = serializers.IntegerField()
    n_unparsable = serializers.IntegerField()
    n_refused = serializers.IntegerField()
    n_failed = serializers.IntegerField()
    cost_usd = serializers.DecimalField(14, 8, allow_null=True)
    median_ms = serializers.FloatField(allow_null=True)
    position = serializers.SerializerMethodField()
    carries_weight = serializers.BooleanField(source="weight.carries")
    reasons = serializers.ListField(
        child=serializers.CharField(), source="weight.reasons"
    )
    unended_run = serializers.UUIDField(source="unended", allow_null=True)

    def get_reach(self, row: MachineRow) -> dict[str, Any] | None:
        """Return how it is reached; None for what a file brought."""
        found = Connection.objects.filter(machine=row.machine).first()
        return dict(ReachOut(found).data) if found else None

    def get_position(self, row: MachineRow) -> dict[str, Any]:
        """Return the position bias, with null in the place of NaN."""
        place = row.position
        told = {
            "flipped": place.flips.value,
            "flipped_low": place.flips.low,
            "flipped_high": place.flips.high,
            "mean_bias": place.mean_bias.value,
            "mean_evidence": place.mean_evidence,
        }
        return {
            "n_items": place.n_items,
            **{name: value if value == value else None for name, value in told.items()},
        }


class RunIn(serializers.Serializer[Any]):
    """Which items a run asks about, and what it may cost at most in USD."""

    which = serializers.ChoiceField(WHICH, default="all")
    category = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=200
    )
    n = serializers.IntegerField(min_value=0, max_value=2**31 - 1, default=0)
    seed = serializers.IntegerField(min_value=0, max_value=2**31 - 1, default=0)
    again = serializers.BooleanField(default=False)


class CappedRunIn(RunIn):
    """The same, with its cap."""

    cap_usd = serializers.DecimalField(
        12, 6, min_value=0, required=False, allow_null=True, default=None
    )


class ForecastOut(serializers.Serializer[Forecast]):
    """What a run would ask and cost. `cost_usd` is null where no price is known."""

    n_items = serializers.IntegerField()
    n_calls = serializers.IntegerField()
    tokens_in = serializers.IntegerField()
    tokens_out = serializers.IntegerField()
    cost_usd = serializers.DecimalField(14, 8, allow_null=True)
    is_measured = serializers.BooleanField()
    misfit = serializers.CharField()
    n_lacking = serializers.IntegerField()


class RunOut(serializers.ModelSerializer[Run]):
    """A run; `job` is read at /api/v1/jobs/{id}/ too. `rest_usd`: forecast."""

    job = serializers.UUIDField(source="job.public_id")
    machine = serializers.UUIDField(source="machine.public_id")
    state = serializers.CharField(source="job.state")
    message = serializers.CharField(source="job.message")
    created_at = serializers.DateTimeField(source="job.created_at")
    finished_at = serializers.DateTimeField(source="job.finished_at", allow_null=True)
    rest_usd = serializers.SerializerMethodField()

    class Meta:
        model = Run
        fields = (
            "job",
            "machine",
            "state",
            "message",
            "selection",
            "cap_usd",
            "n_items",
            "n_ok",
            "n_unparsable",
            "n_refused",
            "n_failed",
            "n_calls",
            "n_cached",
            "tokens_in",
            "tokens_out",
            "cost_usd",
            "rest_usd",
            "created_at",
            "finished_at",
        )

    def get_rest_usd(self, run: Run) -> str | None:
        """Return what the rest will cost; null where it is not known."""
        cost = rest_of(run).cost_usd
        return None if cost is None else f"{cost:.8f}"


class PreAnnotationOut(serializers.ModelSerializer[PreAnnotation]):
    """A machine's stored verdict in canonical order. Only `ok` has answers.

    `probability` is P(the answer given) as the machine told it. The same put right on
    people's labels is `calibrated_probability`: by the newest report of the machine,
    null where that holds no calibration, and of a tie.
    """

    id = serializers.UUIDField(source="public_id")
    item = serializers.UUIDField(source="item.public_id")
    external_id = serializers.CharField(source="item.external_id")
    machine = serializers.UUIDField(source="machine.public_id")
    machine_name = serializers.CharField(source="machine.name")
    machine_number = serializers.IntegerField(source="machine.number")
    questions_version = serializers.IntegerField(source="questions_version.number")
    flags = serializers.ListField(child=serializers.CharField())
    order = serializers.ListField(child=serializers.IntegerField())
    calibrated_probability = serializers.SerializerMethodField()

    class Meta:
        model = PreAnnotation
        fields = (
            "id",
            "item",
            "external_id",
            "machine",
            "machine_name",
            "machine_number",
            "questions_version",
            "status",
            "answers",
            "probability",
            "calibrated_probability",
            "logit",
            "bias",
            "disagreement",
            "flags",
            "order",
            "metadata",
            "created_at",
        )

    def get_calibrated_probability(self, row: PreAnnotation) -> float | None:
        """Return what `context["calibrated"]` tells of the row's answer."""
        known: Mapping[int, float] = self.context["calibrated"]
        return known.get(row.pk)
