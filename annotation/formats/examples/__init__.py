"""PURE: one small file of each shape, own-written, which the import page offers."""

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Example:
    """A file to download. `name` is the shape it is recognised as."""

    name: str
    title: str
    file: str

    @property
    def path(self) -> Path:
        return FOLDER / self.file


EXAMPLES: tuple[Example, ...] = (
    Example("native", "Polyphony's own rows", "native.jsonl"),
    Example("columns", "A table: prompt, answer1, answer2", "pairs.csv"),
    Example("columns", "A list of answers in each row", "lists.jsonl"),
    Example("preference", "TRL: prompt, chosen, rejected", "preference.jsonl"),
    Example("preference", "UltraFeedback binarized", "ultrafeedback_binarized.jsonl"),
    Example("hh_rlhf", "HH-RLHF transcripts", "hh_rlhf.jsonl"),
    Example("unpaired", "TRL unpaired (KTO)", "unpaired.jsonl"),
    Example("arena", "LMSYS arena battles", "arena.jsonl"),
    Example("arena_table", "Arena 55k table", "arena_table.csv"),
    Example("ultrafeedback", "UltraFeedback", "ultrafeedback.jsonl"),
    Example("distilabel", "distilabel generations", "distilabel.jsonl"),
    Example("helpsteer_ratings", "HelpSteer2 ratings", "helpsteer_ratings.jsonl"),
    Example(
        "helpsteer2_preference",
        "HelpSteer2 preference",
        "helpsteer2_preference.jsonl",
    ),
    Example("helpsteer3", "HelpSteer3 preference", "helpsteer3.jsonl"),
    Example("multipref", "MultiPref", "multipref.jsonl"),
    Example("label_studio", "Label Studio tasks", "label_studio.json"),
    Example("pandalm", "PandaLM", "pandalm.jsonl"),
    Example("labels_only", "Labels for the items of PandaLM", "labels_only.jsonl"),
    Example("qa_feedback", "QA-Feedback", "qa_feedback.jsonl"),
    Example("openassistant_trees", "OpenAssistant trees", "openassistant_trees.jsonl"),
    Example("prism", "PRISM utterances", "prism.jsonl"),
    Example("ukpconvarg1", "UKPConvArg1", "ukpconvarg1.jsonl"),
)
