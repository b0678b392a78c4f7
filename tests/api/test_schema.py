"""The OpenAPI document says of each call what it is for and where it belongs."""

from drf_spectacular.generators import SchemaGenerator

AREAS = {"projects", "jobs", "exports", "assignments"}


def test_every_call_has_a_summary_and_an_area() -> None:
    document = SchemaGenerator().get_schema(  # type: ignore[no-untyped-call]
        request=None, public=True
    )
    calls = [
        call
        for operations in document["paths"].values()
        for call in operations.values()
    ]
    assert calls
    assert {tag for call in calls for tag in call["tags"]} == AREAS
    unsaid = [call["operationId"] for call in calls if not call.get("summary")]
    assert unsaid == []
