// The glue in a browser that is only pretended: every script, in order, with stubs around it.
const assert = require("node:assert/strict");
const { readdirSync, readFileSync } = require("node:fs");
const path = require("node:path");
const test = require("node:test");
const vm = require("node:vm");
const { assets } = require("./load.js");

const COMPONENTS = ["ws", "zone", "selected", "pause", "follow", "event-table", "connection-status", "connection-note",
  "reconnect-button", "queue-count", "command-error", "link-page", "link-backend", "follow-toggle", "pause-button",
  "graph-layout", "model-select", "query-input", "shown", "travel-play", "travel-live", "travel-link", "ahead-asked"];

/** A browser with these components on its page; the rest of the page does not exist. */
function browser({ components = COMPONENTS, path: pathname = "/", storage = {} } = {}) {
  const b = { layout: {}, listeners: {}, intervals: [], pushed: [], fetched: [], now: 0 };
  for (const id of components) b.layout[id] = { props: { id } };
  const listen = (type, act) => (b.listeners[type] ||= []).push(act);
  const area = (kept) => ({
    getItem: (key) => kept[key] ?? null,
    setItem: (key, value) => (kept[key] = value),
    removeItem: (key) => delete kept[key],
  });
  const set_props = (id, props) => {
    if (!(id in b.layout)) throw new TypeError("Cannot read properties of undefined (reading 'length')");
    Object.assign(b.layout[id].props, props);
  };
  const sandbox = {
    console, URLSearchParams, TextEncoder, CustomEvent, Intl, crypto: globalThis.crypto,
    performance: { now: () => b.now },
    location: { pathname },
    history: { pushState: (_, __, url) => b.pushed.push(url) },
    navigator: {},
    sessionStorage: area(storage),
    localStorage: area({}),
    document: {
      visibilityState: "visible", hidden: false, addEventListener: listen,
      documentElement: { toggleAttribute: (name, value) => (b.root = { ...b.root, [name]: value }) },
      getElementById: () => null, querySelectorAll: () => [],
    },
    addEventListener: listen,
    dispatchEvent: () => true,
    setInterval: (act) => b.intervals.push(act),
    clearInterval: () => {},
    clearTimeout: () => {},
    setTimeout: () => 0,
    fetch: async (url) => {
      b.fetched.push(url);
      return b.answer;
    },
    requestAnimationFrame: (act) => act(),
    queueMicrotask: (act) => act(),
    matchMedia: () => ({ matches: false }),
    WebSocket: class {
      addEventListener(_, act) {
        b.heard = act;
      }
    },
    MutationObserver: class {
      observe() {}
    },
    dash_clientside: { no_update: "no_update", set_props },
    dash_component_api: {
      getLayout(id) {
        if (!(id in b.layout)) throw new TypeError("Cannot read properties of undefined (reading 'length')");
        return b.layout[id];
      },
    },
  };
  const context = vm.createContext(sandbox);
  for (const name of readdirSync(assets).filter((file) => /^ryx-.*\.js$/.test(file)).sort()) {
    vm.runInContext(readFileSync(path.join(assets, name), "utf8"), context, { filename: name });
  }
  b.RyxDash = sandbox.RyxDash;
  sandbox.React = { createElement: (type, props) => ({ type, props }) };
  sandbox.dash_core_components = { Store: class {} };
  b.listeners.DOMContentLoaded.forEach((act) => act());
  b.told = (id) => {
    const store = sandbox.dash_core_components.Store({ id, setProps: () => assert.fail("Dash is told") });
    store.props.setProps({ modified_timestamp: 1 });
  };
  b.open = () => new sandbox.WebSocket("ws://here"); // as Dash's component does
  b.open();
  b.document = sandbox.document;
  b.storage = storage;
  b.props = (id) => b.layout[id].props;
  b.sent = () => (b.props("ws").send ? JSON.parse(b.props("ws").send).m : []);
  b.call = (name, ...args) => sandbox.dash_clientside.ryx[name](...args);
  b.trigger = (id, name, ...args) => {
    sandbox.dash_clientside.callback_context = { triggered_id: id };
    return b.call(name, ...args);
  };
  b.shown = (shown, stores = {}) => {
    for (const [id, data] of Object.entries({ shown, ...stores })) b.props(id).data = data;
    b.told("shown");
  };
  b.event = (type, event = {}) => (b.listeners[type] || []).forEach((act) => act(event));
  b.message = (frame) => b.heard({ data: JSON.stringify({ log: "L", acks: [], beat: 15, ...frame }), timeStamp: (b.now += 1) });
  return b;
}

