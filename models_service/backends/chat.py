"""PURE: a conversation as the tokens of a model, by the model's own chat template."""

from collections.abc import Sequence
from typing import Any

from annotation.words import gettext as _
from models_service.backends.base import ChatMessage
from models_service.backends.loading import ModelError

# For models that come without a template; each text begins on a line of its own.
PLAIN = (
    "{{ bos_token }}{% for message in messages %}{{ message['role'] | capitalize }}:\n"
    "{{ message['content'] }}\n\n{% endfor %}"
    "{% if add_generation_prompt %}Assistant:\n{% endif %}"
)
_PROBE = (ChatMessage("system", "Brief"), ChatMessage("user", "Hello"))


class Chat:
    """Turns conversations into tokens.

    Control tokens that stand inside a text are written as ordinary text, so no text can
    end its turn or begin another. Where the template knows no system message, it goes
    into the first message of the user.
    """

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        self.is_plain = not tokenizer.chat_template
        self.takes_system = True
        try:
            self.ids(_PROBE)
        except ModelError:
            self.takes_system = False
            self.ids(_PROBE)

    def ids(
        self, messages: Sequence[ChatMessage], *, opens_reply: bool = True
    ) -> tuple[int, ...]:
        """Return the tokens; `opens_reply`: with what a reply follows upon.

        Raises
        ------
        ModelError
            If the template cannot take this conversation.
        """
        from jinja2 import TemplateError  # It comes with torch, as transformers does.

        told = messages if self.takes_system else _without_system(messages)
        try:
            found = self.tokenizer.apply_chat_template(
                [{"role": one.role, "content": one.content} for one in told],
                chat_template=PLAIN if self.is_plain else None,
                add_generation_prompt=opens_reply,
                tokenize=True,
                return_dict=False,
                sanitize_control_tokens=True,
                # Known to templates of models that would think aloud first.
                enable_thinking=False,
            )
        except (TemplateError, ValueError, TypeError) as error:
            text = _("The chat template of the model does not take this item: {error}")
            raise ModelError(text.format(error=str(error)[:200])) from error
        return tuple(found)

    def text_ids(self, text: str) -> tuple[int, ...]:
        """Return the tokens of words that go on where a reply was opened."""
        return tuple(self.tokenizer.encode(text, add_special_tokens=False))

    def notes(self) -> tuple[str, ...]:
        """Say in sentences what an owner should know of the template."""
        found = []
        if self.is_plain:
            found.append(
                _(
                    "The model has no chat template, so a plain one is used. Such a "
                    "model seldom keeps to a form: let it answer by letters."
                )
            )
        if not self.takes_system:
            found.append(
                _(
                    "The chat template of the model knows no system message; it goes "
                    "before the first message."
                )
            )
        return tuple(found)


def _without_system(messages: Sequence[ChatMessage]) -> list[ChatMessage]:
    system = "\n\n".join(one.content for one in messages if one.role == "system")
    rest = [one for one in messages if one.role != "system"]
    if not system:
        return rest
    if rest and rest[0].role == "user":
        return [ChatMessage("user", f"{system}\n\n{rest[0].content}"), *rest[1:]]
    return [ChatMessage("user", system), *rest]
