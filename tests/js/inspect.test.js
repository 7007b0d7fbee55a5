const assert = require("node:assert/strict");
const test = require("node:test");
const { RyxDash, seeded } = require("./load.js");
const { inspect, pace } = RyxDash;

const STEPS = [["input", "input_reception"], ["rag", "rag_context"], ["odd", "rag_context"]];

/** A page whose inspector takes these messages; gives its state and all effects. */
function after(...messages) {
  let state = inspect.create();
  const effects = [];
  for (const message of messages) {
    const out = inspect.step(state, message);
    state = out.state;
    effects.push(...out.effects);
  }
  return { state, effects };
}

const open = (what) => ({ type: "open", what });

test("opening is a step in the history, going from one thing to another is none", () => {
  const { effects } = after(open("event:1"), open("event:1"), open("step:rag"));
  assert.deepEqual(effects, [
    { type: "address", what: "event:1", how: "push" },
    { type: "address", what: "step:rag", how: "replace" },
  ]);
});

test("closing goes back to where it was opened", () => {
  const { state, effects } = after(open("event:1"), open("event:2"), { type: "close" }, { type: "close" });
  assert.deepEqual(effects.slice(2), [{ type: "back" }]);
  assert.deepEqual(state, inspect.create());
});

test("what a link opened has nothing behind it: closing changes the address", () => {
  const { effects } = after({ type: "arrive", what: "call:a", pushed: false }, { type: "close" });
  assert.deepEqual(effects, [{ type: "address", what: null, how: "replace" }]);
});

test("forward again, and back closes it without a word", () => {
  const forward = after({ type: "arrive", what: "call:a", pushed: true });
  assert.deepEqual(forward.state, { what: "call:a", pushed: true });
  assert.deepEqual(inspect.step(forward.state, { type: "arrive", what: null, pushed: false }), { state: inspect.create(), effects: [] });
});

test("another run closes it where it is", () => {
  assert.deepEqual(after(open("call:a"), { type: "forget" }).effects[1], { type: "address", what: null, how: "replace" });
  assert.deepEqual(after({ type: "forget" }).effects, []);
});

test("addresses are read with distrust, and come back as they were", () => {
  for (const what of ["step:rag_context", "call:a b&c=d/é", "event:57"]) {
    assert.equal(inspect.parse(inspect.query(3, what)), what);
    assert.equal(inspect.parse(inspect.query(null, what)), what);
  }
  assert.equal(inspect.query(5, "event:57"), "?seq=5&inspect=event:57");
  assert.equal(inspect.query(null, null), "");
  for (const bad of ["", "?inspect=", "?inspect=event:0", "?inspect=event:1e3", "?inspect=run:x", "?inspect=step:"]) {
    assert.equal(inspect.parse(bad), null);
  }
});

test("nodes of the graph and what they are called", () => {
  assert.equal(inspect.ofNode("rag", STEPS), "step:rag_context");
  assert.equal(inspect.ofNode("odd", STEPS), "step:odd"); // its name belongs to another
  assert.equal(inspect.ofNode("gone", STEPS), "step:gone");
  assert.equal(inspect.ofNode("call:a", STEPS), "call:a");
  for (const [node] of STEPS) assert.equal(inspect.nodeOf(inspect.ofNode(node, STEPS), STEPS), node);
  assert.equal(inspect.nodeOf("event:3", STEPS), null);
  assert.equal(inspect.nodeOf(null, STEPS), null);
  assert.equal(inspect.nodeOf("step:later", STEPS), "later");
});

// -- finding --------------------------------------------------------------------------------------

const said = (texts, { from, to }) => {
  if (from[0] === to[0]) return texts[from[0]].slice(from[1], to[1]);
  return texts[from[0]].slice(from[1]) + texts.slice(from[0] + 1, to[0]).join("") + texts[to[0]].slice(0, to[1]);
};

