"""The check of an endpoint tells what it can do and how to mend what it cannot."""

from models_service.backends.endpoint import Endpoint
from models_service.backends.endpoint_check import Finding, check
from models_service.backends.endpoint_settings import EndpointSettings
from tests.models.asking import endpoint
from tests.models.server import Answer, JudgeServer, Request, error

VERDICT = '{"verdict": "A"}'


def found(server: JudgeServer, model: str = "judge") -> dict[str, Finding]:
    """Check the server and return the findings by name."""
    with endpoint(server, model=model) as opened:
        return {one.name: one for one in check(opened).findings}


def test_good_endpoint_has_no_findings_but_good_ones(judge_server: JudgeServer) -> None:
    letters = {"A": 0.9, "B": 0.1}
    judge_server.decide = lambda request: Answer(VERDICT, letters=letters)
    findings = found(judge_server)
    assert list(findings) == ["reply", "model", "schema", "logprobs", "tokens"]
    assert {one.state for one in findings.values()} == {"ok"}


def test_endpoint_that_takes_little_is_told_in_warnings(
    judge_server: JudgeServer,
) -> None:
    def decide(request: Request) -> Answer:
        for name in ("response_format", "logprobs", "seed"):
            if name in request.body:
                return error(400, f"{name} is not supported")
        return Answer(VERDICT, usage={"total_tokens": 3})

    judge_server.decide = decide
    findings = found(judge_server, "unlisted")
    states = {name: one.state for name, one in findings.items()}
    assert states == {
        "reply": "ok",
        "model": "warning",
        "schema": "warning",
        "logprobs": "warning",
        "tokens": "warning",
        "parameters": "warning",
    }
    assert "judge" in findings["model"].message
    assert "seed" in findings["parameters"].message


def test_list_of_models_that_fails_is_no_problem(judge_server: JudgeServer) -> None:
    judge_server.models = None
    judge_server.decide = lambda request: Answer(VERDICT)
    assert found(judge_server)["model"].state == "ok"


def test_model_that_chats_is_a_problem(judge_server: JudgeServer) -> None:
    judge_server.decide = lambda request: Answer("A is larger, of course!")
    assert found(judge_server)["schema"].state == "problem"


def test_model_that_thinks_too_long_is_a_problem(judge_server: JudgeServer) -> None:
    judge_server.decide = lambda request: Answer("Well,", finish_reason="length")
    finding = found(judge_server)["schema"]
    assert (finding.state, "thinking" in finding.message) == ("problem", True)


def test_wrong_key_is_the_only_finding(judge_server: JudgeServer) -> None:
    judge_server.decide = lambda request: error(401)
    findings = found(judge_server)
    assert list(findings) == ["reply"]
    assert findings["reply"].state == "problem"
    assert "API key" in findings["reply"].message


def test_address_that_is_not_allowed_is_told_without_a_call(
    judge_server: JudgeServer,
) -> None:
    with Endpoint(EndpointSettings(judge_server.url, "judge")) as opened:
        (finding,) = check(opened).findings
    assert (finding.name, finding.state) == ("address", "problem")
    assert judge_server.n_connections == 0
