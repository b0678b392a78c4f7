"""Turn a table with a row for each respondent into rows that can be imported."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.formats.native import item_to_native
from annotation.formats.respondents import Respondents, Survey
from annotation.formats.types import FileProblem


class Command(BaseCommand):
    """`convert_respondents survey.csv --rank "Please rank" … --to items.jsonl`."""

    help = (
        "Turn what respondents ranked, rated and chose into items with labels; the"
        " other columns become their profiles."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("table", type=Path, help="a CSV, a row for each respondent")
        parser.add_argument("--rank", action="append", default=[], help="a title")
        parser.add_argument("--rate", action="append", default=[], help="a title")
        parser.add_argument("--choose", action="append", default=[], help="a title")
        parser.add_argument("--leave-out", action="append", default=[], help="a title")
        parser.add_argument("--scale", default="", help="words, worst first, by ;")
        parser.add_argument("--na", default="", help="the word for not applicable")
        parser.add_argument("--to", type=Path, required=True, help="the file to write")

    def handle(self, *args: Any, **options: Any) -> None:
        survey = Survey(
            ranks=tuple(options["rank"]),
            rates=tuple(options["rate"]),
            chooses=tuple(options["choose"]),
            scale=tuple(w.strip() for w in options["scale"].split(";") if w.strip()),
            na=options["na"],
            leaves_out=tuple(options["leave_out"]),
        )
        table = Respondents(options["table"], survey)
        n_items = n_labels = 0
        try:
            with options["to"].open("w", encoding="utf-8") as file:
                for item in table.items():
                    row = json.dumps(item_to_native(item), ensure_ascii=False)
                    file.write(f"{row}\n")
                    n_items += 1
                    n_labels += len(item.labels)
        except (FileProblem, OSError) as error:
            raise CommandError(str(error)) from error
        for problem in table.problems[:1]:
            options["to"].unlink()
            raise CommandError(
                f"{problem.problem} {problem.fix} In all {len(table.problems)} rows"
                " cannot be read; nothing is kept."
            )
        self.stdout.write(
            f"Wrote {n_items} items with {n_labels} answers. {table.n_silent} of"
            f" {table.n_rows} respondents answered none of them and are left out."
        )
