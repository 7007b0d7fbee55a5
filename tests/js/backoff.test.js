const assert = require("node:assert/strict");
const test = require("node:test");
const { RyxDash, seeded } = require("./load.js");

const { delay, RETRIES, LONGEST_MS, JITTER } = RyxDash.backoff;
const even = () => 0.5; // the middle: no jitter

test("ten retries, doubling from one second, at most thirty", () => {
  const delays = Array.from({ length: RETRIES }, (_, i) => delay(i + 1, even));
  assert.deepEqual(delays, [1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000, 30000, 30000]);
});

test("the first retry comes after exactly one second, whatever the jitter", () => {
  for (const random of [() => 0, () => 0.999, Math.random]) assert.equal(delay(1, random), 1000);
});

test("later ones vary by a tenth and never pass the longest", () => {
  const random = seeded(7);
  for (let retry = 2; retry <= 40; retry += 1) {
    const plain = Math.min(LONGEST_MS, 1000 * 2 ** (retry - 1));
    const got = delay(retry, random);
    assert.ok(got >= plain * (1 - JITTER) && got <= Math.min(LONGEST_MS, plain * (1 + JITTER)), `${retry}: ${got}`);
  }
  assert.notEqual(delay(3, () => 0), delay(3, () => 0.9));
});
