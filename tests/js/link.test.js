const assert = require("node:assert/strict");
const test = require("node:test");
const { RyxDash } = require("./load.js");

const { link } = RyxDash;
const T = 1_000_000;
const ADDRESS = "ws://localhost:8000/api/workflow/stream";
const CONNECTED = { status: "connected", note: "" };
const connection = { heard: T - 3000, retries: 0 };

const said = (fields, shown = CONNECTED, now = T) =>
  link.view(connection, shown, link.parse(fields && { address: ADDRESS, ...fields }, T), now);

test("without a link the engine is embedded", () => {
  assert.deepEqual(said(null), {
    page: "Connected. Last heard 3 s ago.",
    backend: "The embedded engine, in the dashboard itself.",
    state: "embedded",
    note: "",
  });
});

test("the dashboard's own address stands before how it is reached", () => {
  const view = link.view(connection, CONNECTED, null, T, "127.0.0.1:8050");
  assert.equal(view.page, "127.0.0.1:8050 · Connected. Last heard 3 s ago.");
});

test("a backend that is there", () => {
  const view = said({ state: "connected", attempt: 0, heard: 2, next: null }, CONNECTED, T + 5000);
  assert.equal(view.backend, `${ADDRESS}: connected. Last heard 7 s ago.`);
  assert.equal(view.state, "connected");
  assert.equal(view.note, "");
});

test("a backend that is away says why, which attempt it was, and when the next one is", () => {
  const away = { state: "disconnected", attempt: 3, next: 4, heard: 90, reason: "connection refused" };
  const view = said(away, CONNECTED, T + 1000);
  const why = `The backend at ${ADDRESS} cannot be reached: connection refused. Trying again in 3 s.`;
  assert.equal(view.backend, `${why} Attempt 3. Last heard 1 min ago.`);
  assert.equal(view.note, why);
});

test("a backend that is being tried is no news", () => {
  const view = said({ state: "connecting", attempt: 4, heard: null });
  assert.equal(view.backend, `${ADDRESS}: connecting. Attempt 4.`);
  assert.equal(view.note, "");
});

test("nothing is known of it while the dashboard is away", () => {
  const shown = { status: "disconnected", note: "Trying again in 4 s." };
  const view = link.view({ heard: T - 8000, retries: 2 }, shown, link.parse({ address: ADDRESS, state: "connected" }, T), T);
  assert.equal(view.page, "Trying again in 4 s. Retry 2. Last heard 8 s ago.");
  assert.equal(view.backend, "Not known while the dashboard is away.");
  assert.equal(view.state, "unknown");
  assert.equal(view.note, "");
});

test("before anything was heard", () => {
  const view = link.view({ heard: 0, retries: 0 }, { status: "connecting", note: "" }, null, T);
  assert.equal(view.page, "Not connected.");
});

test("what is no link is none", () => {
  for (const odd of [undefined, null, 7, "x", {}, { address: 1 }]) assert.equal(link.parse(odd, T), null);
  const strange = { address: ADDRESS, state: "odd", attempt: "x", next: "soon", heard: {}, reason: 5 };
  assert.deepEqual(link.parse(strange, T), {
    address: ADDRESS,
    state: "disconnected",
    attempt: 0,
    next: null,
    heard: null,
    reason: "",
  });
});

test("long times are told in minutes and hours", () => {
  assert.deepEqual([0, 59_400, 60_000, 3_660_000, -5].map(link.span), ["0 s", "59 s", "1 min", "1 h 1 min", "0 s"]);
});
