"""From a query to its answer: the path that everything else builds on."""

import httpx

from ryx_dash.protocol.steps import STEPS
from tests.browser.page import PageUnderTest

QUESTION = "What is the launch code of project Zephyr?"
ALL_GREEN = {step.name: "success" for step in STEPS}


def test_a_fact_of_the_workspace_is_found_and_cited(page: PageUnderTest) -> None:
    page.open()
    page.ask(QUESTION)
    assert page.run["status"] == "success"
    assert page.steps == ALL_GREEN
    assert "7421" in page.text("#answer")
    assert "notes.md:3" in page.text("#answer")
    assert {card["tool"] for card in page.cards} >= {"search_local"}
    assert all(card["status"] == "success" for card in page.cards)
    assert page.counts["gaps"] == page.counts["duplicates"] == 0
    assert page.text("#tool-count") == str(len(page.cards))
    assert page.console == []


def test_the_page_shows_what_the_log_has(page: PageUnderTest) -> None:
    page.open()
    run_id = page.ask(QUESTION)
    run = httpx.get(f"{page.server.url}/api/runs/{run_id}").json()
    page.wait_for(lambda: page.counts["head"] == run["events"])
    body = httpx.get(f"{page.server.url}/api/runs/{run_id}/events").json()
    kinds = [event["event"] for event in body["events"]]
    tokens = kinds.count("llm_token")
    page.wait_for(lambda: len(page.rows) == min(50, len(kinds) - tokens))
    assert page.counts["hidden"] == tokens


def test_a_second_run_starts_clean(page: PageUnderTest) -> None:
    page.open()
    first = page.ask(QUESTION)
    second = page.ask("Where is greet defined?")
    assert first != second
    assert page.steps == ALL_GREEN
    assert "7421" not in page.text("#answer")
    assert "greeting.py:4" in page.text("#answer")


def test_reload_and_deep_link_show_the_same_run(page: PageUnderTest) -> None:
    page.open()
    run_id = page.ask(QUESTION)
    head = page.counts["head"]
    for path in ("/", f"/runs/{run_id}"):
        page.open(path)
        page.wait_for(lambda: page.counts["head"] == head)
        assert page.run == {"id": run_id, "status": "success"}
        assert page.steps == ALL_GREEN
        assert "7421" in page.text("#answer")
        assert page.counts["gaps"] == page.counts["duplicates"] == 0


def test_a_run_started_elsewhere_is_seen(page: PageUnderTest) -> None:
    body = {"input": QUESTION}
    run_id = httpx.post(f"{page.server.url}/api/runs", json=body).json()["run_id"]
    page.open(f"/runs/{run_id}")
    page.wait_for_end()
    assert page.run == {"id": run_id, "status": "success"}
    assert page.steps == ALL_GREEN


def test_an_empty_query_says_what_is_wrong(page: PageUnderTest) -> None:
    body = {"input": "   "}
    run_id = httpx.post(f"{page.server.url}/api/runs", json=body).json()["run_id"]
    page.open(f"/runs/{run_id}")
    page.wait_for_end()
    assert page.run["status"] == "failed"
    assert page.steps["input_reception"] == "failed"
    assert page.steps["llm_response"] == "skipped"


def test_an_unknown_run_is_said(page: PageUnderTest) -> None:
    assert httpx.get(f"{page.server.url}/runs/none").status_code == 404
    page.open("/runs/none")
    page.wait_for(lambda: "no run" in page.text("body").lower())


def test_an_unknown_path_is_said(page: PageUnderTest) -> None:
    assert httpx.get(f"{page.server.url}/nowhere").status_code == 404
    page.open("/nowhere", wait=False)
    page.wait_for(lambda: "nowhere" in page.text("body"))


def test_nothing_is_fetched_from_elsewhere(page: PageUnderTest) -> None:
    page.open()
    page.ask(QUESTION)
    urls = page.script("return performance.getEntriesByType('resource').map(e => e.name)")
    assert urls
    assert [url for url in urls if not url.startswith(page.server.url)] == []


def test_no_size_scrolls_sideways(page: PageUnderTest) -> None:
    for width, height in ((1600, 1000), (1280, 800), (390, 844)):
        page.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
        )
        page.open()
        page.ask(QUESTION)
        assert page.script("return document.documentElement.scrollWidth") <= width
