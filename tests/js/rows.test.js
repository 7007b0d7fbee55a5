const assert = require("node:assert/strict");
const test = require("node:test");
const { RyxDash } = require("./load.js");

const { columns, places } = RyxDash.rows;

test("a wide box takes one row, a narrow one takes several, a column takes one each", () => {
  assert.equal(columns(3000, 100, 8), 8);
  assert.equal(columns(900, 250, 8), 4);
  assert.equal(columns(100, 2000, 8), 1);
});

test("a box without room still has a column", () => {
  assert.equal(columns(0, 0, 8), 1);
  assert.equal(columns(500, 300, 0), 1);
});

test("steps are placed like words, calls in the rows below", () => {
  const found = places(["a", "b", "c"], ["x", "y", "z"], 2);
  const rank = (id) => [Math.round(found[id].y / found.c.y), Math.round(found[id].x / found.b.x)];
  assert.deepEqual(["a", "b", "c", "x", "y", "z"].map(rank), [[0, 0], [0, 1], [1, 0], [2, 0], [2, 1], [3, 0]]);
});

test("no two nodes share a place", () => {
  const ids = Array.from({ length: 30 }, (_, i) => `n${i}`);
  for (let width = 1; width <= 8; width += 1) {
    const found = Object.values(places(ids.slice(0, 8), ids.slice(8), width));
    assert.equal(new Set(found.map(({ x, y }) => `${x},${y}`)).size, 30);
  }
});
