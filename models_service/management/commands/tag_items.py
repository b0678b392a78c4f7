"""Describe items by tags: manage.py tag_items PROJECT MACHINE."""

from models_service.management.commands import pre_annotate


class Command(pre_annotate.Command):
    """The same as `pre_annotate`, for a machine annotator that tags prompts."""

    help = "Let a tagger describe a project's items, as a job."
    kind = "tagging"
