"""Judge routing on labelled pairs: manage.py simulate_routing PAIRS.jsonl ..."""

import json
import os
import tempfile
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from models_service.backends.embeddings import EncoderError, load_encoder
from models_service.backends.token_match import TokenEncoder, match_pairs
from routing.features.space import Space, fallback_space, space_of, texts_to_embed
from routing.pair_file import Columns, PairFileError, read_pairs
from routing.pairs import Pairs
from routing.report import as_json, lines_of
from routing.simulate import Plan, SimulationError, simulate
from routing.simulated import KINDS, RIDGE
from routing.strategies import know

FALLBACK_WORDS = (
    "TF-IDF and SVD of these texts, as no embedding model is named (--encoder)"
)

COLUMN_LISTS = (
    ("--human", True, "labels of people, or one gold column"),
    ("--judges", False, "labels of other judges"),
    (
        "--swapped",
        False,
        "the AI's verdict with the completions exchanged, mapped back",
    ),
    ("--confidence", False, "how sure the AI is; higher is surer"),
    ("--tags", False, "what is known of the items, such as their subject"),
)


class Command(BaseCommand):
    """Route pairs whose labels are known, and say what it would have gained."""

    help = (
        "Judge routing on a file of labelled pairs, against random and every "
        "baseline. Uses no database and no project."
    )
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the file, its columns and the plan."""
        parser.add_argument("pairs", type=Path, help="JSON lines, one pair each")
        self._add_columns(parser)
        parser.add_argument(
            "--seed-size", type=int, default=200, help="items people label first"
        )
        parser.add_argument(
            "--budgets",
            type=float,
            nargs="+",
            default=[0.1, 0.25, 0.5],
            help="shares of the items after the seed that people label",
        )
        parser.add_argument("--splits", type=int, default=60, help="random divisions")
        parser.add_argument("--rng", type=int, default=0, help="the random seed")
        parser.add_argument(
            "--reserve",
            type=float,
            default=0.0,
            help="share of the budget that goes to items by lot",
        )
        parser.add_argument(
            "--encoder",
            default="",
            help="folder or hub name of a sentence-embedding model, installed for "
            "the installed weights; without it TF-IDF and SVD of the texts",
        )
        parser.add_argument(
            "--ppm",
            choices=KINDS,
            default=RIDGE,
            help="the performance prediction model; quadratic is the paper's",
        )
        parser.add_argument(
            "--simulated",
            action="store_true",
            help="judge the best of 500 simulated mixes by that model too",
        )
        parser.add_argument("--json", type=Path, help="write the figures to this file")

    def _add_columns(self, parser: ArgumentParser) -> None:
        for name, is_needed, words in COLUMN_LISTS:
            parser.add_argument(
                name,
                nargs="+",
                default=[],
                required=is_needed,
                metavar="COLUMN",
                help=words,
            )
        parser.add_argument(
            "--ai", required=True, metavar="COLUMN", help="the label of the AI"
        )
        parser.add_argument(
            "--group",
            default="prompt",
            metavar="COLUMN",
            help="pairs that share its value stay together",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Read, simulate, print and write."""
        target: Path | None = options["json"]
        if target is not None and not target.absolute().parent.is_dir():
            raise CommandError(f"There is no folder {target.absolute().parent}.")
        if target is not None and target.is_dir():
            raise CommandError(f"{target} is a folder. Name a file in it.")
        columns = Columns(
            tuple(options["human"]),
            options["ai"],
            tuple(options["judges"]),
            tuple(options["swapped"]),
            tuple(options["confidence"]),
            options["group"],
            tuple(options["tags"]),
        )
        plan = Plan(
            options["seed_size"],
            tuple(sorted(set(options["budgets"]))),
            options["splits"],
            options["rng"],
            options["reserve"],
            ppm=options["ppm"],
            has_simulated=options["simulated"],
        )
        began = time.monotonic()
        try:
            file = read_pairs(options["pairs"], columns)
            space, encoder = _space(file.pairs, options["encoder"])
            result = simulate(know(file.pairs, space), plan)
        except (PairFileError, SimulationError, EncoderError) as error:
            raise CommandError(str(error)) from error
        seconds = time.monotonic() - began
        for line in lines_of(result, file, encoder=encoder):
            self.stdout.write(line)
        if target is not None:
            found = as_json(result, file, encoder=encoder, seconds=seconds)
            _write(target, json.dumps(found, indent=1, allow_nan=False) + "\n")


def _space(pairs: Pairs, source: str) -> tuple[Space, str]:
    """Return where the completions lie, and words that name the encoder."""
    if not source:
        return fallback_space(pairs), FALLBACK_WORDS
    chosen = load_encoder("" if source == "installed" else source)
    vectors = chosen.encoder.encode(texts_to_embed(pairs))
    name = chosen.encoder.name
    words = f"{name}. {chosen.note}" if chosen.note else name
    match = None
    if isinstance(chosen.encoder, TokenEncoder):
        completions = (pairs.completions_a, pairs.completions_b)
        match = match_pairs(chosen.encoder, *completions)
    return space_of(vectors, name, match), words


def _write(target: Path, text: str) -> None:
    """Write a file whole or not at all."""
    folder = target.absolute().parent
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=folder, delete=False
        ) as file:
            file.write(text)
        Path(file.name).chmod(0o644)
        os.replace(file.name, target)
    except OSError as error:
        raise CommandError(f"{target} cannot be written: {error.strerror}.") from error
