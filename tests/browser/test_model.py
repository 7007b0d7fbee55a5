"""The page with a language model: streaming, tool calls, choosing, cancelling."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from dash.testing.browser import Browser
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from ryx_dash.protocol.steps import STEPS
from tests.browser.conftest import fill_workspace
from tests.browser.page import PageUnderTest
from tests.fakes.llm import FakeLlm, serve_llm
from tests.servers import dashboard

ANSWER = "The code is **7421**, see `notes.md:3`. " + "More words follow. " * 20
CALLS = [
    ("search_local", {"query": "launch code"}),
    ("read_file", {"path": "notes.md"}),
    ("read_file", {"path": "missing.md"}),
]


@pytest.fixture
def llm() -> Iterator[FakeLlm]:
    with serve_llm(
        models={"qwen2.5:3b": 1_900_000_000, "qwen2.5-coder:14b": 9_000_000_000},
        answer=ANSWER,
        tool_calls=CALLS,
    ) as fake:
        yield fake


@pytest.fixture
def page(tmp_path: Path, dash_br: Browser, llm: FakeLlm) -> Iterator[PageUnderTest]:
    fill_workspace(tmp_path)
    with dashboard(tmp_path, RYX_LLM_URL=llm.url) as running:
        yield PageUnderTest(dash_br, running)


def test_a_streamed_answer_that_uses_tools(page: PageUnderTest) -> None:
    page.open()
    page.ask("What is the launch code?")
    assert page.run["status"] == "success"
    assert page.steps == {step.name: "success" for step in STEPS}
    assert "The code is 7421" in page.text("#answer")
    assert page.all("#answer strong")
    by_tool = sorted((card["tool"], card["status"]) for card in page.cards)
    assert by_tool == [
        ("read_file", "failed"),
        ("read_file", "success"),
        ("search_local", "success"),
    ]
    assert "missing.md" in page.text("#tool-results")
    assert page.counts["gaps"] == page.counts["duplicates"] == 0
    assert page.console == []


def test_the_answer_grows_and_can_be_cancelled(page: PageUnderTest, llm: FakeLlm) -> None:
    llm.hold_after = 3
    page.open()
    page.type_query("What is the launch code?")
    page.find("query-input").send_keys(Keys.ENTER)
    page.wait_for(lambda: "The code is" in page.text("#answer"))
    assert page.run["status"] == "running"
    assert page.steps["llm_response"] == "running"
    page.find("cancel-button").click()
    page.wait_for(lambda: page.run["status"] == "cancelled", seconds=10)
    assert page.steps["llm_response"] == "cancelled"
    assert page.steps["post_processing"] == "skipped"
    assert "The code is" in page.text("#answer")
    assert llm.hung_up.wait(5)
    assert not page.find("cancel-button").is_displayed()


def test_a_model_can_be_chosen(page: PageUnderTest, llm: FakeLlm) -> None:
    page.open()
    options = '#model-select option[value="qwen2.5-coder:14b"]'
    page.wait_for(lambda: page.all(options))
    assert "9" in page.all(options)[0].text
    page.driver.find_element(By.CSS_SELECTOR, options).click()
    page.ask("What is the launch code?")
    assert llm.chats[-1]["model"] == "qwen2.5-coder:14b"
    assert "qwen2.5-coder:14b" in page.text("header")


def test_code_is_coloured_and_stays_text(page: PageUnderTest, llm: FakeLlm) -> None:
    source = 'def greet():\n    return "<img src=x onerror=hacked=1>"'
    llm.answer = f"Like this:\n\n```python\n{source}\n```\n\n```klingon\nQapla'\n```\n"
    page.open()
    page.ask("What is the launch code?")
    keywords = "#answer pre[data-language=python] .hljs-keyword"
    page.wait_for(lambda: [each.text for each in page.all(keywords)] == ["def", "return"])
    assert page.script("return document.querySelector('#answer pre').textContent") == source
    assert page.all("#answer pre:not([data-language])")[0].text == "Qapla'"
    assert page.all("#answer img") == []


def test_markup_in_an_answer_is_text(page: PageUnderTest, llm: FakeLlm) -> None:
    llm.answer = (
        '<img src=x onerror="window.hacked=1"> <script>window.hacked=1</script> '
        "[click](javascript:window.hacked=1) ![pixel](http://tracker.example/p.png) "
        "[good](https://example.org/)"
    )
    page.open()
    page.ask("What is the launch code?")
    assert page.script("return window.hacked") is None
    assert page.all("#answer img, #answer script") == []
    links = page.script("return [...document.querySelectorAll('#answer a')].map(a => a.href)")
    assert "https://example.org/" in links
    assert all(link.startswith(("http://", "https://")) for link in links)
    urls = page.script("return performance.getEntriesByType('resource').map(e => e.name)")
    assert all(url.startswith(page.server.url) for url in urls)


def test_a_model_that_breaks_off_fails_the_run(page: PageUnderTest, llm: FakeLlm) -> None:
    llm.breaks_after = 2
    page.open()
    page.ask("What is the launch code?")
    assert page.run["status"] == "failed"
    assert page.steps["llm_response"] == "failed"
