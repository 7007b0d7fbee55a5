"""The dashboard's session: a closed loop, acknowledgements, resets. No I/O."""

from hypothesis import given
from hypothesis import strategies as st

from ryx_dash.live.session import MOST_ACKS, Follow, Session
from ryx_dash.log.base import Run
from ryx_dash.protocol.frames import Again, Cancel, Execute, Ping, Shown, Watch
from ryx_dash.protocol.steps import RunStatus


def run(head: int, status: RunStatus = RunStatus.RUNNING, run_id: str = "r1") -> Run:
    return Run(run_id=run_id, input="q", head=head, status=status)


def session(**changes: object) -> Session:
    return Session(**{"identity": "log-1", "run": None, **changes})  # type: ignore[arg-type]


def test_the_first_frame_is_a_hello() -> None:
    viewer = session()
    frame = viewer.frame()
    assert frame is not None
    assert frame["hello"] is True
    assert frame["n"] == 1
    assert frame["log"] == "log-1"
    assert frame["run"] is None
    assert frame["head"] == 0
    assert frame["acks"] == []


def test_one_frame_at_a_time() -> None:
    viewer = session()
    viewer.observe(run(1))
    assert viewer.frame() is not None
    viewer.observe(run(2))
    viewer.observe(run(3))
    assert viewer.frame() is None
    viewer.receive(Shown(n=1, seq=1))
    frame = viewer.frame()
    assert frame is not None
    assert (frame["n"], frame["head"]) == (2, 3)
    assert "hello" not in frame


def test_without_news_nothing_is_sent() -> None:
    viewer = session()
    viewer.observe(run(1))
    viewer.frame()
    viewer.receive(Shown(n=1, seq=1))
    assert viewer.frame() is None
    viewer.observe(run(1))
    assert viewer.frame() is None


def test_what_the_page_shows_already_is_not_told() -> None:
    viewer = session()
    viewer.observe(run(1))
    viewer.frame()
    viewer.observe(run(3))
    viewer.receive(Shown(n=1, seq=3))  # it was drawn after the log had grown
    assert viewer.frame() is None
    viewer.observe(run(4))
    assert viewer.frame()["head"] == 4  # type: ignore[index]


def test_an_end_is_told_though_its_event_is_shown() -> None:
    viewer = session()
    viewer.observe(run(1))
    viewer.frame()
    viewer.receive(Shown(n=1, seq=2))
    viewer.observe(run(2, RunStatus.SUCCESS))
    assert viewer.frame()["status"] == "success"  # type: ignore[index]


def test_a_page_that_stands_still_is_told_of_growth_once() -> None:
    viewer = session()
    viewer.observe(run(5))
    viewer.frame()
    viewer.receive(Shown(n=1, seq=2))
    viewer.frame()
    viewer.receive(Shown(n=2, seq=2))  # paused
    assert viewer.frame() is None
    viewer.observe(run(6))
    assert viewer.frame()["head"] == 6  # type: ignore[index]
    viewer.receive(Shown(n=3, seq=2))
    assert viewer.frame() is None


def test_a_run_that_has_become_shorter_is_told() -> None:
    viewer = session()
    viewer.observe(run(5))
    viewer.frame()
    viewer.receive(Shown(n=1, seq=5))
    viewer.observe(run(2))
    assert viewer.frame()["head"] == 2  # type: ignore[index]


def test_an_answer_to_an_older_frame_opens_nothing() -> None:
    viewer = session()
    viewer.frame()
    viewer.receive(Ping())
    assert viewer.frame()["n"] == 2  # type: ignore[index]
    viewer.receive(Shown(n=1, seq=0))
    viewer.observe(run(1))
    assert viewer.frame() is None


def test_a_long_way_is_drawn_in_stages() -> None:
    viewer = session()
    viewer.observe(run(12_000, RunStatus.SUCCESS))
    viewer.frame()
    viewer.receive(Shown(n=1, seq=5_000))
    assert viewer.frame()["n"] == 2  # type: ignore[index]
    viewer.receive(Shown(n=2, seq=10_000))
    assert viewer.frame()["n"] == 3  # type: ignore[index]
    viewer.receive(Shown(n=3, seq=12_000))
    assert viewer.frame() is None


def test_a_page_that_stands_still_on_purpose_is_left_alone() -> None:
    viewer = session()
    viewer.observe(run(100))
    viewer.frame()
    viewer.receive(Shown(n=1, seq=40))
    viewer.frame()
    viewer.receive(Shown(n=2, seq=40))
    assert viewer.frame() is None


def test_an_acknowledgement_is_repeated_until_a_frame_with_it_was_shown() -> None:
    viewer = session()
    viewer.frame()
    viewer.acknowledge("c1", {"run_id": "r1"})
    viewer.receive(Shown(n=1, seq=0))
    second = viewer.frame()
    assert second is not None
    assert second["acks"] == [{"command_id": "c1", "run_id": "r1"}]
    viewer.receive(Again(n=2))
    third = viewer.frame()
    assert third is not None
    assert third["acks"] == [{"command_id": "c1", "run_id": "r1"}]
    viewer.receive(Shown(n=3, seq=0))
    viewer.receive(Ping())
    fourth = viewer.frame()
    assert fourth is not None
    assert fourth["acks"] == []


