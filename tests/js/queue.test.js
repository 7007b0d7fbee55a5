const assert = require("node:assert/strict");
const test = require("node:test");
const { RyxDash } = require("./load.js");

const queue = RyxDash.queue;
const T = 1_000_000;
const execute = (id, input = `query ${id}`, model = null) => ({ type: "execute", command_id: id, input, model });
const cancel = (id, run) => ({ type: "cancel", command_id: id, run_id: run });
const ids = (commands) => commands.map((command) => command.command_id);

function filled(...commands) {
  return commands.reduce((q, command) => queue.add(q, command, T).queue, queue.empty());
}

test("commands go out in the order in which they came", () => {
  const q = filled(execute("a"), cancel("b", "r"), execute("c"));
  assert.deepEqual(ids(queue.due(q, 1, T)), ["a", "b", "c"]);
});

test("what is under way is sent again after three seconds, or at once on another connection", () => {
  const q = queue.sent(filled(execute("a")), [execute("a")], 1, T);
  assert.deepEqual(queue.due(q, 1, T + queue.RESEND_MS - 1), []);
  assert.deepEqual(ids(queue.due(q, 1, T + queue.RESEND_MS)), ["a"]);
  assert.deepEqual(ids(queue.due(q, 2, T + 1)), ["a"]);
  assert.deepEqual(ids(queue.due(q, 1, T - 60_000)), ["a"], "the clock was set back");
});

test("an acknowledged command leaves, once; unknown acknowledgements change nothing", () => {
  const q = filled(execute("a"), execute("b"));
  const first = queue.acknowledge(q, [{ command_id: "a", run_id: "r1" }, { command_id: "zzz", run_id: "r9" }]);
  assert.deepEqual(first.done, [{ command: execute("a"), ack: { command_id: "a", run_id: "r1" } }]);
  const again = queue.acknowledge(first.queue, [{ command_id: "a", run_id: "r1" }]);
  assert.deepEqual(again.done, []);
  assert.equal(again.queue, first.queue);
  assert.deepEqual(ids(queue.due(again.queue, 1, T)), ["b"]);
});

test("a double click is one command", () => {
  const q = filled(execute("a", "hello"));
  for (const [other, added] of [
    [execute("b", "hello"), false],
    [execute("c", "hello", "some-model"), true],
    [execute("d", "hello!"), true],
  ]) {
    assert.equal(queue.add(q, other, T + 200).added, added, other.command_id);
  }
});

test("the second click of a double click comes after the answer to the first", () => {
  const { queue: q } = queue.acknowledge(filled(execute("a", "hello")), [{ command_id: "a", run_id: "r" }]);
  assert.equal(queue.add(q, execute("b", "hello"), T + queue.DOUBLE_CLICK_MS - 1).added, false);
  assert.equal(queue.add(q, execute("b", "hello"), T + queue.DOUBLE_CLICK_MS).added, true);
  assert.equal(queue.add(q, execute("b", "other"), T + 1).added, true);
});

test("what cannot be taken is refused with a sentence", () => {
  const full = filled(...Array.from({ length: queue.MOST_COMMANDS }, (_, i) => execute(`c${i}`)));
  const cases = [
    [queue.empty(), execute("a", ""), /^Type a query first\.$/],
    [queue.empty(), execute("a", " \n\t "), /^Type a query first\.$/],
    [queue.empty(), execute("a", "x".repeat(70_000)), /^The query is 69 KiB long; at most 64 KiB can be sent\. Shorten it\.$/],
    [queue.empty(), execute("a", "漢".repeat(31_000)), /^The query is 91 KiB long/],
    [full, execute("one too many"), /^20 commands are waiting already\./],
  ];
  for (const [q, command, sentence] of cases) {
    const out = queue.add(q, command, T);
    assert.match(out.refused, sentence);
    assert.equal(out.added, false);
    assert.equal(out.queue, q);
  }
});

test("an envelope never passes 64 KiB, and one command always fits", () => {
  const big = Array.from({ length: 4 }, (_, i) => execute(`c${i}`, `${i}${"x".repeat(40_000)}`));
  const q = filled(...big);
  assert.deepEqual(ids(queue.due(q, 1, T)), ["c0"]);
  const small = filled(...Array.from({ length: 20 }, (_, i) => execute(`s${i}`, `${i}${"x".repeat(5000)}`)));
  const sent = queue.due(small, 1, T);
  assert.ok(sent.length > 1 && Buffer.byteLength(JSON.stringify({ c: "x".repeat(60), m: sent })) < 64 * 1024);
  const largest = execute("l", "x".repeat(queue.MOST_BYTES - 512 - JSON.stringify(execute("l", "")).length));
  const taken = queue.add(queue.empty(), largest, T);
  assert.equal(taken.refused, null);
  assert.deepEqual(queue.due(taken.queue, 1, T), [largest]);
});

test("only what is not under way counts as waiting", () => {
  const q = queue.sent(filled(execute("a"), execute("b")), [execute("a")], 1, T);
  assert.equal(queue.waiting(q, 1, T + 10), 1);
  assert.equal(queue.waiting(q, 1, T + queue.RESEND_MS), 2);
  assert.equal(queue.waiting(q, null, T + 10), 2, "offline, everything waits");
});

test("after an hour a command is given up", () => {
  const q = queue.add(filled(execute("a")), execute("b"), T + 1000).queue;
  assert.deepEqual(queue.expire(q, T + queue.OLDEST_MS).expired, []);
  const out = queue.expire(q, T + queue.OLDEST_MS + 1);
  assert.deepEqual(ids(out.expired), ["a"]);
  assert.deepEqual(ids(queue.due(out.queue, 1, T)), ["b"]);
});

test("a queue survives a reload, its commands to be sent again", () => {
  const q = queue.sent(filled(execute("a"), cancel("b", "r")), [execute("a")], 1, T);
  const back = queue.load(queue.save(q));
  assert.deepEqual(queue.due(back, 1, T + 1), queue.due(q, 2, T + 1));
  assert.deepEqual(queue.expire(back, T + queue.OLDEST_MS + 1).expired.length, 2, "its age is kept");
});

test("whatever else is in the storage is left out", () => {
  const good = { command: execute("ok"), added: T };
  const bad = [null, 7, "x", {}, { command: null, added: T }, { command: execute("a"), added: "now" },
    { command: { type: "rm", command_id: "a", input: "x" }, added: T }, { command: execute(""), added: T },
    { command: { type: "execute", command_id: "a", input: 7 }, added: T }, { command: { type: "cancel", command_id: "a" }, added: T },
    { command: execute("big", "x".repeat(70_000)), added: T }];
  assert.deepEqual(ids(queue.due(queue.load(JSON.stringify([...bad, good])), 1, T)), ["ok"]);
  for (const text of [null, "", "{", "7", "{}", "null"]) assert.deepEqual(queue.load(text), queue.empty(), text);
  const many = JSON.stringify(Array.from({ length: 50 }, (_, i) => ({ command: execute(`c${i}`), added: T })));
  assert.equal(queue.load(many).items.length, queue.MOST_COMMANDS);
});
