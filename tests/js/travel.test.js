const assert = require("node:assert/strict");
const test = require("node:test");
const { RyxDash, seeded } = require("./load.js");
const { travel } = RyxDash;

const STEPS = [2, 9, 10, 40, 57];

/** A page with a run of 100 events, drawn to its end; `at` sends messages and keeps the effects. */
function journey(head = 100) {
  const j = { state: travel.create(), now: 0, effects: [] };
  j.send = (type, fields = {}) => {
    const { state, effects } = travel.step(j.state, { type, now: j.now, ...fields });
    j.state = state;
    j.effects.push(...effects);
    return effects;
  };
  j.draw = (seq, more = {}) => j.send("shown", { shown: { run: "r", seq, head, steps: STEPS, ...more } });
  j.places = () => j.effects.filter((e) => e.type === "pause").map((e) => e.value && e.value.seq);
  j.draw(head);
  return j;
}

test("a place is asked for at once, the next only when it is drawn, and then the newest wish", () => {
  const j = journey();
  for (const seq of [50, 51, 52, 53]) j.send("seek", { seq });
  assert.deepEqual(j.places(), [50]);
  j.draw(50);
  assert.deepEqual(j.places(), [50, 53]);
  j.draw(53);
  assert.deepEqual(j.places(), [50, 53]);
  assert.equal(travel.place(j.state), 53);
});

test("a place that is never drawn is given up for the next", () => {
  const j = journey();
  j.send("seek", { seq: 50 });
  j.send("seek", { seq: 60 });
  j.now = 1499;
  assert.deepEqual(j.send("tick"), []);
  j.now = 1500;
  assert.deepEqual(j.send("tick"), [{ type: "pause", value: { run: "r", seq: 60 } }]);
});

test("the end of the run is where it goes on live", () => {
  const j = journey();
  j.send("seek", { seq: 40 });
  j.draw(40);
  assert.equal(j.state.live, false);
  j.send("seek", { seq: 100 });
  assert.deepEqual(j.places(), [40, null]);
  assert.equal(j.state.live, true);
});

test("steps of one event add up before they are drawn, and stay within the run", () => {
  const j = journey();
  for (const count of [-1, -1, -1]) j.send("by", { count });
  j.draw(99);
  assert.deepEqual(j.places(), [99, 97]);
  j.send("by", { count: -500 });
  j.draw(97);
  assert.deepEqual(j.places(), [99, 97, 1]);
});

test("from boundary to boundary, and to the ends beyond the last", () => {
  const j = journey();
  const visited = [];
  for (const type of ["previous", "previous", "previous", "previous", "previous", "previous", "next", "next"]) {
    j.send(type);
    visited.push(travel.place(j.state));
    j.draw(travel.place(j.state));
  }
  assert.deepEqual(visited, [57, 40, 10, 9, 2, 1, 2, 9]);
  j.send("seek", { seq: 57 });
  j.draw(57);
  j.send("next");
  assert.equal(j.state.live, true);
});

test("back to live does not wait for a place that is still to be drawn", () => {
  const j = journey();
  j.send("seek", { seq: 40 });
  j.send("live");
  assert.deepEqual(j.places(), [40, null]);
});

test("another run forgets every wish", () => {
  const j = journey();
  j.send("seek", { seq: 50 });
  j.send("seek", { seq: 60 });
  j.send("shown", { shown: { run: "other", seq: 3, head: 3 } });
  assert.deepEqual([j.state.run, j.state.wanted, j.state.asked], ["other", null, null]);
});

test("a view that somebody else let go on is live", () => {
  const j = journey();
  j.send("seek", { seq: 50 });
  j.send("paused", { paused: { run: "r", seq: 50 } });
  assert.equal(j.state.live, false);
  j.send("paused", { paused: { run: "of another page", seq: 1 } });
  assert.equal(j.state.live, true);
  j.send("paused", { paused: null });
  assert.deepEqual([j.state.live, j.state.asked], [true, null]);
});

