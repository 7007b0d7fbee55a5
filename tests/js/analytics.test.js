const assert = require("node:assert/strict");
const path = require("node:path");
const test = require("node:test");
const { RyxDash, assets } = require("./load.js");

for (const name of ["ryx-86-analytics.js", "ryx-86-runs.js"]) require(path.join(assets, name));

test("a mark leads to the list of runs, and nowhere else", () => {
  const click = (customdata) => ({ points: [{ customdata }] });
  const { behind } = RyxDash.analytics;
  assert.equal(behind(click(["/runs?status=failed"])), "/runs?status=failed");
  assert.equal(behind(click("/runs?model=m")), "/runs?model=m");
  for (const odd of [undefined, null, 7, ["//evil.example"], ["javascript:alert(1)"], "/", [], {}]) assert.equal(behind(click(odd)), null);
  for (const odd of [undefined, null, {}, { points: [] }]) assert.equal(behind(odd), null);
});

test("what has no control stays in the address when another filter is changed", () => {
  const { addressOf, valuesOf } = RyxDash.runs;
  const before = "?status=failed&span=30d&part=tool%3A%3Ax&before=run1";
  const values = valuesOf(before);
  assert.deepEqual(values, ["", "failed", "", "", "", "", "", ""]);
  values[2] = "small:3b";
  const after = new URLSearchParams(addressOf(values, before));
  assert.deepEqual(Object.fromEntries(after), { span: "30d", part: "tool::x", status: "failed", model: "small:3b" });
  assert.equal(addressOf(values), "?status=failed&model=small%3A3b");
});

test("a filter that is no option of its control has words of its own", () => {
  const { labelOf } = RyxDash.runs;
  assert.equal(labelOf("status", "failed,cancelled"), "failed, cancelled");
  assert.equal(labelOf("took", "1200-"), "from 1200 ms");
  assert.equal(labelOf("took", "-50"), "up to 50 ms");
  assert.equal(labelOf("took", "5-50"), "5–50 ms");
  assert.equal(labelOf("took", "odd"), "odd");
  assert.equal(labelOf("model", "a-b"), "a-b");
});
