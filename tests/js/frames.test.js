const assert = require("node:assert/strict");
const test = require("node:test");
const { RyxDash } = require("./load.js");

const { parse, watchdog, PATIENCE_MS } = RyxDash.frames;

test("what is no frame is null", () => {
  for (const text of ["", "{", "null", "7", "[]", "{}", '{"n": "1"}', '{"n": 1.5}', undefined]) assert.equal(parse(text), null, String(text));
});

test("fields of a wrong kind are as good as none", () => {
  const frame = parse('{"n": 3, "hello": 1, "run": 7, "beat": -1, "acks": [null, 7, {"run_id": "r"}, {"command_id": "a", "run_id": "r"}]}');
  assert.deepEqual(frame, { n: 3, hello: false, run: null, beat: null, acks: [{ command_id: "a", run_id: "r" }] });
  assert.deepEqual(parse('{"n": 1, "acks": "x"}').acks, []);
  assert.equal(parse('{"n": 1, "run": ""}').run, null);
  assert.equal(parse('{"n": 1, "hello": true, "beat": 15}').beat, 15);
});

test("a frame whose views do not appear is asked for again after 4, 8, 16, then 30 seconds", () => {
  let dog = watchdog.frame(watchdog.idle(), 5, 0);
  let now = 0;
  for (const patience of [...PATIENCE_MS, 30000, 30000]) {
    assert.equal(watchdog.check(dog, now + patience - 1).again, null);
    const out = watchdog.check(dog, (now += patience));
    assert.equal(out.again, 5);
    dog = out.state;
  }
});

test("the views of that frame, or a later one, end the waiting; those of an older do not", () => {
  const dog = watchdog.frame(watchdog.idle(), 5, 0);
  assert.deepEqual(watchdog.shown(dog, 5), watchdog.idle());
  assert.deepEqual(watchdog.shown(dog, 6), watchdog.idle());
  assert.equal(watchdog.shown(dog, 4), dog);
  assert.deepEqual(watchdog.shown(watchdog.idle(), 4), watchdog.idle());
});

test("a new frame does not make an impatient watchdog patient less: only views do", () => {
  const { state } = watchdog.check(watchdog.frame(watchdog.idle(), 5, 0), 4000);
  const next = watchdog.frame(state, 6, 4100);
  assert.equal(watchdog.check(next, 4100 + 7999).again, null);
  assert.equal(watchdog.check(next, 4100 + 8000).again, 6);
  const calm = watchdog.frame(watchdog.shown(next, 6), 7, 20_000);
  assert.equal(watchdog.check(calm, 24_000).again, 7);
});

test("a person's step that is not answered is asked for again with the newest frame", () => {
  let dog = watchdog.asked(watchdog.idle(), 5, 0);
  assert.equal(watchdog.check(dog, 3999).again, null);
  dog = watchdog.check(dog, 4000).state;
  assert.equal(watchdog.check(dog, 4000 + 8000).again, 5);
  assert.deepEqual(watchdog.answered(dog), watchdog.idle());
});

test("an answer proves no frame, and a step makes nobody wait longer for one", () => {
  const dog = watchdog.frame(watchdog.idle(), 5, 0);
  assert.equal(watchdog.asked(dog, 5, 1000), dog);
  assert.equal(watchdog.answered(dog), dog);
  const both = watchdog.frame(watchdog.asked(watchdog.idle(), 5, 0), 6, 100);
  assert.equal(watchdog.answered(both), both);
  assert.equal(watchdog.check(watchdog.asked(watchdog.asked(watchdog.idle(), 5, 0), 5, 3000), 4000).again, null);
});
