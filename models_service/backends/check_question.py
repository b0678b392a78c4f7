"""PURE: the one small question by which an endpoint is checked."""

from models_service.backends.base import Ask, ChatMessage

SCHEMA = {
    "type": "object",
    "properties": {"verdict": {"type": "string", "enum": ["A", "B"]}},
    "required": ["verdict"],
    "additionalProperties": False,
}
QUESTION = (
    "Which number is larger? A: 2, B: 1. Answer with JSON alone, in this form: "
    '{"verdict": "A"} or {"verdict": "B"}'
)
# Models that think before they answer need room to come to an end.
MAX_TOKENS = 1024
CHECK = Ask(
    "check",
    (ChatMessage("user", QUESTION),),
    max_tokens=MAX_TOKENS,
    seed=1,
    schema=SCHEMA,
    wants_logprobs=True,
)
