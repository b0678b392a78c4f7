"""What is kept in caches under a version is what that version still gives."""

from pathlib import Path

from annotation.rendering import RENDERER_VERSION, render

HERE = Path(__file__).parent


def test_html_of_the_sample_changes_only_with_the_version() -> None:
    sample = (HERE / "sample.md").read_text(encoding="utf-8")
    kept = HERE / f"sample.v{RENDERER_VERSION}.html"
    # Where it differs on purpose, raise RENDERER_VERSION and write the file anew.
    assert render(sample) == kept.read_text(encoding="utf-8")