test("hits ignore case, go over the ends of texts, and do not overlap", () => {
  const texts = ["The ket", "tle is a KETTLE, k", "e", "ttle", "aaaa"];
  assert.deepEqual(inspect.find(texts, "kettle").map((hit) => said(texts, hit)), ["kettle", "KETTLE", "kettle"]);
  assert.equal(inspect.find(texts, "aa").length, 2);
  assert.deepEqual(inspect.find(texts, ""), []);
  assert.deepEqual(inspect.find([], "x"), []);
});

test("a sign whose lower case is longer moves nothing", () => {
  const texts = ["İİ kettle"];
  assert.equal(said(texts, inspect.find(texts, "Kettle")[0]), "kettle");
});

test("every hit is what was looked for, wherever the texts are parted", () => {
  const random = seeded(3);
  for (let round = 0; round < 200; round++) {
    const all = Array.from({ length: 60 }, () => "ab"[Math.floor(random() * 2)]).join("");
    const texts = [];
    for (let at = 0; at < all.length;) {
      const size = Math.floor(random() * 6);
      texts.push(all.slice(at, at + size));
      at += size;
    }
    const wanted = all.slice(10, 10 + 1 + Math.floor(random() * 4));
    const hits = inspect.find(texts, wanted);
    assert.equal(hits.length, all.split(wanted).length - 1);
    for (const hit of hits) assert.equal(said(texts, hit), wanted);
  }
});

test("too many hits are cut, and said", () => {
  const hits = inspect.find(["x".repeat(5000)], "x");
  assert.equal(hits.length, inspect.MOST_HITS);
  assert.equal(inspect.hitsLabel(hits.length, 4, "x"), "5 of 1,000+");
  assert.equal(inspect.hitsLabel(3, 0, "x"), "1 of 3");
  assert.equal(inspect.hitsLabel(0, 0, "x"), "no hits");
  assert.equal(inspect.hitsLabel(0, 0, ""), "");
});

// -- one question at a time -----------------------------------------------------------------------

/** A pace with a clock of its own; `questions` are the times at which something was asked. */
function asker({ willing = true } = {}) {
  const a = { time: 0, timers: [], questions: [], willing };
  const ask = () => {
    if (a.willing) a.questions.push(a.time);
    return a.willing;
  };
  const later = (act, ms) => {
    a.timers.push([a.time + ms, act]);
    a.timers.sort(([one], [other]) => one - other);
  };
  a.pace = pace.create({ every: 500, patience: 4000, ask, now: () => a.time, later });
  a.until = (time) => {
    for (let next = a.timers.shift(); next; next = a.timers.shift()) {
      if (next[0] > time) {
        a.timers.unshift(next);
        break;
      }
      a.time = Math.max(a.time, next[0]);
      next[1]();
    }
    a.time = time;
  };
  return a;
}

test("the next question waits for the answer, and for its time", () => {
  const a = asker();
  for (let i = 0; i < 5; i++) a.pace.soon();
  a.until(100);
  assert.deepEqual(a.questions, [0]);
  a.pace.soon();
  a.until(2000);
  assert.deepEqual(a.questions, [0]);
  a.pace.answered();
  a.until(2000);
  a.pace.answered();
  a.until(2600);
  assert.deepEqual(a.questions, [0, 2000, 2500]);
});

test("what is wished for while an answer is awaited is asked when that is given up", () => {
  const a = asker();
  a.pace.soon();
  a.until(1000);
  a.pace.soon();
  a.until(9000);
  assert.deepEqual(a.questions, [0, 4000]);
});

test("an answer that never comes is given up; nothing to ask costs nothing", () => {
  const a = asker();
  a.pace.soon();
  a.until(3999);
  a.pace.soon();
  a.until(4000);
  a.pace.soon();
  a.until(4001);
  assert.deepEqual(a.questions, [0, 4000]);
  const idle = asker({ willing: false });
  idle.pace.soon();
  idle.until(10);
  idle.willing = true;
  idle.pace.soon();
  idle.until(20);
  assert.deepEqual(idle.questions, [10]);
});
