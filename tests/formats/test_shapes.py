"""What each shape makes of a row: prompt, completions, and labels with their sign."""

from datetime import UTC, datetime
from typing import Any

import pytest

from annotation.formats.mapping import ColumnMapping
from annotation.formats.shapes import recognise
from annotation.formats.types import ItemDraft, Message
from tests.formats.files import convert, items_of, labels_drafts, one_item, one_problem

USER = {"role": "user", "content": "Hi"}
A = {"role": "assistant", "content": "a"}
B = {"role": "assistant", "content": "b"}
HUMAN = "\n\nHuman: Hi\n\nAssistant: "
TWO = {"prompt": "Hi", "completions": ["a", "b"]}


def reply(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


def texts(item: ItemDraft) -> list[str]:
    return [completion.text for completion in item.completions]


def battle(winner: str = "tie", **more: Any) -> dict[str, Any]:
    first, second = [USER, reply("a")], [USER, reply("b")]
    row = {"conversation_a": first, "conversation_b": second, "winner": winner}
    return {**row, **more}


def graded(strength: int, prompt: str = "p") -> dict[str, Any]:
    pair = {"prompt": prompt, "response_1": "a", "response_2": "b"}
    return {**pair, "preference_strength": strength}


def preference(item: ItemDraft) -> Any:
    return item.labels[0].answers["preference"]["value"]


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "Hi", "chosen": "a", "rejected": "b"},
        {"prompt": [USER], "chosen": [reply("a")], "rejected": [reply("b")]},
        {"chosen": [USER, reply("a")], "rejected": [USER, reply("b")]},
        {"prompt": "Hi", "chosen": [USER, reply("a")], "rejected": [USER, reply("b")]},
        {"prompt": "Hi", "chosen": [reply("a")], "rejected": [reply("b")]},
        {"chosen": "Hi\na", "rejected": "Hi\nb"},
        {"chosen": HUMAN + "a", "rejected": HUMAN + "b"},
        {"prompt": "Hi", "answer1": "a", "answer2": "b"},
        {"prompt": "Hi", "Response A": "a", "Response B": "b"},
        {"instruction": "Hi", "response1": "a", "response2": "b"},
        {"input": "Hi", "output_1": "a", "output_2": "b"},
        {"question": "Hi", "completion_a": "a", "completion_b": "b"},
        {"prompt": "Hi", "responses": ["a", "b"]},
        {"prompt": "Hi", "responses": '["a", "b"]'},
        {"prompt": "Hi", "items": [{"id": 1, "body": "a"}, {"id": 2, "body": "b"}]},
        {"messages": [USER], "completions": ["a", {"text": "b"}]},
        {"messages": [{"from": "human", "value": "Hi"}], "answers": ["a", "b"]},
        {"conversation_a": [USER, A], "conversation_b": [USER, B], "winner": "tie"},
    ],
)
def test_usual_columns_give_the_same_item(row: dict[str, Any]) -> None:
    item = one_item(row)
    assert item.messages == (Message("user", "Hi"),)
    assert texts(item) == ["a", "b"]


def test_unmapped_columns_are_kept_as_metadata() -> None:
    item = one_item({**TWO, "responses": None, "difficulty": 3})
    assert item.metadata == {"difficulty": 3}


def test_input_and_system_join_the_prompt() -> None:
    item = one_item(
        {
            "system": "Be short.",
            "instruction": "Translate.",
            "input": "bonjour",
            "response1": "hello",
            "response2": "hi",
        }
    )
    assert item.messages == (
        Message("system", "Be short."),
        Message("user", "Translate.\n\nbonjour"),
    )


def test_id_that_repeats_is_not_taken_as_external_id() -> None:
    rows = [{"id": 1, "prompt": "p", "answers": ["a", str(n)]} for n in range(2)]
    assert [item.external_id for item in items_of(convert(rows))] == ["", ""]


def test_models_in_columns_and_in_a_list_reach_their_completions() -> None:
    columns = {"prompt": "p", "response_a": "a", "response_b": "b"}
    columns |= {"model_a": "x", "model_b": "y"}
    listed = {"prompt": "p", "completions": ["a", "b"], "models": ["x", "y"]}
    for row in (columns, listed):
        assert [part.model for part in one_item(row).completions] == ["x", "y"]


# --- who made a label -----------------------------------------------------------------


def test_chosen_alone_invents_no_label() -> None:
    item = one_item({"prompt": "p", "chosen": "a", "rejected": "b"})
    assert item.labels == ()
    assert item.metadata["source_label"] == {"chosen": 0}


