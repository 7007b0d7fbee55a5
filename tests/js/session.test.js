const assert = require("node:assert/strict");
const test = require("node:test");
const { RyxDash } = require("./load.js");

const { session } = RyxDash;
const T = 1_000_000;
const even = () => 0.5;
const execute = (id, input = "hello") => ({ type: "execute", command_id: id, input, model: null });
const cancel = (id, run) => ({ type: "cancel", command_id: id, run_id: run });

/** A page: its session, its address, and what it has sent and saved. */
function page(options = {}) {
  const p = { state: session.create({ nonce: "n", ...options }), now: T, urls: [], sent: [], saved: {}, path: options.path || "/" };
  const kinds = {
    url: ({ url }) => p.urls.push(url),
    send: ({ text }) => p.sent.push(JSON.parse(text)),
    save({ key, value }) {
      p.saved[key] = value;
    },
    navigate({ run }) {
      p.path = `/runs/${run}`;
    },
  };
  p.send = (type, fields = {}) => {
    const { state, effects } = session.step(p.state, { type, now: p.now, ...fields }, even);
    p.state = state;
    effects.forEach((effect) => kinds[effect.type](effect));
    return effects;
  };
  p.after = (ms, type = "tick", fields) => {
    p.now += ms;
    return p.send(type, fields);
  };
  p.frame = (n, fields = {}) => p.send("message", { text: JSON.stringify({ n, log: "L", run: null, head: 0, acks: [], beat: 15, ...fields }) });
  p.hello = (fields) => p.frame(1, { hello: true, ...fields });
  p.command = (command) => p.send("command", { command });
  p.shown = (n, run, seq) => p.send("shown", { shown: { n, run, seq, head: seq, log: "L" } });
  p.view = () => session.view(p.state, p.now);
  /** Messages sent since the last look, envelopes opened. */
  p.news = () => p.sent.splice(0).flatMap((envelope) => envelope.m);
  p.query = () => new URLSearchParams(p.urls.at(-1).split("?")[1]);
  return p;
}

function live(options, frame) {
  const p = page(options);
  p.send("mount", { path: p.path });
  p.hello(frame);
  p.news();
  return p;
}

test("the address names the connection, the run, what is drawn, and the log", () => {
  const p = live({ path: "/runs/r%201" });
  assert.deepEqual(Object.fromEntries(p.query()), { attempt: "1", run: "r 1", seen: "0", log: "" });
  p.shown(1, "r 1", 7);
  p.send("closed", { code: 1006 });
  assert.equal(p.urls.at(-1), null, "at once, so that a late send cannot wake the old socket");
  p.after(1000);
  assert.deepEqual(Object.fromEntries(p.query()), { attempt: "2", run: "r 1", seen: "7", log: "L" });
});

test("what is drawn of another run is no place to go on from", () => {
  const p = live({ path: "/runs/a" });
  p.shown(1, "b", 7);
  p.send("closed", {});
  p.after(1000);
  assert.equal(p.query().get("seen"), "0");
});

test("which run: the address, else the one started last in this tab, else the newest", () => {
  const cases = [
    ["/", {}, null],
    ["/", { run: "mine" }, "mine"],
    ["/runs/a", { run: "mine" }, "a"],
    ["/runs/a/", {}, "a"],
    ["/runs/%E6%BC%A2", {}, "漢"],
    ["/runs/%zz", {}, "%zz"],
    ["/runs/", { run: "mine" }, null],
    ["/analytics", { run: "mine" }, null],
  ];
  for (const [path, saved, run] of cases) assert.equal(session.wanted(session.create({ path, saved })), run, path);
});

test("a command that was given offline goes out with the connection, and leaves on its acknowledgement", () => {
  const p = page();
  p.send("mount", { path: "/" });
  p.command(execute("a"));
  assert.equal(p.view().queued, 1);
  assert.equal(p.sent.length, 0);
  p.hello();
  assert.deepEqual(p.news(), [execute("a")]);
  assert.equal(p.view().queued, 0, "under way");
  p.frame(2, { acks: [{ command_id: "a", run_id: "r1" }], run: "r1" });
  assert.equal(p.saved.queue, null);
  assert.equal(p.saved.run, "r1");
  p.after(4000);
  assert.ok(!p.news().some((message) => message.type === "execute"));
});

