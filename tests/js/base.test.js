const assert = require("node:assert/strict");
const { webcrypto } = require("node:crypto");
const test = require("node:test");
const { RyxDash } = require("./load.js");

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

test("ids are random UUIDs, also where randomUUID is missing", () => {
  const insecure = { getRandomValues: (bytes) => webcrypto.getRandomValues(bytes) };
  const ids = new Set();
  for (let i = 0; i < 200; i += 1) {
    for (const id of [RyxDash.newId(webcrypto), RyxDash.newId(insecure)]) {
      assert.match(id, UUID);
      ids.add(id);
    }
  }
  assert.equal(ids.size, 400);
});

function withStorage(storage, body) {
  const before = Object.getOwnPropertyDescriptor(globalThis, "sessionStorage");
  Object.defineProperty(globalThis, "sessionStorage", { configurable: true, ...storage });
  try {
    body();
  } finally {
    if (before) Object.defineProperty(globalThis, "sessionStorage", before);
    else delete globalThis.sessionStorage;
  }
}

test("the store keeps texts under its own prefix and forgets them", () => {
  const kept = new Map();
  const area = {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, value),
    removeItem: (key) => kept.delete(key),
  };
  withStorage({ value: area }, () => {
    RyxDash.store.write("session", "run", "r1");
    assert.deepEqual([...kept], [["ryx.run", "r1"]]);
    assert.equal(RyxDash.store.read("session", "run"), "r1");
    RyxDash.store.write("session", "run", null);
    assert.equal(RyxDash.store.read("session", "run"), null);
  });
});

test("a browser that refuses storage is no error", () => {
  const refuse = () => {
    throw new Error("SecurityError");
  };
  withStorage({ get: refuse }, () => {
    RyxDash.store.write("session", "run", "r1");
    assert.equal(RyxDash.store.read("session", "run"), null);
  });
});