function live(options) {
  const b = browser(options);
  b.call("state", undefined);
  b.message({ n: 1, hello: true, run: null });
  return b;
}

const plain = (value) => JSON.parse(JSON.stringify(value)); // arrays of another realm differ

test("a page opens its socket when it is put up, and says how it stands", () => {
  const b = browser();
  b.call("state", undefined);
  assert.match(b.props("ws").url, /^\/api\/workflow\/stream\?attempt=1&run=&/);
  assert.equal(b.props("connection-status").children, "● Connecting...");
  assert.ok(b.props("zone").data.length > 0);
  b.message({ n: 1, hello: true, run: null });
  assert.deepEqual(plain(b.props("connection-status")), { id: "connection-status", children: "● Connected", "data-status": "connected" });
  assert.equal(b.props("reconnect-button").hidden, true);
});

test("a page that stands still is left alone", () => {
  const b = live();
  let asked = 0;
  const found = b.layout["connection-status"];
  Object.defineProperty(b.layout, "connection-status", { get: () => ((asked += 1), found) });
  for (let n = 0; n < 8; n++) b.intervals.forEach((tick) => tick());
  assert.equal(asked, 0);
  b.call("state", { readyState: 3, code: 1012, reason: "" });
  assert.ok(asked > 0);
  assert.equal(found.props["data-status"], "disconnected");
});

test("a query goes out, waits for its answer in the storage, and is remembered as a run", () => {
  const b = live();
  b.trigger("execute-button", "execute", 1, 0, "hello", "");
  const [command] = b.sent();
  assert.deepEqual({ ...command, command_id: "" }, { type: "execute", command_id: "", input: "hello", model: null });
  assert.ok(b.storage["ryx.queue"].includes(command.command_id));
  b.message({ n: 2, run: "r1", acks: [{ command_id: command.command_id, run_id: "r1" }] });
  assert.deepEqual(b.storage, { "ryx.run": "r1" });
});

test("a chosen model goes along; Auto is none", () => {
  for (const [model, sent] of [["m:7b", "m:7b"], ["", null], [null, null], ["auto", null]]) {
    const b = live();
    b.trigger("query-input", "execute", 0, 1, "hello", model);
    assert.equal(b.sent()[0].model, sent);
  }
});

test("the Enter that ends a composition is not the one that runs the query", () => {
  const b = live();
  b.event("compositionstart");
  b.trigger("query-input", "execute", 0, 1, "かな", "");
  b.event("compositionend");
  b.now += 50;
  b.trigger("query-input", "execute", 0, 2, "かな", "");
  assert.deepEqual(b.sent(), []);
  b.now += 200;
  b.trigger("query-input", "execute", 0, 3, "かな", "");
  assert.equal(b.sent()[0].input, "かな");
});

test("callbacks of a page that has just come up do nothing", () => {
  const b = live();
  assert.equal(b.trigger("execute-button", "execute", 0, 0, "hello", ""), undefined);
  for (const name of ["cancel", "reconnect", "turn", "fit", "fold"]) assert.equal(b.call(name, undefined), undefined);
  for (const name of ["pause", "follow", "clear", "tap"]) assert.equal(b.call(name, undefined, null, null), "no_update");
  assert.deepEqual(plain(b.call("reset", 0)), Array(3).fill("no_update"));
  b.shown(undefined);
  b.call("monitor", { on: true }, null, undefined);
  b.call("graph", null);
  b.call("ring", undefined);
  assert.deepEqual(b.sent(), []);
});

