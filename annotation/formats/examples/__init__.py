"""PURE: one small file of each shape, own-written, which the import page offers."""

from dataclasses import dataclass
from pathlib import Path

from annotation.words import gettext_noop

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
    Example("native", gettext_noop("Polyphony's own rows"), "native.jsonl"),
    Example("columns", gettext_noop("A table: prompt, answer1, answer2"), "pairs.csv"),
    Example("columns", gettext_noop("A list of answers in each row"), "lists.jsonl"),
    Example(
        "preference", gettext_noop("TRL: prompt, chosen, rejected"), "preference.jsonl"
    ),
    Example(
        "preference",
        gettext_noop("UltraFeedback binarized"),
        "ultrafeedback_binarized.jsonl",
    ),
    Example("hh_rlhf", gettext_noop("HH-RLHF transcripts"), "hh_rlhf.jsonl"),
    Example("unpaired", gettext_noop("TRL unpaired (KTO)"), "unpaired.jsonl"),
    Example("arena", gettext_noop("LMSYS arena battles"), "arena.jsonl"),
    Example("arena_table", gettext_noop("Arena 55k table"), "arena_table.csv"),
    Example("ultrafeedback", gettext_noop("UltraFeedback"), "ultrafeedback.jsonl"),
    Example("distilabel", gettext_noop("distilabel generations"), "distilabel.jsonl"),
    Example(
        "helpsteer_ratings",
        gettext_noop("HelpSteer2 ratings"),
        "helpsteer_ratings.jsonl",
    ),
    Example(
        "helpsteer2_preference",
        gettext_noop("HelpSteer2 preference"),
        "helpsteer2_preference.jsonl",
    ),
    Example("helpsteer3", gettext_noop("HelpSteer3 preference"), "helpsteer3.jsonl"),
    Example("multipref", gettext_noop("MultiPref"), "multipref.jsonl"),
    Example("label_studio", gettext_noop("Label Studio tasks"), "label_studio.json"),
    Example("pandalm", gettext_noop("PandaLM"), "pandalm.jsonl"),
    Example(
        "labels_only",
        gettext_noop("Labels for the items of PandaLM"),
        "labels_only.jsonl",
    ),
    Example("llmbar", gettext_noop("LLMBar"), "llmbar.jsonl"),
    Example(
        "llmbar_verdicts",
        gettext_noop("Evaluators of LLMBar, in both orders"),
        "llmbar_verdicts.jsonl",
    ),
    Example("qa_feedback", gettext_noop("QA-Feedback"), "qa_feedback.jsonl"),
    Example(
        "openassistant_trees",
        gettext_noop("OpenAssistant trees"),
        "openassistant_trees.jsonl",
    ),
    Example("prism", gettext_noop("PRISM utterances"), "prism.jsonl"),
    Example("ukpconvarg1", gettext_noop("UKPConvArg1"), "ukpconvarg1.jsonl"),
)
