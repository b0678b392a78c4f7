"""Every sentence for people is marked for translation, so that it can be extracted."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APPS = ("annotation", "routing", "models_service")
MARKS = {"_", "gettext", "ngettext", "gettext_noop", "gettext_lazy"}
ENDS = (".", "?", "!", "…")
_STUDY = "is content of a study, which its researchers change as they like"
_EXPORT = "is written into exported files, which read alike everywhere"
# Modules, or folders, whose sentences are not marked, each with the reason.
EXEMPT = {
    "annotation/config/": "speaks to operators on the command line and in logs",
    "annotation/management/": "is output of commands",
    "models_service/management/": "is output of commands",
    "routing/management/": "is output of commands",
    **{
        f"routing/{name}": "is output of a command"
        for name in ("pair_file.py", "report.py", "simulate.py")
    },
    "annotation/migrations/": "is what was true when it was written",
    "routing/migrations/": "is what was true when it was written",
    "annotation/demo/": _STUDY,
    "annotation/services/demo.py": _STUDY,
    "models_service/demo/": _STUDY,
    "routing/demo/": _STUDY,
    "annotation/project_templates.py": _STUDY,
    "annotation/people_templates.py": _STUDY,
    "annotation/prism_survey.py": _STUDY,
    "annotation/views/desk_preview.py": _STUDY,
    "annotation/api/schema.py": "describes the interface to programmers",
    "annotation/services/datasets.py": _EXPORT,
    **{
        f"annotation/formats/exports/{name}.py": _EXPORT
        for name in (
            "adjudications",
            "card",
            "checks",
            "hybrid_card",
            "protocols",
            "remarks",
            "tables",
        )
    },
    "annotation/formats/recipe.py": "is read by a command alone",
    **{
        f"models_service/prompts/{name}.py": "is said to a model, which is asked alike"
        for name in (
            "base",
            "criteria",
            "debate",
            "pairwise",
            "ranking",
            "self_reference",
            "specimens",
            "tagging",
        )
    },
}
EXEMPT["models_service/backends/follow_up_texts.py"] = "is said to a model alone"
# What labels of a file are answers to; researchers word them anew.
STUDY_QUESTIONS = {
    "Which answer is better?",
    "Which answer is better overall?",
    "Which answer is better: {}?",
    "Which answer is more {}?",
    "Which argument is more convincing?",
    "In which order do you put the answers?",
    "How good is each answer?",
    "How good is each answer, by itself?",
    "Is the answer acceptable?",
}
Node = ast.Constant | ast.JoinedStr


@cache
def sources() -> tuple[tuple[str, ast.Module], ...]:
    """Return the modules of the apps that are not exempt, by their path."""
    found = []
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if not name.startswith(tuple(EXEMPT)):
                found.append((name, ast.parse(path.read_text(encoding="utf-8"))))
    return tuple(found)


def is_mark(node: ast.AST) -> bool:
    """Tell whether the node is a call that marks its words."""
    if not isinstance(node, ast.Call):
        return False
    return isinstance(node.func, ast.Name) and node.func.id in MARKS


def docstrings(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield what stands alone as a statement: docstrings and notes on fields."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value


def literals(node: ast.AST) -> Iterator[Node]:
    """Yield the texts below a node that no mark covers; an f-string is one text."""
    if is_mark(node):
        return
    if isinstance(node, ast.Constant | ast.JoinedStr):
        yield node
    for child in ast.iter_child_nodes(node):
        if not (isinstance(node, ast.JoinedStr) and isinstance(child, ast.Constant)):
            yield from literals(child)


def text_of(node: Node) -> str:
    """Return a text with {} for each value in it; "" for what is no text."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    parts = node.values
    return "".join(text_of(p) if isinstance(p, ast.Constant) else "{}" for p in parts)


def is_sentence(text: str) -> bool:
    """Tell what looks like a sentence for people."""
    text = text.strip()
    if text in STUDY_QUESTIONS:
        return False
    return text[:1].isupper() and " " in text and text.endswith(ENDS)


def test_every_sentence_is_marked() -> None:
    found = [
        f"{name}:{node.lineno}: {text_of(node)[:60]}"
        for name, tree in sources()
        for known in [set(map(id, docstrings(tree)))]
        for node in literals(tree)
        if id(node) not in known and is_sentence(text_of(node))
    ]
    assert found == [], "Mark them: docs/ARCHITECTURE.md, Words in other languages."


def test_marks_hold_plain_texts_and_stand_outside_f_strings() -> None:
    found = []
    for name, tree in sources():
        for node in ast.walk(tree):
            inner = ast.walk(node)
            if isinstance(node, ast.Call) and is_mark(node):
                if any(isinstance(one, ast.JoinedStr) for one in inner):
                    found.append(f"{name}:{node.lineno}: an f-string in a mark")
            elif isinstance(node, ast.JoinedStr) and any(map(is_mark, inner)):
                found.append(f"{name}:{node.lineno}: a mark in an f-string")
    assert found == [], "The extraction cannot see these; use `.format` with names."


def test_every_exemption_is_of_something_that_exists() -> None:
    assert [name for name in EXEMPT if not (ROOT / name).exists()] == []


def test_the_guard_knows_a_sentence() -> None:
    tree = ast.parse('raise E(f"Row {n} is empty.")\nraise E(_("Row is empty."))')
    (found,) = [text_of(n) for n in literals(tree) if is_sentence(text_of(n))]
    assert found == "Row {} is empty."
