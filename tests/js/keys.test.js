const assert = require("node:assert/strict");
const test = require("node:test");
const { RyxDash } = require("./load.js");
const { command } = RyxDash.keys;

const FREE = { typing: false, atRest: true, prefixed: false };
const ALL = ["/", "?", "j", "k", "[", "]", "e", " ", "ArrowDown", "ArrowRight", "ArrowUp", "ArrowLeft", "Enter"];
const DO = ["search", "help", "forth", "back", "previous", "next", "errors", "play", "forth", "forth", "back", "back", "inspect"];

test("each key does what the help says", () => {
  assert.deepEqual(ALL.map((key) => command({ key }, FREE)), DO);
  for (const key of ["a", "l", "Escape", "Tab", "toString", "r"]) assert.equal(command({ key }, FREE), null);
});

test("none of them while a text is typed, composed, or with another meaning", () => {
  for (const key of ALL) {
    assert.equal(command({ key }, { ...FREE, typing: true }), null);
    for (const also of ["ctrlKey", "altKey", "metaKey", "isComposing"]) assert.equal(command({ key, [also]: true }, FREE), null);
  }
});

test("space and arrows belong to what has the focus", () => {
  const focused = ALL.filter((key) => command({ key }, { ...FREE, atRest: false }) !== null);
  assert.deepEqual(focused, ALL.slice(0, 7));
});

test("on the range of the scrubber the arrows are its own", () => {
  const onRange = { ...FREE, atRest: false, onRange: true };
  assert.equal(command({ key: " " }, onRange), "play");
  assert.equal(command({ key: "Enter" }, onRange), "inspect");
  assert.equal(command({ key: "ArrowLeft" }, onRange), null);
  assert.equal(command({ key: "j" }, onRange), "forth");
});

test("two keys in a row", () => {
  assert.equal(command({ key: "r" }, { ...FREE, prefixed: true }), "runs");
  assert.equal(command({ key: "l" }, { ...FREE, prefixed: true }), "live");
  assert.equal(command({ key: "a" }, { ...FREE, prefixed: true }), "analytics");
  assert.equal(command({ key: "j" }, { ...FREE, prefixed: true }), "forth");
});

test("brackets that a keyboard has on AltGr", () => {
  const held = { ctrlKey: true, altKey: true, getModifierState: (name) => name === "AltGraph" };
  assert.equal(command({ key: "[", ...held }, FREE), "previous");
  assert.equal(command({ key: "[", ...held, metaKey: true }, FREE), null);
  assert.equal(RyxDash.keys.chord({ key: "g", ctrlKey: true }), true);
  assert.equal(RyxDash.keys.chord({ key: "g" }), false);
});
