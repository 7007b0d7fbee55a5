"""The answer: streamed, replaced by the whole response, started again by a new try."""

from typing import Any

from ryx_dash.protocol.events import Draft

from .events import draft, folded


def token(text: object) -> Draft:
    return draft("llm_token", "llm_response", data={"text": text})


def end(**data: Any) -> Draft:
    return draft("workflow_complete", data=data)


def test_tokens_make_the_answer() -> None:
    state = folded(token("Hello"), token(", "), token("wörld 😀"))
    assert (state.answer, state.tokens, state.final) == ("Hello, wörld 😀", 3, False)
    assert state.changed["answer"] == 3


def test_tokens_without_text_are_counted() -> None:
    state = folded(token("a"), token(None), token(5), draft("llm_token"))
    assert (state.answer, state.tokens) == ("a", 4)
    assert state.changed["answer"] == 1


def test_the_response_takes_the_place_of_the_stream() -> None:
    state = folded(token("Hel"), end(response="Hello [a.py:1]"))
    assert (state.answer, state.final) == ("Hello [a.py:1]", True)


def test_without_a_response_the_stream_stays() -> None:
    assert folded(token("Hello"), end()).answer == "Hello"
    assert folded(token("Hello"), end(response={"a": 1})).answer == "Hello"
    assert folded(token("Hello"), end()).final is True


def test_a_failed_run_keeps_what_it_streamed() -> None:
    state = folded(token("Hel"), draft("workflow_error"))
    assert (state.answer, state.final) == ("Hel", False)


def test_a_response_that_was_not_streamed() -> None:
    done = draft("step_complete", "llm_response", data={"text": "Whole."})
    assert folded(done).answer == "Whole."
    assert folded(token("Streamed."), done).answer == "Streamed."
    assert folded(draft("step_complete", "rag_context", data={"text": "no"})).answer == ""


def test_a_new_try_streams_from_the_beginning() -> None:
    retry = draft("step_progress", "llm_response", data={"attempt": 2, "warning": True})
    first = draft("step_start", "llm_response")
    state = folded(first, token("Hel"), retry, token("Hello"))
    assert (state.answer, state.tokens) == ("Hello", 2)
    assert folded(first, token("Hel"), retry).changed["answer"] == 3
    assert folded(first, token("Hel"), first, token("Hello")).answer == "Hello"


def test_other_progress_leaves_the_stream_alone() -> None:
    same_try = draft("step_progress", "llm_response", data={"attempt": 1})
    elsewhere = draft("step_progress", "rag_context", data={"attempt": 2})
    plain = draft("step_progress", "llm_response")
    assert folded(token("a"), same_try, elsewhere, plain, token("b")).answer == "ab"


def test_tokens_that_came_before_the_start_of_their_step() -> None:
    assert folded(token("a"), draft("step_start", "llm_response"), token("b")).answer == "ab"


def test_citations() -> None:
    cited = [{"path": "a.py", "line": 1, "verified": True}]
    found = draft("step_complete", "post_processing", data={"citations": [*cited, "noise"]})
    assert folded(found).citations == tuple(cited)
    assert folded(end(response="x", citations=cited)).citations == tuple(cited)
    assert folded(found, end(response="x")).citations == tuple(cited)
    assert folded(found, end(response="x", citations=[])).citations == ()
    assert (
        folded(draft("step_complete", "post_processing", data={"citations": "x"})).citations == ()
    )
