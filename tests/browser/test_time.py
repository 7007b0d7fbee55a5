"""Time travel in the browser: the scrubber, its steps, playing, and links to a moment."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from dash.testing.browser import Browser
from selenium.webdriver import ActionChains
from selenium.webdriver.common.keys import Keys

from tests.browser.conftest import fill_workspace
from tests.browser.page import PageUnderTest
from tests.browser.writer import RunWriter
from tests.servers import dashboard

QUESTION = "What is the launch code of project Zephyr?"


@pytest.fixture
def page(tmp_path: Path, dash_br: Browser) -> Iterator[PageUnderTest]:
    fill_workspace(tmp_path)
    with dashboard(tmp_path) as running:
        yield PageUnderTest(dash_br, running)


def at(page: PageUnderTest, seq: int) -> bool:
    """Whether the page shows the run after event ``seq``."""
    return page.counts["head"] == seq and page.text("#position").startswith(f"event {seq:,} of ")


def drag(page: PageUnderTest, seq: int) -> None:
    """Move the range's thumb, as the hand on it would."""
    page.script(
        "const e = document.getElementById('scrubber');"
        "Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')"
        ".set.call(e, arguments[0]); e.dispatchEvent(new Event('input', {bubbles: true}))",
        seq,
    )


def screen(page: PageUnderTest) -> dict[str, object]:
    """What the page shows of the run."""
    return {
        "run": page.run,
        "steps": page.steps,
        "cards": page.cards,
        "rows": page.rows,
        "answer": page.text("#answer"),
    }


def test_every_panel_goes_back_and_forth_with_the_scrubber(page: PageUnderTest) -> None:
    page.open()
    run_id = page.ask(QUESTION)
    end, head = screen(page), page.counts["head"]
    drag(page, 3)
    page.wait_for(lambda: at(page, 3))
    assert page.run == {"id": run_id, "status": "running"}
    assert (page.steps["input_reception"], page.steps["llm_response"]) == ("success", "pending")
    assert (page.cards, page.text("#answer"), len(page.rows)) == ([], "", 3)
    for seq in range(4, head):  # faster than anything can be drawn
        drag(page, seq)
    page.wait_for(lambda: at(page, head - 1))
    page.find("travel-live").click()
    page.wait_for(lambda: at(page, head))
    assert screen(page) == end
    assert page.console == []


def test_steps_by_button_and_by_key(page: PageUnderTest) -> None:
    page.open()
    page.ask(QUESTION)
    head = page.counts["head"]
    page.find("travel-back").click()
    page.wait_for(lambda: at(page, head - 1))
    page.find("travel-back").click()
    page.find("travel-back").click()
    page.wait_for(lambda: at(page, head - 3))
    page.find("scrubber").send_keys(Keys.HOME)
    page.wait_for(lambda: at(page, 1))
    page.find("travel-next").click()
    page.wait_for(lambda: at(page, 2))
    page.find("travel-next").click()
    page.wait_for(lambda: page.steps["input_reception"] == "success")
    page.find("travel-previous").click()
    page.wait_for(lambda: at(page, 2))


def test_a_run_is_played_to_its_end(tmp_path: Path, dash_br: Browser) -> None:
    writer = RunWriter(tmp_path)
    writer.finish(pause=0.2)
    with dashboard(tmp_path) as running:
        page = PageUnderTest(dash_br, running)
        page.open(f"/runs/{writer.run.run_id}")
        page.wait_for_end()
        end, head = screen(page), page.counts["head"]
        page.script(
            "window.seen = [];"
            "new MutationObserver(() => seen.push(document.getElementById('position').innerText))"
            ".observe(document.getElementById('position'), {childList: true, characterData: true,"
            " subtree: true})"
        )
        page.find("travel-play").click()
        page.wait_for(lambda: page.attribute("travel-play", "aria-pressed") == "true")
        page.wait_for(lambda: page.attribute("travel-play", "aria-pressed") == "false")
        page.wait_for(lambda: at(page, head))
        seen = [int(text.split()[1].replace(",", "")) for text in page.script("return seen")]
        assert seen[0] == 1
        assert seen == sorted(seen)
        assert len(set(seen)) >= 3
        assert screen(page) == end