def test_chosen_becomes_a_label_once_a_person_says_whose() -> None:
    row = {"prompt": "p", "chosen": "a", "rejected": "b"}
    raw = recognise([row]).to_json() | {"labels_by": "machine", "labels_name": "judge"}
    (label,) = one_item(row, ColumnMapping.from_json(raw)).labels
    assert (label.annotator, label.is_machine) == ("judge", True)
    assert label.answers == {"preference": {"value": 1}}


@pytest.mark.parametrize(
    ("judge", "expected"),
    [("arena_user_3", "human"), (["gpt-4", "pair-v2"], "machine"), ("x", "leave_out")],
)
def test_judge_column_tells_people_from_machines(judge: object, expected: str) -> None:
    assert recognise([battle(judge=judge)]).labels_by == expected


@pytest.mark.parametrize(
    ("winner", "answer"),
    [
        ("model_a", {"value": 1}),
        ("model_b", {"value": -1}),
        ("tie", {"value": 0}),
        ("tie (bothbad)", {"value": 0, "both_bad": True}),
    ],
)
def test_winner_of_a_battle_is_translated(winner: str, answer: dict[str, Any]) -> None:
    item = one_item(battle(winner, judge="arena_user_1"))
    assert item.labels[0].answers == {"preference": answer}


def test_battle_of_several_turns_keeps_each_dialogue() -> None:
    first = [USER, reply("a"), {"role": "user", "content": "More?"}, reply("aa")]
    second = [USER, reply("b"), {"role": "user", "content": "More?"}, reply("bb")]
    item = one_item(
        {"conversation_a": first, "conversation_b": second, "winner": "tie"}
    )
    assert item.messages == (Message("user", "Hi"),)
    assert texts(item)[0] == "a\n\n**User:** More?\n\n**Assistant:** aa"
    assert item.completions[1].metadata["messages"] == second[1:]


def test_identical_replies_stay_completions() -> None:
    dialogue = [USER, reply("same")]
    row = battle(conversation_a=dialogue, conversation_b=dialogue)
    (item, warning) = convert([row])
    assert isinstance(item, ItemDraft)
    assert texts(item) == ["same", "same"]
    assert getattr(warning, "is_warning", False)


# --- signs and scales -----------------------------------------------------------------


@pytest.mark.parametrize(("strength", "value"), [(-3, 3), (0, 0), (2, -2)])
def test_helpsteer_sign_is_turned(strength: int, value: int) -> None:
    assert preference(one_item(graded(strength))) == value


def test_helpsteer3_gives_a_label_of_each_person() -> None:
    people = [{"score": -1, "reasoning": "r", "feedback1": "f"}, {"score": 2}]
    item = one_item(
        {
            "context": [USER],
            "response1": "a",
            "response2": "b",
            "overall_preference": 0,
            "individual_preference": people,
        }
    )
    assert [label.answers["preference"]["value"] for label in item.labels] == [1, -2]
    assert item.labels[0].answers["rationale"] == "r"
    assert item.labels[0].metadata == {"feedback1": "f"}
    assert item.metadata["source_label"] == {"overall_preference": 0}


def test_helpsteer_rows_of_one_prompt_become_one_item() -> None:
    rows = [
        {"prompt": prompt, "response": response, "helpfulness": mark, "coherence": 4}
        for prompt, response, mark in (("p", "a", 4), ("p", "b", 1), ("q", "c", 2))
    ]
    first, second = items_of(convert(rows))
    assert texts(first) == ["a", "b"]
    assert first.labels[0].answers == {
        "ratings": {"helpfulness": [4, 1], "coherence": [4, 4]}
    }
    assert (second.row, texts(second)) == (3, ["c"])


def test_lists_of_ratings_give_a_label_of_each_person() -> None:
    rows = [
        {"prompt": "p", "response": "a", "helpfulness": [4, 3], "verbosity": [1, 2]},
        {"prompt": "p", "response": "b", "helpfulness": [0], "verbosity": [2]},
    ]
    (item,) = items_of(convert(rows))
    assert [label.annotator for label in item.labels] == ["annotator1", "annotator2"]
    assert item.labels[1].answers["ratings"]["helpfulness"] == [3, None]


def test_helpsteer_turns_are_split() -> None:
    prompt = "Hi\n<extra_id_1>Assistant\nHello\n<extra_id_1>User\nBye"
    assert one_item(graded(1, prompt)).messages == (
        Message("user", "Hi"),
        Message("assistant", "Hello"),
        Message("user", "Bye"),
    )