test("nowhere to go without a run or an event", () => {
  const state = travel.create();
  for (const message of [{ type: "seek", seq: 3 }, { type: "play", speed: 1 }, { type: "next" }]) {
    assert.deepEqual(travel.step(state, { now: 0, ...message }).effects, []);
  }
});

// -- playing --------------------------------------------------------------------------------------

test("events are as far apart as they were, but never more than a second", () => {
  assert.deepEqual(travel.schedule([1000, 1200, 9000, 9000, 8000, 8500]), [0, 200, 1200, 1200, 1200, 1700]);
  assert.deepEqual(travel.schedule([]), []);
});

test("as many events are due as the clock has passed", () => {
  const plan = [0, 0, 10, 20, 20, 30];
  for (const [clock, count] of [[-1, 0], [0, 2], [9, 2], [10, 3], [20, 5], [99, 6]]) assert.equal(travel.due(plan, clock), count);
});

for (const speed of [1, 4, 16]) {
  test(`a run is played from its beginning to its end at ${speed}×, drawn as fast as the page can`, () => {
    const random = seeded(speed);
    const j = journey(300);
    const times = Array.from({ length: 300 }, (_, i) => i * 100);
    j.send("play", { speed });
    let drawn = 300;
    while (j.state.play || j.state.wanted !== null) {
      j.now += 50;
      const asked = j.effects.filter((e) => e.type === "ahead").pop().value;
      if (j.state.play && j.state.play.schedule === null) j.send("ahead", { ahead: { ...asked, times: times.slice(asked.after, asked.after + 64) } });
      j.send("tick");
      if (j.state.asked !== null && random() < 0.5) j.draw((drawn = j.state.asked));
    }
    const places = j.places();
    assert.deepEqual([places[0], places.at(-1)], [1, null]);
    const seqs = places.slice(0, -1);
    assert.deepEqual(seqs, [...new Set(seqs)].sort((a, b) => a - b));
    assert.ok(Math.abs(j.now - 29900 / speed) < 1500, `${j.now}`);
    assert.ok(drawn > 1);
  });
}

test("a person's step ends the playing; so does the button", () => {
  for (const message of [{ type: "seek", seq: 9 }, { type: "by", count: 1 }, { type: "play" }, { type: "live" }]) {
    const j = journey();
    j.send("play", { speed: 1 });
    assert.notEqual(j.state.play, null);
    j.send(message.type, message);
    assert.equal(j.state.play, null);
  }
});

test("playing goes on from where one stands, at the speed that is chosen last", () => {
  const j = journey();
  j.send("seek", { seq: 90 });
  j.draw(90);
  assert.deepEqual(j.send("play", { speed: 1 }).pop(), { type: "ahead", value: { run: "r", after: 89 } });
  j.draw(90);
  j.send("ahead", { ahead: { run: "r", after: 3, times: [1] } }); // of an earlier question
  assert.equal(j.state.play.schedule, null);
  j.send("ahead", { ahead: { run: "r", after: 89, times: [0, 400, 800, 1200] } });
  j.send("speed", { speed: 4 });
  j.now += 101;
  j.send("tick");
  assert.equal(j.places().at(-1), 91);
});

// -- links ----------------------------------------------------------------------------------------

test("an address may name a moment", () => {
  assert.deepEqual(travel.linked("/runs/a%20b", "?seq=57"), { run: "a b", seq: 57 });
  for (const [path, search] of [["/", "?seq=5"], ["/runs/a", ""], ["/runs/a", "?seq=0"], ["/runs/a", "?seq=-1"], ["/runs/a", "?seq=5e3"]]) {
    assert.equal(travel.linked(path, search), null);
  }
  assert.equal(travel.link("a b", 57), "/runs/a%20b?seq=57");
  assert.equal(travel.link("a b", null), "/runs/a%20b");
});