def test_a_link_leads_to_its_moment_and_back_again(page: PageUnderTest) -> None:
    page.open()
    run_id = page.ask(QUESTION)
    head = page.counts["head"]
    page.open(f"/runs/{run_id}?seq=5")
    page.wait_for(lambda: at(page, 5))
    then = screen(page)
    link = page.attribute("travel-link", "data-copy")
    assert link == f"{page.server.url}/runs/{run_id}?seq=5"
    page.find("travel-forth").click()
    page.wait_for(lambda: at(page, 6))
    page.wait_for(lambda: page.driver.current_url.endswith("?seq=6"))
    page.driver.refresh()
    page.wait_for(lambda: at(page, 6))
    page.driver.get(str(link))
    page.wait_for(lambda: at(page, 5))
    assert screen(page) == then
    page.find("travel-live").click()
    page.wait_for(lambda: at(page, head))
    page.wait_for(lambda: page.driver.current_url.endswith(f"/runs/{run_id}"))


@pytest.mark.parametrize("size", [(1600, 1000), (1280, 800), (390, 844)])
def test_nothing_moves_when_one_travels(page: PageUnderTest, size: tuple[int, int]) -> None:
    def places() -> object:
        return page.script(
            "return ['scrubber', 'position', 'travel-link', 'travel-live', 'workspace']"
            ".map(id => { const {x, y, width} = document.getElementById(id)"
            ".getBoundingClientRect(); return [id, x, y, width].join(' ') })"
        )

    page.driver.set_window_size(*size)
    page.open()
    page.wait_for(lambda: page.attribute("run-status", "data-status") == "none")
    empty = places()
    page.ask(QUESTION)
    assert places() == empty
    drag(page, 4)
    page.wait_for(lambda: at(page, 4))
    assert places() == empty
    assert page.script("return document.documentElement.scrollWidth <= innerWidth")


def press(page: PageUnderTest, *keys: str) -> None:
    ActionChains(page.driver).send_keys(*keys).perform()


def test_the_keyboard_alone(page: PageUnderTest) -> None:
    page.open()
    page.ask(QUESTION)
    head = page.counts["head"]
    press(page, "k")  # typed into the query, which has the focus
    assert page.counts["head"] == head
    page.script("document.activeElement.blur()")
    press(page, "k")
    page.wait_for(lambda: at(page, head - 1))
    press(page, Keys.ARROW_UP, Keys.ARROW_UP)
    page.wait_for(lambda: at(page, head - 3))
    press(page, "j")
    page.wait_for(lambda: at(page, head - 2))
    press(page, " ")
    page.wait_for(lambda: at(page, head))
    press(page, "e")
    page.wait_for(lambda: page.rows == [])
    press(page, "e")
    page.wait_for(lambda: len(page.rows) > 3)
    press(page, "?")
    assert page.script("return document.getElementById('help').open")
    press(page, "k")
    press(page, Keys.ESCAPE)
    assert not page.script("return document.getElementById('help').open")
    assert at(page, head)
    press(page, "/")
    assert page.script("return document.activeElement.id") == "filter-text"
    assert page.console == []


def test_on_a_runs_page_keys_are_the_runs_and_on_the_live_page_one_can_type(
    tmp_path: Path, dash_br: Browser
) -> None:
    writer = RunWriter(tmp_path)
    writer.finish()
    head = writer.run.head
    with dashboard(tmp_path) as running:
        page = PageUnderTest(dash_br, running)
        page.open(f"/runs/{writer.run.run_id}")
        page.wait_for(lambda: at(page, head))
        press(page, "k")
        page.wait_for(lambda: at(page, head - 1))
        page.find("scrubber").send_keys(Keys.HOME)
        page.wait_for(lambda: at(page, 1))
        press(page, " ")  # the range has the focus
        page.wait_for(lambda: at(page, head))
        press(page, "k")
        page.wait_for(lambda: at(page, head - 1))
        page.script("document.querySelector('#answer-scroll').focus()")  # has nothing to scroll
        press(page, Keys.ARROW_LEFT)
        page.wait_for(lambda: at(page, head - 2))
        page.open()
        press(page, "j k?")
        page.wait_for(lambda: page.find("query-input").get_property("value") == "j k?")
        assert at(page, head)
