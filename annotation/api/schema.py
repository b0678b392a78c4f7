"""The annotator's calls in the OpenAPI document; they are not DRF views."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

_OBJECT = {"application/json": {"schema": {"type": "object"}}}
_ITEM = "/api/v1/assignments/{public_id}"

# (path, method, operation, summary, body fields, answers)
_CALLS: tuple[tuple[str, str, str, str, tuple[str, ...], dict[int, str]], ...] = (
    (
        "/api/v1/projects/{slug}/assignments/next/",
        "post",
        "next",
        "Lease the caller's next item; with `ahead` the one after it.",
        ("ahead",),
        {200: "The item and its presentation.", 204: "No item is free now."},
    ),
    (
        f"{_ITEM}/open/",
        "post",
        "open",
        "Open an item leased ahead.",
        (),
        {200: "Open."},
    ),
    (
        f"{_ITEM}/heartbeat/",
        "post",
        "heartbeat",
        "Extend the lease.",
        ("layout", "view"),
        {200: "The new end of the lease.", 409: "The lease is lost."},
    ),
    (
        f"{_ITEM}/draft/",
        "put",
        "draft",
        "Save unfinished answers in the presented order.",
        ("answers", "revision", "active_ms", "reading_ms", "tab"),
        {200: "The new revision.", 409: "Another tab saved something newer."},
    ),
    (
        f"{_ITEM}/",
        "get",
        "read",
        "Show an own item as it was presented, with its answer.",
        (),
        {200: "The item; `is_editable` says whether the answer may be changed."},
    ),
    (
        f"{_ITEM}/submit/",
        "post",
        "submit",
        "Submit the answers in the presented order.",
        ("submission_id", "answers", "active_ms", "reading_ms", "layout", "view"),
        {
            201: "Stored; a second answer is a new version of the first.",
            200: "Stored before.",
            409: "The answer can no longer be changed.",
            422: "What must be mended.",
        },
    ),
    (
        f"{_ITEM}/take-back/",
        "post",
        "take_back",
        "Undo a submission within its grace time.",
        (),
        {200: "The item is open again.", 409: "Too late."},
    ),
    (f"{_ITEM}/release/", "post", "release", "Give the item back.", (), {200: "Done."}),
    (
        f"{_ITEM}/skip/",
        "post",
        "skip",
        "Give the item back for good.",
        ("reason",),
        {200: "Done."},
    ),
    (
        f"{_ITEM}/flag/",
        "post",
        "flag",
        "Say that something is wrong with the item.",
        ("kind", "note"),
        {201: "The flag."},
    ),
)


def add_work_calls(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add the annotator's calls; a postprocessing hook of drf-spectacular."""
    for path, method, name, summary, fields, answers in _CALLS:
        key = "slug" if "{slug}" in path else "public_id"
        operation: dict[str, Any] = {
            "operationId": f"assignments_{name}",
            "summary": summary,
            "tags": ["assignments"],
            "parameters": [
                {
                    "name": key,
                    "in": "path",
                    "required": True,
                    "schema": {"type": "string"},
                }
            ],
            "responses": {
                str(status): {"description": text, "content": _OBJECT}
                for status, text in answers.items()
            },
        }
        if fields:
            properties: dict[str, Any] = {field: {} for field in fields}
            schema = {"type": "object", "properties": properties}
            operation["requestBody"] = {
                "content": {"application/json": {"schema": schema}}
            }
        result["paths"].setdefault(path, {})[method] = operation
    return result


def add_summaries(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Let the list of calls say what each is for: the first line of its description."""
    for operations in result["paths"].values():
        for operation in operations.values():
            told = operation.get("description", "").strip().partition("\n")[0]
            if told:
                operation.setdefault("summary", told)
    return result


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI document describes `Authorization: Token …`."""

    target_class = "annotation.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the header that carries the token."""
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "The word Token, a space, and a token of your account.",
        }
