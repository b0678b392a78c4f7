"""Join recipe ratings with their lists and write rows that can be imported."""

import json
import re
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.formats.native import item_to_native
from annotation.formats.recipe import recipe_items
from annotation.formats.types import FileProblem


class Command(BaseCommand):
    """`convert_recipe_ratings ratings.csv list_1.csv … --to items.jsonl`."""

    help = "Join recipe ratings with the lists they name; write rows for an import."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("ratings", type=Path, help="the table of ratings")
        parser.add_argument("lists", type=Path, nargs="+", help="files named list_N")
        parser.add_argument("--to", type=Path, required=True, help="the file to write")

    def handle(self, *args: Any, **options: Any) -> None:
        lists: dict[str, Path] = {}
        for path in options["lists"]:
            number = re.search(r"(\d+)\D*$", path.stem)
            if number is None:
                raise CommandError(f"{path.name} has no number. Call it list_N.csv.")
            lists[number[1]] = path
        n_items = n_labels = 0
        try:
            with options["to"].open("w", encoding="utf-8") as file:
                for item in recipe_items(options["ratings"], lists):
                    row = json.dumps(item_to_native(item), ensure_ascii=False)
                    file.write(f"{row}\n")
                    n_items += 1
                    n_labels += len(item.labels)
        except (FileProblem, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Wrote {n_items} items with {n_labels} ratings.")