test("a command without an answer goes out again, alone or on the next connection", () => {
  const p = live();
  p.command(execute("a"));
  assert.deepEqual(p.news(), [execute("a")]);
  p.after(2999);
  assert.deepEqual(p.news(), []);
  p.after(1);
  assert.deepEqual(p.news(), [execute("a")]);
  p.send("closed", { code: 1006 });
  assert.equal(p.view().queued, 1);
  p.after(1000);
  p.hello();
  assert.deepEqual(p.news(), [execute("a")]);
});

test("no two envelopes are alike", () => {
  const p = live();
  p.send("wake");
  p.frame(2);
  p.send("wake");
  assert.deepEqual(p.sent.map((envelope) => envelope.m), [[{ type: "ping" }], [{ type: "ping" }]]);
  assert.notEqual(p.sent[0].c, p.sent[1].c);
});

test("a reload keeps the queue and the run", () => {
  const p = page();
  p.send("mount", { path: "/" });
  p.command(execute("a"));
  const again = page({ saved: { queue: p.saved.queue, run: "r0" } });
  again.send("mount", { path: "/" });
  assert.equal(again.view().queued, 1);
  assert.equal(again.query().get("run"), "r0");
  again.hello({ run: "r0" });
  assert.deepEqual(again.news(), [execute("a")]);
});

test("a run that is started on the live page is watched there", () => {
  const p = live({}, { run: "other" });
  p.command(execute("a"));
  p.news();
  p.frame(2, { run: "other", acks: [{ command_id: "a", run_id: "r1" }] });
  assert.deepEqual(p.news(), [{ type: "watch", run: "r1" }]);
  assert.equal(p.path, "/");
  p.after(1000);
  p.frame(3, { run: "r1" });
  p.after(3500);
  assert.ok(!p.news().some((message) => message.type === "watch"));
});

test("the gateway may have turned to the new run by itself, as the newest: it is told to stay", () => {
  const p = live();
  p.command(execute("a"));
  p.news();
  p.frame(2, { run: "r1", acks: [{ command_id: "a", run_id: "r1" }] });
  assert.deepEqual(p.news(), [{ type: "watch", run: "r1" }]);
  p.frame(3, { run: "r1" });
  p.shown(3, "r1", 0);
  p.after(3500);
  assert.deepEqual(p.news(), []);
});

test("a frame of a run that is not wanted is answered with the one that is", () => {
  const p = live({ path: "/runs/a" }, { run: "a" });
  p.frame(2, { run: "b" });
  assert.deepEqual(p.news(), [{ type: "watch", run: "a" }]);
  p.frame(3, { run: "a" });
  p.shown(3, "a", 0);
  p.after(3500);
  assert.deepEqual(p.news(), []);
});

test("a run that is started on another run's page changes the address", () => {
  const p = live({ path: "/runs/old" }, { run: "old" });
  p.command(execute("a"));
  p.news();
  p.frame(2, { run: "old", acks: [{ command_id: "a", run_id: "r1" }] });
  assert.equal(p.path, "/runs/r1");
  assert.deepEqual(p.news(), [{ type: "watch", run: "r1" }]);
  p.frame(3, { run: "r1" });
  p.send("navigate", { path: "/runs/old" });
  assert.deepEqual(p.news(), [{ type: "watch", run: "old" }], "the browser's Back");
});

test("a wish to watch is repeated until a frame fulfils it, or the connection is another", () => {
  const p = live();
  p.send("navigate", { path: "/runs/a" });
  p.after(1000);
  p.frame(2, { run: "b" });
  assert.equal(p.news().length, 1);
  p.after(2000);
  assert.deepEqual(p.news(), [{ type: "watch", run: "a" }]);
  p.send("closed", {});
  p.after(1000);
  assert.equal(p.query().get("run"), "a");
  p.hello({ run: "a" });
  p.shown(1, "a", 0);
  p.after(3000);
  assert.deepEqual(p.news(), [], "the address said it already");
  p.send("navigate", { path: "/runs/none" });
  p.frame(2, { run: "none", error: { code: "unknown_run", message: "There is no such run." } });
  p.shown(2, "none", 0);
  p.news();
  p.after(3000);
  assert.deepEqual(p.news(), [], "an error is an answer");
  p.send("navigate", { path: "/" });
  assert.deepEqual(p.news(), [{ type: "watch", run: null }]);
  p.frame(3, { run: "newest" });
  p.shown(3, "newest", 0);
  p.after(3000);
  assert.deepEqual(p.news(), []);
});

