"""One process renders for many people at once: threads do not disturb each other."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from annotation.rendering import render
from tests.rendering.test_attacks import ATTACKS


def test_threads_render_what_one_alone_renders() -> None:
    sample = Path(__file__).with_name("sample.md").read_text(encoding="utf-8")
    texts = [sample, *ATTACKS, *(f"{sample}\n\n{attack}" for attack in ATTACKS)]
    alone = [render(text) for text in texts]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(render, texts)) == alone