test("cancel means the run that is on the page", () => {
  const b = live();
  b.shown({ n: 1, run: "r1", seq: 3, head: 3, log: "L" });
  b.call("cancel", 1);
  assert.equal(b.sent()[0].run_id, "r1");
});

test("a lost connection shows its sentence at once and drops the address", () => {
  const b = live();
  b.call("state", { readyState: 3, code: 1012, reason: "", timeStamp: (b.now += 1) });
  assert.equal(b.props("ws").url, null);
  assert.match(b.props("connection-note").children, /^The server is restarting\. Trying again in 1 s/);
});

test("a socket that was given up is not heard while it closes", () => {
  const hello = (b, hear) => {
    b.now = 1000;
    b.call("state", undefined);
    hear(b);
    return b.props("connection-status")["data-status"];
  };
  const text = JSON.stringify({ n: 1, hello: true, run: null, log: "L", acks: [], beat: 15 });
  const event = { data: text, timeStamp: 2000 };
  assert.equal(hello(browser(), (b) => b.heard(event)), "connected");
  const overtaken = (b) => {
    const older = b.heard;
    b.open();
    older(event);
  };
  assert.equal(hello(browser(), overtaken), "connecting");
});

test("events of an older socket are inert", () => {
  const b = browser();
  b.now = 1000;
  b.call("state", undefined);
  const old = { timeStamp: 999 };
  b.heard({ ...old, data: JSON.stringify({ n: 1, hello: true, acks: [] }) });
  b.call("state", { ...old, readyState: 3, code: 1006 });
  assert.equal(b.props("connection-status")["data-status"], "connecting");
  assert.notEqual(b.props("ws").url, null);
});

test("pause, follow and clear are written as the server callback reads them", () => {
  const b = live();
  const shown = { run: "r1", seq: 7, head: 9 };
  assert.deepEqual(plain(b.call("pause", 1, null, shown)), { run: "r1", seq: 7 });
  assert.equal(b.call("pause", 2, { run: "r1", seq: 7 }, shown), null);
  assert.deepEqual(plain(b.call("follow", 1, { on: true }, shown)), { on: false, seq: 7 });
  b.props("event-table").sort_by = [{ column_id: "latency", direction: "desc" }];
  assert.deepEqual(plain(b.call("follow", 2, { on: false, seq: 7 }, shown)), { on: true });
  assert.deepEqual(plain(b.props("event-table").sort_by), [], "the newest event has no place in another order");
  assert.deepEqual(plain(b.call("clear", 1, shown)), { run: "r1", seq: 7 });
  assert.equal(b.call("clear", 1, { run: null, seq: 0 }), "no_update");
});

test("buttons say what they are", () => {
  const b = live();
  const shown = { n: 1, run: "r1", seq: 7, head: 1241, new: 1234, log: "L" };
  b.call("monitor", { on: false, seq: 7 }, { run: "r1", seq: 7 }, shown);
  assert.deepEqual(plain(b.props("follow-toggle")), { id: "follow-toggle", children: "⇣ 1,234 new", "aria-pressed": "false" });
  assert.deepEqual(plain(b.props("pause-button")), { id: "pause-button", children: "▶ resume", "aria-pressed": "true" });
  b.call("monitor", { on: true }, null, shown);
  assert.deepEqual(plain(b.props("follow-toggle")), { id: "follow-toggle", children: "⇣ follow", "aria-pressed": "true" });
  assert.equal(b.props("pause-button").children, "‖ pause");
});