def test_again_for_an_older_frame_sends_nothing() -> None:
    viewer = session()
    viewer.frame()
    viewer.receive(Again(n=0))
    assert viewer.frame() is None
    viewer.receive(Again(n=1))
    assert viewer.frame() is not None


def test_commands_are_handed_on() -> None:
    viewer = session()
    execute = Execute(command_id="c1", input="hello")
    cancel = Cancel(command_id="c2", run_id="r1")
    assert viewer.receive(execute) == execute
    assert viewer.receive(cancel) == cancel
    assert viewer.receive(Ping()) is None


def test_watching_another_run_starts_anew() -> None:
    viewer = session()
    viewer.observe(run(10))
    viewer.frame()
    viewer.receive(Shown(n=1, seq=10))
    assert viewer.receive(Watch(run="r2")) == Follow("r2")
    assert viewer.wanted == "r2"
    viewer.observe(run(3, run_id="r2"))
    frame = viewer.frame()
    assert frame is not None
    assert (frame["run"], frame["head"]) == ("r2", 3)


def test_no_frame_goes_out_before_the_other_run_was_seen() -> None:
    viewer = session()
    viewer.observe(run(10))
    viewer.follow("r2")
    viewer.acknowledge("c1", {"run_id": "r2"})
    assert viewer.elsewhere
    assert viewer.frame() is None
    viewer.observe(run(1, run_id="r2"))
    frame = viewer.frame()
    assert frame is not None
    assert (frame["run"], frame["acks"]) == ("r2", [{"command_id": "c1", "run_id": "r2"}])


def test_a_cursor_of_another_log_resets_the_page() -> None:
    viewer = session(known_log="log-0")
    assert viewer.frame()["reset"] is True  # type: ignore[index]


def test_a_cursor_beyond_the_end_resets_the_page() -> None:
    viewer = session(known_log="log-1", run="r1", seen=50)
    viewer.observe(run(20))
    assert viewer.frame()["reset"] is True  # type: ignore[index]


def test_a_cursor_within_the_run_does_not() -> None:
    viewer = session(known_log="log-1", run="r1", seen=20)
    viewer.observe(run(20))
    assert "reset" not in viewer.frame()  # type: ignore[operator]


def test_a_refusal_is_said_once() -> None:
    viewer = session(run="nope")
    viewer.refuse("unknown_run", "There is no run 'nope'.")
    frame = viewer.frame()
    assert frame is not None
    assert frame["run"] == "nope"
    assert frame["error"]["code"] == "unknown_run"
    viewer.receive(Ping())
    assert "error" not in viewer.frame()  # type: ignore[operator]


def test_how_the_link_stands_is_in_every_frame_and_a_change_is_news() -> None:
    states = iter(("connecting", "connected"))
    viewer = Session(identity="L", run=None, link=lambda: {"state": next(states)})
    first = viewer.frame()
    assert first is not None
    assert first["link"] == {"state": "connecting"}
    viewer.receive(Shown(n=1, seq=0))
    assert viewer.frame() is None
    viewer.link_changed()
    second = viewer.frame()
    assert second is not None
    assert second["link"] == {"state": "connected"}
    assert "link" not in (Session(identity="L", run=None).frame() or {})


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("grow"), st.integers(1, 400)),
            st.tuples(st.just("draw"), st.integers(1, 300)),
            st.tuples(st.just("lose"), st.just(0)),
        ),
        max_size=60,
    )
)
def test_whatever_is_lost_the_page_comes_to_the_head(actions: list[tuple[str, int]]) -> None:
    """A page that draws part of the way, or loses frames, still ends at the newest event."""
    viewer, head, drawn = session(), 1, 0
    viewer.observe(run(head))

    def draw(frame: dict[str, int] | None, stage: int) -> int:
        if frame is None:
            return drawn
        reached = min(frame["head"], drawn + stage)
        viewer.receive(Shown(n=frame["n"], seq=reached))
        return reached

    for action, amount in actions:
        if action == "grow":
            head += amount
            viewer.observe(run(head))
        elif action == "draw":
            drawn = draw(viewer.frame(), amount)
        else:
            viewer.frame()  # sent, never arrived: the page's watchdog asks again
            viewer.receive(Ping())
    viewer.receive(Ping())
    while (frame := viewer.frame()) is not None:
        drawn = draw(frame, 250)
    assert drawn == head


def test_a_page_that_shows_nothing_is_not_kept_answers_without_end() -> None:
    viewer = session()
    for n in range(3 * MOST_ACKS):
        viewer.acknowledge(f"c{n}", {"run_id": "r1"})
    frame = viewer.frame()
    assert frame is not None
    assert [ack["command_id"] for ack in frame["acks"]] == [
        f"c{n}" for n in range(2 * MOST_ACKS, 3 * MOST_ACKS)
    ]