def test_ultrafeedback_ratings_are_a_machines() -> None:
    notes = {"helpfulness": {"Rating": "5"}, "truthfulness": {"Rating": "N/A"}}
    item = one_item(
        {
            "instruction": "p",
            "completions": [
                {"model": "x", "response": "a", "annotations": notes},
                {"model": "y", "response": "b", "annotations": {}},
            ],
        }
    )
    (label,) = item.labels
    assert label.is_machine
    assert label.answers["ratings"]["helpfulness"] == [5, None]
    assert label.answers["ratings"]["truthfulness"] == ["na", None]
    assert [part.model for part in item.completions] == ["x", "y"]


def test_multipref_keeps_reasons_it_did_not_see_at_first() -> None:
    def row(reason: str) -> dict[str, Any]:
        note = {
            "evaluator": "red_oak",
            "helpful_pref": "B-is-clearly-better",
            "helpful_checked_reasons": [reason],
            "helpful_confidence": "not-confident",
            "time_spent": 30,
        }
        pair = {"text": "p", "completion_a": "a", "completion_b": "b"}
        return {**pair, "normal_worker_annotations": [note]}

    mapping = recognise([row("clear")])
    known, new = one_item(row("clear"), mapping), one_item(row("new"), mapping)
    assert known.labels[0].answers["helpful"] == {
        "value": -2,
        "reasons": ["clear"],
        "confidence": "not-confident",
    }
    assert new.labels[0].metadata["other_reasons"] == {"helpful": ["new"]}
    assert new.labels[0].duration_ms == 30_000
    assert new.labels[0].profile == {"group": "normal"}


def test_argument_judgement_keeps_worker_reason_and_times() -> None:
    entry = {
        "turkID": "w1",
        "value": "a2",
        "reason": "It has a source.",
        "assignmentAcceptTime": "2016-02-12 04:38:24.0 UTC",
        "assignmentSubmitTime": "2016-02-12 04:39:24.5 UTC",
        "turkRank": "7",
    }
    item = one_item(
        {
            "id": "1_2",
            "arg1": {"text": "a", "id": "1", "stance": "yes"},
            "arg2": {"text": "b", "id": "2", "stance": "yes"},
            "debateMetaData": {"title": "Trees?"},
            "mTurkAssignments": [entry],
        }
    )
    (label,) = item.labels
    assert label.answers == {
        "preference": {"value": -1},
        "rationale": "It has a source.",
    }
    assert label.annotator == "w1"
    assert label.created_at == datetime(2016, 2, 12, 4, 39, 24, 500_000, tzinfo=UTC)
    assert label.duration_ms == 60_500
    assert label.metadata["turkRank"] == "7"


# --- rankings -------------------------------------------------------------------------


def qa_row(preferences: list[int]) -> dict[str, Any]:
    answers = {f"prediction {place}": f"answer {place}" for place in range(1, 5)}
    return {"question": "q", **answers, "preference": preferences}


@pytest.mark.parametrize(
    ("preferences", "tiers"),
    [
        ([1, 1, 1, 1, 1, 1], [[0], [1], [2], [3]]),
        ([2, 2, 2, 2, 2, 2], [[3], [2], [1], [0]]),
        ([0, 1, 1, 1, 1, 0], [[0, 1], [2, 3]]),
        ([0, 0, 0, 0, 0, 0], [[0, 1, 2, 3]]),
    ],
)
def test_preferences_become_the_ranking_they_fit(
    preferences: list[int], tiers: list[list[int]]
) -> None:
    item = one_item(qa_row(preferences))
    assert item.labels[0].answers == {"ranking": {"tiers": tiers, "unacceptable": []}}


def test_preferences_that_fit_no_ranking_are_kept_and_named() -> None:
    item, warning = convert([qa_row([1, 0, 1, 0, 1, 1])])
    assert isinstance(item, ItemDraft)
    assert item.labels == ()
    assert item.metadata["source_label"] == [1, 0, 1, 0, 1, 1]
    assert getattr(warning, "is_warning", False)


def test_preferences_as_pairs_lose_nothing() -> None:
    row = qa_row([1, 0, 2, 0, 1, 1])
    mapping = ColumnMapping.from_json(
        recognise([row]).to_json() | {"shape": "qa_feedback_pairs"}
    )
    items = items_of(convert([row], mapping))
    assert [preference(item) for item in items] == [1, 0, -1, 0, 1, 1]
    assert texts(items[3]) == ["answer 2", "answer 3"]


def tree(ranks: list[int | None]) -> dict[str, Any]:
    replies = [
        {"message_id": f"r{k}", "text": f"t{k}", "role": "assistant", "rank": rank}
        for k, rank in enumerate(ranks)
    ]
    return {"message_id": "m", "text": "Hi", "role": "prompter", "replies": replies}