test("another run starts clean", () => {
  const b = live();
  const left = { pause: { run: "r1", seq: 1 }, follow: { on: false, seq: 1 }, selected: { node: "rag" } };
  const show = (n, run) => b.shown({ n, run, seq: 1, head: 1, log: "L" }, left);
  show(1, "r1");
  assert.equal(b.props("follow").data.on, false);
  show(2, "r2");
  assert.deepEqual(plain([b.props("pause").data, b.props("follow").data, b.props("selected").data]), [null, { on: true }, { node: null }]);
});

test("tapping a node selects it, tapping it again does not", () => {
  const b = live();
  assert.deepEqual(plain(b.call("tap", { id: "rag" }, null)), { node: "rag" });
  assert.deepEqual(plain(b.call("tap", { id: "rag" }, { node: "rag" })), { node: null });
  assert.deepEqual(plain(b.call("tap", { id: "llm" }, { node: "rag" })), { node: "llm" });
});

test("a refusal can be read and dismissed", () => {
  const b = live();
  b.trigger("execute-button", "execute", 1, 0, "  ", "");
  assert.equal(b.props("command-error").hidden, false);
  assert.equal(b.props("command-error").children[0], "Type a query first.");
  b.event("click", { target: { closest: (selector) => (selector.includes("dismiss") ? {} : null) } });
  assert.equal(b.props("command-error").hidden, true);
});

test("a page without any of the elements works, and so does one that is left", () => {
  const b = browser({ components: [] });
  b.call("state", undefined);
  b.intervals.forEach((tick) => tick());
  for (const type of ["online", "offline", "focus", "pageshow", "popstate", "visibilitychange", "scroll", "wheel", "pointerup"]) {
    b.event(type, { target: {} });
  }
  b.event("keydown", { key: "Escape", target: {} });
  const left = live();
  delete left.layout.ws;
  left.intervals.forEach((tick) => tick());
  left.event("focus");
  left.layout.ws = { props: {} };
  left.intervals.forEach((tick) => tick());
  assert.equal(left.props("ws").url, undefined, "nobody asked for it yet");
  left.call("state", undefined);
  assert.match(left.props("ws").url, /attempt=2/);
});

test("numbers as the page writes them", () => {
  const { panels, splitters } = browser().RyxDash;
  const at = "2026-01-01T00:00:00.000000Z";
  const after = (seconds) => panels.elapsed(at, Date.parse(at) + seconds * 1000);
  assert.deepEqual([0, -3, 12.34, 59.94, 59.96, 123, 3725].map(after), ["0.0 s", "0.0 s", "12.3 s", "59.9 s", "1 min 0 s", "2 min 3 s", "1 h 2 min"]);
  assert.equal(panels.elapsed("soon", 0), "");
  const rect = { left: 100, top: 50, width: 1000, height: 200 };
  assert.equal(splitters.share("x", { x: 400, y: 0 }, rect), 30);
  assert.equal(splitters.share("y", { x: 0, y: 150 }, rect), 50);
  assert.deepEqual([splitters.share("x", { x: -9 }, rect), splitters.share("x", { x: 9999 }, rect)], [15, 85]);
});

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("a page that the server refuses says why, and tries no more", async () => {
  const b = browser();
  b.call("state", undefined);
  b.answer = { status: 401, json: async () => ({ error: { message: "This dashboard asks for a token." } }) };
  b.call("state", { readyState: 3, code: 1006, reason: "" });
  await settled();
  assert.deepEqual(b.fetched, ["/api/runs?limit=1"]);
  assert.equal(b.props("connection-status")["data-status"], "error");
  assert.equal(b.props("connection-note").children, "This dashboard asks for a token.");
  assert.equal(b.props("reconnect-button").hidden, false);
  b.call("reconnect", 1);
  assert.equal(b.props("connection-status")["data-status"], "connecting");
});

test("a server that is away, or has an error, is tried again", async () => {
  for (const answer of [undefined, { status: 200 }, { status: 502 }]) {
    const b = browser();
    b.call("state", undefined);
    b.answer = answer;
    b.call("state", { readyState: 3, code: 1006, reason: "" });
    await settled();
    assert.equal(b.props("connection-status")["data-status"], "disconnected");
  }
});

