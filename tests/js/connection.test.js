const assert = require("node:assert/strict");
const test = require("node:test");
const { RyxDash, seeded } = require("./load.js");

const { connection, backoff } = RyxDash;
const T = 1_000_000;
const even = () => 0.5;

/** Drives a machine; remembers each effect with the time at which it came. */
function machine(random = even) {
  const m = { state: connection.create(), now: T, effects: [] };
  m.send = (type, fields = {}) => {
    const out = connection.step(m.state, { type, now: m.now, ...fields }, random);
    m.state = out.state;
    m.effects.push(...out.effects.map((effect) => ({ ...effect, at: m.now })));
    return out.effects.map((effect) => effect.type);
  };
  m.after = (ms, type = "tick", fields) => {
    m.now += ms;
    return m.send(type, fields);
  };
  /** Ticks every quarter of a second, as the page does. */
  m.run = (ms) => {
    for (let passed = 0; passed < ms; passed += 250) m.after(250);
  };
  m.view = () => connection.view(m.state, m.now);
  m.hello = (fields) => m.send("frame", { frame: { n: 1, hello: true, beat: 15, ...fields } });
  return m;
}

function connected(random) {
  const m = machine(random);
  m.send("mount");
  m.after(20);
  m.hello();
  return m;
}

test("connected only after the hello frame", () => {
  const m = machine();
  assert.deepEqual(m.view(), { status: "connecting", text: "● Connecting...", note: "", reconnect: false });
  assert.deepEqual(m.send("mount"), ["open"]);
  assert.equal(m.view().status, "connecting");
  m.send("frame", { frame: { n: 7 } });
  assert.equal(m.view().status, "connecting", "a frame without hello belongs to another socket");
  m.hello();
  assert.deepEqual(m.view(), { status: "connected", text: "● Connected", note: "", reconnect: false });
});

test("retries after 1, 2, 4, 8, 16 and then 30 seconds; after ten of them an error and a button", () => {
  const m = connected();
  m.run(connection.STABLE_MS);
  m.send("closed", { code: 1006 });
  const waits = [];
  while (m.view().status !== "error") {
    assert.deepEqual(m.view().status, "disconnected");
    const began = m.now;
    while (m.view().status === "disconnected") m.after(50);
    waits.push(m.now - began);
    m.after(5, "closed", { code: 1006 });
  }
  assert.deepEqual(waits, [1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000, 30000, 30000]);
  assert.deepEqual(m.view(), {
    status: "error",
    text: "✗ Error",
    note: "The server cannot be reached. 10 retries failed. Press Reconnect to try again.",
    reconnect: true,
  });
  m.run(600_000);
  assert.equal(m.effects.filter((effect) => effect.type === "open").length, 11);
  assert.deepEqual(m.send("reconnect"), ["open"]);
  assert.equal(m.view().status, "connecting");
  m.after(5, "closed", { code: 1006 });
  assert.match(m.view().note, /Trying again in 1 s \(1 of 10\)\.$/);
});

test("the note counts down and says which retry is next", () => {
  const m = connected();
  m.send("closed", { code: 1012 });
  assert.equal(m.view().note, "The server is restarting. Trying again in 1 s (1 of 10).");
  m.after(1000);
  assert.equal(m.view().note, "The server is restarting. Trying again now (1 of 10).");
  m.send("closed", { code: 1006 });
  assert.equal(m.view().note, "The server cannot be reached. Trying again in 2 s (2 of 10).");
  m.after(1001);
  assert.equal(m.view().note, "The server cannot be reached. Trying again in 1 s (2 of 10).");
  m.after(999);
  m.hello();
  assert.equal(m.view().note, "");
});

test("why the connection closed is said in words", () => {
  const cases = [
    [{ code: 1000 }, "The server closed the connection."],
    [{ code: 1008, reason: "No such origin" }, "No such origin."],
    [{ code: 1008, reason: "Go away." }, "Go away."],
    [{ code: 1013 }, "The server is too busy."],
    [{ code: 1006, reason: "" }, "The connection was lost."],
    [{}, "The connection was lost."],
  ];
  for (const [fields, sentence] of cases) {
    const m = connected();
    m.send("closed", fields);
    assert.equal(m.view().note, `${sentence} Trying again in 1 s (1 of 10).`);
  }
});

