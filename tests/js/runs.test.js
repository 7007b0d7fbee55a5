const assert = require("node:assert/strict");
const path = require("node:path");
const test = require("node:test");
const { RyxDash, assets } = require("./load.js");

require(path.join(assets, "ryx-86-runs.js"));
const { toggled, toggledAll, counted } = RyxDash.runs;

test("a box picks its run and lets it go, in the order of the clicks", () => {
  assert.deepEqual(toggled(["a"], "b"), ["a", "b"]);
  assert.deepEqual(toggled(["a", "b"], "a"), ["b"]);
});

test("the box over all picks what is not picked, then lets all of the page go", () => {
  assert.deepEqual(toggledAll(["x", "b"], ["a", "b"]), ["x", "a", "b"]);
  assert.deepEqual(toggledAll(["x", "a", "b"], ["a", "b"]), ["x"]);
});

test("what is picked but not to be seen is counted", () => {
  assert.equal(counted(["a"], ["a", "b"]), "1 picked");
  assert.equal(counted(["a", "x", "y"], ["a", "b"]), "3 picked, 2 of them not on this page");
  assert.equal(counted(["x"], ["a", "b"]), "1 picked, not on this page");
});