def test_full_ranks_of_a_tree_become_a_ranking_with_ties() -> None:
    item = one_item(tree([1, 0, 1]))
    assert item.labels[0].answers["ranking"]["tiers"] == [[1], [0, 2]]
    assert item.external_id == "m"


def test_part_ranks_of_a_tree_stay_in_the_metadata() -> None:
    item = one_item(tree([0, None]))
    assert item.labels == ()
    assert item.metadata["source_label"] == {"ranks": [0, None]}


def test_tree_under_a_prompt_is_read_too() -> None:
    row = {"message_tree_id": "m", "tree_state": "ready", "prompt": tree([0, 1])}
    assert one_item(row).metadata["tree_state"] == "ready"


def utterance(turn: int, text: str, score: int, is_chosen: bool) -> dict[str, Any]:
    return {
        "utterance_id": f"ut-{turn}-{text}",
        "interaction_id": f"int{turn}",
        "conversation_id": "c1",
        "user_id": "user7",
        "turn": turn,
        "conversation_type": "unguided",
        "user_prompt": f"prompt {turn}",
        "model_response": text,
        "model_name": "m",
        "score": score,
        "if_chosen": is_chosen,
    }


def test_prism_turn_is_asked_after_the_replies_chosen_before() -> None:
    rows = [
        utterance(0, "a", 20, False),
        utterance(0, "b", 90, True),
        utterance(1, "c", 55, True),
        utterance(1, "EMPTY STRING", 1, False),
    ]
    first, second = items_of(convert(rows))
    assert [message.content for message in second.messages] == [
        "prompt 0",
        "b",
        "prompt 1",
    ]
    assert (first.external_id, texts(second)) == ("int0", ["c", ""])
    (label,) = first.labels
    assert (label.annotator, label.answers) == (
        "user7",
        {"ratings": {"score": [20, 90]}},
    )


# --- Label Studio ---------------------------------------------------------------------


def studio(result: list[dict[str, Any]], **data: Any) -> dict[str, Any]:
    note = {"completed_by": 4, "lead_time": 2.5, "result": result}
    return {"data": {"prompt": "p", **data}, "annotations": [note]}


def test_label_studio_ranker_becomes_a_ranking() -> None:
    result = [{"type": "ranker", "value": {"ranker": {"rank": ["y", "x"]}}}]
    items = [{"id": "x", "body": "a"}, {"id": "y", "body": "b"}]
    item = one_item(studio(result, items=items))
    assert item.labels[0].answers == {
        "ranking": {"tiers": [[1], [0]], "unacceptable": []}
    }
    assert item.labels[0].annotator == "user 4"
    assert item.labels[0].duration_ms == 2500


def test_label_studio_rating_finds_its_completion() -> None:
    region = {"type": "rating", "from_name": "fluency"}
    result = [
        {**region, "to_name": name, "value": {"rating": mark}}
        for name, mark in (("answer2", 2), ("answer1", 5))
    ]
    item = one_item(studio(result, answer1="a", answer2="b"))
    assert item.labels[0].answers == {"ratings": {"fluency": [5, 2]}}


def test_label_studio_result_without_counterpart_is_kept() -> None:
    known = {"type": "pairwise", "value": {"selected": "right"}}
    other = {"type": "brushlabels", "value": {"rle": [1]}}
    item = one_item(studio([known, other], answer1="a", answer2="b"))
    assert preference(item) == -1
    assert item.labels[0].metadata["result"] == [other]


def test_label_studio_predictions_are_machines() -> None:
    row = {
        "data": {"prompt": "p", "answer1": "a", "answer2": "b"},
        "predictions": [
            {
                "model_version": "m1",
                "result": [{"type": "pairwise", "value": {"selected": "left"}}],
            }
        ],
    }
    (label,) = one_item(row).labels
    assert (label.annotator, label.is_machine) == ("m1", True)


# --- labels alone ---------------------------------------------------------------------


def test_unknown_verdict_of_a_machine_is_unparsable_and_never_a_tie() -> None:
    (draft,) = labels_drafts(convert([{"idx": 1, "gpt_result": "garbage"}]))
    (label,) = draft.labels
    assert (label.status, label.raw, label.answers) == ("unparsable", "garbage", {})


def test_number_that_may_mean_first_or_tie_is_not_guessed() -> None:
    row = {"prompt": "p", "answer1": "a", "answer2": "b", "label": 0}
    assert recognise([row]).column("winner") == ""
    raw = recognise([row]).to_json()
    raw["fields"]["winner"] = ["label"]
    raw["labels_by"] = "human"
    problem = one_problem(row, ColumnMapping.from_json(raw))
    assert "0 means the first answer or a tie" in problem.problem