test("only a connection that lasted five seconds gives the retries back", () => {
  for (const [lasted, next] of [[4999, 3], [5000, 1]]) {
    const m = connected();
    m.send("closed", { code: 1006 });
    m.after(1000);
    m.send("closed", { code: 1006 });
    m.after(2000);
    m.hello();
    m.after(lasted, "closed", { code: 1006 });
    assert.match(m.view().note, new RegExp(`\\(${next} of 10\\)`), `after ${lasted} ms`);
  }
});

test("a socket that opens and says nothing is given up", () => {
  const m = machine();
  m.send("mount");
  m.run(connection.HELLO_MS - 250);
  assert.equal(m.view().status, "connecting");
  m.run(250);
  assert.equal(m.view().note, "The server did not answer. Trying again in 1 s (1 of 10).");
  assert.equal(m.effects.at(-1).type, "drop");
});

test("silence beyond the promised beat drops the connection", () => {
  const m = connected();
  m.hello({ beat: 20 });
  m.run(20_000 + connection.GRACE_MS);
  assert.equal(m.view().status, "connected");
  m.run(500);
  assert.equal(m.view().note, "The connection went silent. Trying again in 1 s (1 of 10).");
});

test("each of these asks at once whether somebody is there", () => {
  for (const type of ["wake", "online", "offline"]) {
    const m = connected();
    m.run(1000);
    assert.deepEqual(m.send(type), ["ping"], type);
    assert.deepEqual(m.send(type), [], "one ping is enough");
    m.run(connection.PONG_MS - 250);
    assert.equal(m.view().status, "connected");
    m.run(250);
    assert.equal(m.view().status, "disconnected");
  }
});

test("whatever is heard answers a ping", () => {
  const m = connected();
  m.send("wake");
  m.run(5000);
  m.send("frame", { frame: { n: 2 } });
  m.run(10_000);
  assert.equal(m.view().status, "connected");
});

test("after a sleep the connection is probed first, not judged by the clock", () => {
  for (const [jump, type] of [[8 * 3600_000, "tick"], [8 * 3600_000, "wake"], [-3600_000, "tick"], [60_000, "wake"]]) {
    const m = connected();
    m.run(1000);
    assert.deepEqual(m.after(jump, type), ["ping"], `${jump} ${type}`);
    assert.equal(m.view().status, "connected");
    m.run(2000);
    m.send("frame", { frame: { n: 2 } });
    m.run(20_000);
    assert.equal(m.view().status, "connected", "it answered, so it lives");
    m.run(5500);
    assert.equal(m.view().status, "disconnected", "and from then on silence counts");
  }
});

test("a sleep does not put a ping off for ever", () => {
  const m = connected();
  m.run(1000);
  m.after(3600_000, "wake");
  m.run(connection.PONG_MS);
  assert.equal(m.view().status, "disconnected");
});

test("a clock that is set back does not make a retry late", () => {
  const m = connected();
  m.send("closed", { code: 1006 });
  m.after(-3600_000);
  m.run(1000);
  assert.equal(m.view().status, "connecting");
});

test("a sleep while connecting or waiting", () => {
  const m = machine();
  m.send("mount");
  m.run(1000);
  m.after(3600_000);
  assert.equal(m.view().status, "connecting", "the socket gets its ten seconds anew");
  m.run(connection.HELLO_MS);
  assert.equal(m.view().status, "disconnected");
  assert.deepEqual(m.after(3600_000, "wake"), ["open"]);
});

test("back online: no more waiting, and a used-up budget is given anew", () => {
  const m = connected();
  m.send("closed", { code: 1006 });
  assert.deepEqual(m.send("online"), ["open"]);
  assert.match(m.view().note, /\(1 of 10\)/);
  while (m.view().status !== "error") m.send(m.view().status === "connecting" ? "closed" : "online", { code: 1006 });
  assert.deepEqual(m.send("wake"), [], "looking at the page is no reason to try again");
  assert.deepEqual(m.send("online"), ["open"]);
  assert.deepEqual(m.send("closed", { code: 1006 }), ["drop"]);
  assert.match(m.view().note, /\(1 of 10\)/);
});

