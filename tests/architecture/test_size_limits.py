"""Files and functions stay short enough to be read at one go."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("annotation", "routing", "models_service", "tests", "bench")
LONGEST_FILE = 500
LONGEST_FUNCTION = 60


def sources() -> Iterator[Path]:
    """Yield every source file of ours but migrations, which Django writes."""
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Yield each function of the file with its number of lines."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def name(path: Path) -> str:
    """Return the path as the reader knows it."""
    return str(path.relative_to(ROOT))


def test_files_are_short() -> None:
    lengths = {name(p): len(p.read_text("utf-8").splitlines()) for p in sources()}
    assert {n: k for n, k in lengths.items() if k > LONGEST_FILE} == {}


def test_functions_are_short() -> None:
    long = [
        f"{name(path)} {function}: {n_lines} lines"
        for path in sources()
        for function, n_lines in functions(path)
        if n_lines > LONGEST_FUNCTION
    ]
    assert long == []
