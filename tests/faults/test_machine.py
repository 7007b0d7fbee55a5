"""Client-side layer × gateway session × log, in any order of events that Hypothesis thinks of."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from tests.faults.checker import tally
from tests.faults.layer import Machine
from tests.faults.seeds import FIGURES
from tests.faults.world import World

STEPS = 50
ENOUGH = 100_000 if FIGURES else 3_000
"""Steps that must have been made."""

EXAMPLES = ENOUGH // 25
"""Hypothesis makes most examples as long as they may be, but not all."""

QUESTIONS = st.sampled_from(("a", "b", "c"))


class Page(RuleBasedStateMachine):
    """What can happen. Whatever did, all is well some time after it has stopped."""

    layer: Machine

    def __init__(self) -> None:
        super().__init__()
        self.world = World(self.layer, seed=1)

    @rule(ms=st.sampled_from((50, 250, 1000, 4000, 20_000)))
    def time_passes(self, ms: int) -> None:
        self._step()
        self.world.pass_time(ms)

    @rule(times=st.integers(1, 4))
    def all_goes_well(self, times: int) -> None:
        self._step()
        for _ in range(times):
            self.world.exchange()

    @rule(what=st.sampled_from(("open", "deliver", "hear", "draw")))
    def something_arrives(self, what: str) -> None:
        self._step()
        getattr(self.world, what)()

    @rule(text=QUESTIONS)
    def person_asks(self, text: str) -> None:
        self._step()
        self.world.ask(text)

    @rule()
    def somebody_else_asks(self) -> None:
        self._step()
        self.world.ask_elsewhere()

    @rule(text=QUESTIONS)
    def question_is_lost(self, text: str) -> None:
        self._step()
        self.world.ask(text)
        self.world.lose("up")

    @rule(count=st.integers(0, 12), end=st.booleans())
    def worker_writes(self, count: int, end: bool) -> None:
        self._step()
        self.world.write(count, end=end)

    @rule(place=st.integers(0, 3))
    def person_goes_to_another_run(self, place: int) -> None:
        self._step()
        runs = self.world.log.runs().runs
        path = f"/runs/{runs[place].run_id}" if place < len(runs) else "/"
        self.world.act("navigate", path=path)

    @rule(kind=st.sampled_from(("wake", "online", "offline")))
    def browser_says(self, kind: str) -> None:
        self._step()
        self.world.act(kind)

    @rule(
        what=st.sampled_from(
            ("lose up", "lose down", "fail", "close 1006", "close 1012", "die", "down", "reload")
        )
    )
    def something_goes_wrong(self, what: str) -> None:
        self._step()
        name, _, argument = what.partition(" ")
        getattr(self, f"_{name}")(argument)

    # Less than what makes a command too old to be sent.
    @rule(offset=st.integers(-1_000_000, 1_000_000))
    def clock_is_set(self, offset: int) -> None:
        self._step()
        self.world.set_clock(offset)

    def teardown(self) -> None:
        """Nothing fails any more."""
        self.world.heal()

    def _lose(self, direction: str) -> None:
        self.world.lose(direction)

    def _fail(self, _: str) -> None:
        self.world.pending = None

    def _close(self, code: str) -> None:
        self.world.close(int(code))

    def _die(self, _: str) -> None:
        if self.world.socket is not None:
            self.world.socket.dead = True

    def _down(self, _: str) -> None:
        self.world.up = not self.world.up
        self.world.close(1006)

    def _reload(self, _: str) -> None:
        self.world.load(self.world.outcome["path"])

    @staticmethod
    def _step() -> None:
        tally.tried += 1


def test_page_gateway_and_log(layer: Machine) -> None:
    Page.layer = layer
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Page,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert tally.tried >= ENOUGH