test("messages that mean nothing now change nothing", () => {
  const idle = machine();
  for (const type of ["tick", "wake", "online", "offline", "reconnect", "closed", "nonsense"]) {
    assert.deepEqual(idle.send(type, { code: 1006 }), [], type);
    assert.equal(idle.state.phase, "idle");
  }
  idle.hello();
  assert.equal(idle.state.phase, "idle");
  const m = connected();
  assert.deepEqual(m.send("reconnect"), []);
  m.send("closed", { code: 1006 });
  const { due } = m.state;
  assert.deepEqual(m.send("closed", { code: 1006 }), [], "closed twice is closed once");
  m.hello();
  assert.equal(m.state.due, due);
  assert.equal(m.view().status, "disconnected", "the hello of a socket that was given up");
});

test("a page that goes away and comes back starts with a full budget", () => {
  const m = connected();
  m.send("closed", { code: 1006 });
  m.send("unmount");
  m.run(60_000);
  assert.equal(m.effects.filter((effect) => effect.type === "open").length, 1);
  assert.deepEqual(m.send("mount"), ["open"]);
  assert.equal(m.state.attempt, 2);
  m.send("closed", { code: 1006 });
  assert.match(m.view().note, /\(1 of 10\)/);
});

test("random sequences: one socket, bounded retries, one status", (t) => {
  const seed = Number(process.env.SEED) || Date.now() % 1_000_000;
  t.diagnostic(`SEED=${seed}`);
  const random = seeded(seed);
  const pick = (list) => list[Math.floor(random() * list.length)];
  const kinds = ["tick", "tick", "tick", "tick", "frame", "frame", "hello", "closed", "closed", "wake", "online", "offline", "reconnect", "unmount", "mount"];
  for (let round = 0; round < 200; round += 1) {
    const m = machine(random);
    let socket = null; // the attempt whose socket is open
    let mounted = false;
    let opens = 0; // since the retries were last given back
    for (let i = 0; i < 300; i += 1) {
      m.now += pick([0, 5, 250, 250, 1000, 4000, 30_000, 7_200_000, -60_000]);
      const kind = pick(kinds);
      if (kind === "mount" && mounted) continue;
      if (kind === "mount") mounted = true;
      if (kind === "unmount") {
        mounted = false;
        socket = null;
      }
      const before = m.state;
      const fresh = kind === "mount" || (kind === "reconnect" && before.phase !== "connected") || (kind === "online" && before.phase === "failed");
      if (fresh || (before.phase === "connected" && m.now - before.since >= connection.STABLE_MS)) opens = 0;
      const effects = m.effects.length;
      if (kind === "hello") m.hello();
      else m.send(kind, { code: 1006, frame: { n: i } });
      if (kind === "closed") socket = null;
      for (const effect of m.effects.slice(effects)) {
        if (effect.type === "drop") socket = null;
        if (effect.type === "ping") assert.equal(m.state.phase, "connected");
        if (effect.type !== "open") continue;
        assert.equal(socket, null, "a second socket");
        assert.ok(effect.attempt > before.attempt, "an address used twice");
        socket = effect.attempt;
        opens += 1;
        assert.ok(opens <= backoff.RETRIES + 1, "more retries than allowed");
      }
      if (["waiting", "failed", "idle"].includes(m.state.phase)) assert.equal(socket, null, "a forgotten socket");
      const { status, reconnect } = m.view();
      assert.ok(["connecting", "connected", "disconnected", "error"].includes(status));
      assert.equal(reconnect, status === "error");
    }
  }
});

test("a page that is refused waits for a person", () => {
  const m = machine();
  m.send("mount");
  m.send("closed", { code: 1006 });
  assert.deepEqual(m.send("denied", { reason: "It asks for a token." }), ["drop"]);
  assert.deepEqual(m.view(), { status: "error", text: "✗ Error", note: "It asks for a token.", reconnect: true });
  assert.deepEqual(m.after(3600_000, "tick"), []);
  assert.deepEqual(m.send("reconnect"), ["open"]);
  m.send("closed", { code: 1006 });
  assert.equal(m.view().status, "disconnected");
});

test("a refusal that comes late means nothing", () => {
  const m = connected();
  assert.deepEqual(m.send("denied", { reason: "No." }), []);
  assert.equal(m.view().status, "connected");
});
