const assert = require("node:assert/strict");
const test = require("node:test");
const { RyxDash } = require("./load.js");

const { silence } = RyxDash;
const T = 1_000_000;
const running = (fields) => silence.heard({ status: "running", quiet: 0, acknowledged: false, ...fields }, T);

test("a short pause is no news", () => {
  assert.deepEqual(silence.words(running(), T + silence.QUIET_MS - 1), { line: "", step: "" });
});

test("a longer one is said, and grows", () => {
  const last = running({ quiet: 2000 });
  assert.deepEqual(silence.words(last, T + 10_000), { line: "nothing heard for 12 s", step: "silent 12 s" });
  assert.equal(silence.words(last, T + 88_000).line, "nothing heard for 1 min");
});

test("what a page that comes late was told is counted from then", () => {
  assert.equal(silence.words(running({ quiet: 60_000 }), T).step, "silent 1 min");
});

test("a backend that only acknowledged is said to have done that", () => {
  const { line } = silence.words(running({ acknowledged: true }), T + 6000);
  assert.equal(line, "acknowledged, then nothing heard for 6 s");
});

test("of a run that does not go on nothing is said", () => {
  const odd = [null, undefined, {}, { status: "success", quiet: 1 }, { status: "queued", quiet: 1 }, { status: "running" }];
  for (const shown of [...odd, { status: "running", quiet: "9" }, { status: "running", quiet: null }]) {
    assert.equal(silence.heard(shown, T), null);
  }
  assert.deepEqual(silence.words(null, T), { line: "", step: "" });
});