test("a connection that was lost, or closed with a reason, is no refusal", async () => {
  for (const code of [1006, 1012]) {
    const b = live();
    b.call("state", { readyState: 3, code, reason: "" });
    await settled();
    assert.deepEqual(b.fetched, []);
  }
});

test("the page is marked while its connection is away", () => {
  const b = browser();
  b.call("state", undefined);
  assert.equal(b.root["data-stale"], true);
  b.message({ n: 1, hello: true, run: null });
  assert.equal(b.root["data-stale"], false);
});

/** A badge as the server draws it, of as much of an element as is needed. */
function badge(status, icon, word) {
  const spans = [
    { is: ".status-icon", textContent: icon },
    { is: ".status-word, .sr-only", textContent: word },
  ];
  return { dataset: { status }, spans, querySelectorAll: (selector) => spans.filter((span) => span.is === selector) };
}

test("what was running is unknown while nobody knows, and as it was afterwards", () => {
  const b = browser();
  const badges = [badge("running", "◐", "running"), badge("queued", "○", "queued"), badge("running", "◐", "running")];
  const matching = {
    '.status[data-status="running"], .status[data-status="queued"]': ({ status }) => ["running", "queued"].includes(status),
    ".status[data-was]": ({ was }) => was !== undefined,
  };
  const waiting = [{ textContent: "Waiting for the model to begin." }, { textContent: "The run has started." }];
  b.document.querySelectorAll = (selector) =>
    selector === ".waiting" ? waiting : badges.filter((one) => matching[selector](one.dataset));
  b.RyxDash.stale.setOnline(false);
  b.RyxDash.stale.setOnline(false);
  for (const one of waiting) assert.match(one.textContent, /not known while the connection is away/);
  waiting[1].textContent = "Context: Indexed 2 of 2 files"; // drawn again meanwhile
  for (const one of badges) {
    assert.equal(one.dataset.status, "unknown");
    assert.deepEqual(one.spans.map((span) => span.textContent), ["?", "unknown"]);
  }
  const [, , redrawn] = badges; // by a callback over HTTP, which needs no socket
  redrawn.dataset.status = "success";
  redrawn.spans[0].textContent = "✓";
  redrawn.spans[1].textContent = "success";
  b.RyxDash.stale.setOnline(true);
  assert.deepEqual(badges.map((one) => one.dataset.status), ["running", "queued", "success"]);
  assert.deepEqual(badges.map((one) => one.spans.map((span) => span.textContent).join(" ")), ["◐ running", "○ queued", "✓ success"]);
  const sentences = ["Waiting for the model to begin.", "Context: Indexed 2 of 2 files"];
  assert.deepEqual(waiting.map((one) => one.textContent), sentences);
});

test("the badge's detail is drawn while it is open, and closes like a menu", () => {
  const b = live();
  const detail = { open: false, contains: () => false, querySelector: () => ({ focus: () => (b.focused = true) }) };
  b.document.getElementById = (id) => (id === "links" ? detail : null);
  b.message({ n: 2, run: null, link: { address: "ws://b", state: "connected", heard: 1 } });
  assert.equal(b.props("link-backend")["data-state"], "connected");
  assert.equal(b.props("link-backend").children, undefined);
  detail.open = true;
  b.message({ n: 3, run: null, link: { address: "ws://b", state: "connected", heard: 1 } });
  assert.match(b.props("link-backend").children, /^ws:\/\/b: connected\./);
  assert.match(b.props("link-page").children, /^Connected\./);
  b.event("keydown", { key: "Escape", target: b.document.documentElement, preventDefault: () => {} });
  assert.equal(detail.open, false);
  assert.equal(b.focused, true);
  detail.open = true;
  b.event("pointerdown", { target: b.document.documentElement });
  assert.equal(detail.open, false);
});