test("a remembered run that this log does not have is forgotten", () => {
  const p = page({ saved: { run: "gone" } });
  p.send("mount", { path: "/" });
  p.hello({ run: "gone", error: { code: "unknown_run", message: "" } });
  assert.equal(p.saved.run, null);
  assert.deepEqual(p.news(), [{ type: "watch", run: null }]);
  const there = live({ path: "/runs/gone", saved: { run: "gone" } }, { run: "gone", error: { code: "unknown_run" } });
  assert.equal(there.saved.run, undefined, "an address that names it keeps naming it");
});

test("a refused command is gone, and its reason is on the page until it is dismissed", () => {
  const p = live();
  p.command(cancel("c", "r1"));
  p.frame(2, { acks: [{ command_id: "c", error: { code: "run_ended", message: "The run has ended." } }] });
  assert.equal(p.view().refused, "The run has ended.");
  assert.equal(p.view().queued, 0);
  p.send("dismiss");
  assert.equal(p.view().refused, "");
  p.frame(3, { acks: [{ command_id: "c", error: { code: "run_ended", message: "The run has ended." } }] });
  assert.equal(p.view().refused, "", "a repeated acknowledgement says nothing new");
  p.command(execute("d", " "));
  assert.equal(p.view().refused, "Type a query first.");
  p.command(execute("e"));
  assert.equal(p.view().refused, "");
  p.frame(4, { acks: [{ command_id: "e", error: {} }] });
  assert.equal(p.view().refused, "The server refused the command.");
});

test("a command that waited for an hour is given up aloud", () => {
  const p = page();
  p.send("mount", { path: "/" });
  p.command(execute("a"));
  p.after(1000, "command", { command: execute("b", "other") });
  p.after(3599_500);
  assert.equal(p.view().refused, "A command waited for over an hour and will not be sent.");
  assert.equal(p.view().queued, 1);
  p.command(execute("c", "third"));
  p.after(3700_000);
  assert.match(p.view().refused, /^2 commands waited/);
  assert.equal(p.saved.queue, null);
});

test("a frame that is not shown is asked for again, until it is or the connection ends", () => {
  const p = live();
  const asked = (ms) => {
    for (let passed = 0; passed < ms; passed += 1000) p.after(1000);
    return p.news();
  };
  assert.deepEqual(asked(4000), [{ type: "again", n: 1 }]);
  p.frame(2);
  assert.deepEqual(asked(7000), []);
  assert.deepEqual(asked(1000), [{ type: "again", n: 2 }]);
  p.shown(2, null, 0);
  p.frame(3);
  p.send("closed", {});
  assert.deepEqual(asked(60_000), []);
});

test("frames of a socket that was given up are inert", () => {
  const p = live();
  p.command(execute("a"));
  p.send("closed", {});
  p.news();
  p.frame(2, { acks: [{ command_id: "a", run_id: "r1" }] });
  assert.equal(p.view().queued, 1);
  assert.equal(p.view().status, "disconnected");
  p.after(1000);
  p.frame(3);
  assert.equal(p.view().status, "connecting");
  p.hello();
  p.frame(1, { acks: [{ command_id: "a", run_id: "r1" }] });
  assert.equal(p.saved.run, undefined, "a number that was there before is an old frame");
});

test("what cannot be read changes nothing", () => {
  const p = live();
  const before = JSON.stringify(p.state);
  for (const text of ["", "{", "[]", '{"n": "x"}']) p.send("message", { text });
  for (const shown of [null, undefined, {}, { n: "x" }]) p.send("shown", { shown });
  p.send("nonsense");
  p.send("navigate", { path: "/" });
  assert.equal(JSON.stringify(p.state), before);
});

test("a page that comes back draws anew", () => {
  const p = live({ path: "/runs/a" });
  p.shown(1, "a", 9);
  p.send("unmount");
  p.send("mount", { path: "/runs/b" });
  assert.deepEqual(Object.fromEntries(p.query()), { attempt: "2", run: "b", seen: "0", log: "" });
  assert.deepEqual(p.urls.filter((url) => url === null), []);
});
