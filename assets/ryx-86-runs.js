/* The list of runs: its connection, its address, picked runs and named views.
 *
 * The server draws the list; this keeps the socket open, the filters and the address alike, and
 * what a person picked until something is done with it.
 */
(function (root) {
  "use strict";
  const RyxDash = (root.RyxDash = root.RyxDash || {});
  const { backoff, store } = RyxDash;

  const OPEN = 1;
  const CLOSED = 3;
  const BADGES = {
    connecting: "● Connecting...",
    connected: "● Connected",
    disconnected: "○ Disconnected",
  };
  const ALL = "all"; // what a select says when a person goes back to everything
  const KEPT = ["span", "part"]; // what has no control, and stays when another one is changed
  const PARAMETERS = ["q", "status", "model", "intent", "tool", "since", "until", "took"];

  let page = null;
  let attempt = 0; // of all connections, so that each has an address of its own
  let failures = 0; // since the last connection that held
  let retry = null;

  // -- the connection ---------------------------------------------------------------------------

  function badge(status) {
    page.put("connection-status", { children: BADGES[status], "data-status": status });
  }

  function connect() {
    retry = null;
    attempt += 1;
    badge("connecting");
    page.put("runs-ws", { url: `/api/workflow/stream?run=*&attempt=${attempt}` });
  }

  /** A list is never given up: who comes back to it after a night finds it as it stands. */
  function onClosed() {
    if (retry !== null) return;
    failures += 1;
    badge("disconnected");
    page.put("runs-ws", { url: null });
    retry = root.setTimeout(connect, backoff.delay(failures));
  }

  function onState(value) {
    if (attempt === 0) mount();
    else if (value && value.readyState === CLOSED) onClosed();
    else if (value && value.readyState === OPEN) badge("connected");
  }

  function mount() {
    page.put("zone", { data: Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC" });
    listViews();
    RyxDash.importer.picker();
    connect();
  }

  // -- the address ------------------------------------------------------------------------------

  /** The address for the values of the controls, which stand in the order of PARAMETERS; from
   *  `before`, the address that was, what has no control. */
  function addressOf(values, before) {
    const query = new URLSearchParams();
    const others = new URLSearchParams(before || "");
    for (const name of KEPT) if (others.get(name)) query.set(name, others.get(name));
    PARAMETERS.forEach((name, place) => {
      if (values[place] && values[place] !== ALL) query.set(name, values[place]);
    });
    const text = query.toString();
    return text ? `?${text}` : "";
  }

  /** What each control shows for an address. */
  function valuesOf(search) {
    const query = new URLSearchParams(search || "");
    return PARAMETERS.map((name) => query.get(name) || "");
  }

  /** What a select calls a value that is none of its options: a link may bring any. */
  function labelOf(name, value) {
    if (name === "status") return value.split(",").join(", ");
    const [least, most] = value.split("-");
    if (name !== "took" || most === undefined) return value;
    if (least && most) return `${least}–${most} ms`;
    return least ? `from ${least} ms` : `up to ${most} ms`;
  }

  /** A control that filters says so, whatever it is asked for. */
  function offer(address) {
    valuesOf(address).forEach((value, place) => {
      const name = PARAMETERS[place];
      const options = page.get(`runs-${name}`, "options");
      if (!value || !Array.isArray(options) || options.some((option) => option.value === value)) return;
      page.put(`runs-${name}`, { options: [...options, { label: labelOf(name, value), value }] });
    });
  }

  // -- named views ------------------------------------------------------------------------------

  function views() {
    try {
      return Object.entries(JSON.parse(store.read("local", "views")) || {});
    } catch {
      return [];
    }
  }

  const search = () => addressOf(valuesOf(root.location.search), root.location.search); // without the page of the list

  function listViews() {
    const saved = views();
    const here = saved.find(([, address]) => address === search());
    const options = [{ label: "all runs", value: ALL }, ...saved.map(([name]) => ({ label: name, value: name }))];
    page.put("runs-view", { options, value: here ? here[0] : "" });
    page.put("runs-view-forget", { hidden: !here });
    page.put("runs-view-save", { hidden: Boolean(here) });
  }

  function keepViews(entries) {
    store.write("local", "views", JSON.stringify(Object.fromEntries(entries)));
    page.put("runs-view-form", { hidden: true });
    listViews();
  }

  function saveView(name) {
    if (name) keepViews([...views().filter(([other]) => other !== name), [name, search()]]);
    page.put("runs-view-name", { value: "" });
  }

  function askForName() {
    page.put("runs-view-form", { hidden: false });
    root.setTimeout(() => document.getElementById("runs-view-name").focus(), 50);
  }

  function showView(name) {
    const found = name === ALL ? [name, ""] : views().find(([other]) => other === name);
    if (found && found[1] !== search()) page.put("runs-location", { search: found[1] });
  }

  // -- picked runs --------------------------------------------------------------------------------

  const picked = () => page.get("runs-picked", "data") || [];

  function pick(button) {
    const run = button.dataset.run;
    const others = picked().filter((other) => other !== run);
    const all = others.length < picked().length ? others : [...others, run];
    page.put("runs-picked", { data: all });
  }

  function showPicked(runs) {
    for (const button of document.querySelectorAll("#runs-table .pick")) {
      button.setAttribute("aria-checked", String(runs.includes(button.dataset.run)));
    }
    const pair = runs.length === 2;
    page.put("runs-count", { children: `${runs.length} picked` });
    page.put("runs-actions", { hidden: runs.length === 0 });
    page.put("runs-confirm", { hidden: true });
    page.put("runs-compare", {
      href: pair ? `/compare?${new URLSearchParams({ a: runs[0], b: runs[1] })}` : "",
      "aria-disabled": String(!pair),
    });
  }

  /** One file a run; a browser asks once whether several may be saved. */
  function exportAs(button) {
    for (const run of picked()) {
      const link = document.createElement("a");
      link.href = `/api/runs/${encodeURIComponent(run)}/export?format=${button.dataset.export}`;
      link.download = "";
      link.click();
    }
  }

  // -- all of it ----------------------------------------------------------------------------------

  const CLICKS = [
    ["#runs-table .pick", pick],
    ["#runs-export [data-export]", exportAs],
    ["#runs-delete", () => page.put("runs-confirm", { hidden: false })],
    ["#runs-confirm-no", () => page.put("runs-confirm", { hidden: true })],
    ["#runs-unpick", () => page.put("runs-picked", { data: [] })],
    ["#runs-view-save", askForName],
    ["#runs-view-forget", () => keepViews(views().filter(([, address]) => address !== search()))],
  ];

  function onClick(event) {
    if (!event.target.closest) return;
    for (const [selector, act] of CLICKS) {
      const element = event.target.closest(selector);
      if (element) return void act(element);
    }
  }

  /** How long the running runs of the list have been running. */
  function tick() {
    for (const clock of document.querySelectorAll("#runs-table .ticking")) {
      const text = RyxDash.panels.elapsed(clock.dataset.started, Date.now());
      if (clock.textContent !== text) clock.textContent = text;
    }
  }

  /** The functions for Dash; `nothing` and `triggered` are its own. */
  function callbacks(nothing, triggered) {
    return {
      runsState: onState,
      runsMessage(value) {
        if (value) failures = 0;
      },
      runsAddress(address, ...values) {
        root.setTimeout(listViews, 0); // when the address has changed
        if (triggered() === undefined || triggered() === "runs-location") {
          const wanted = valuesOf(address);
          return [nothing(), ...wanted.map((value, place) => (value === values[place] ? nothing() : value))];
        }
        const [asked, shown] = [values, valuesOf(address)].map((each) => addressOf(each, address));
        return [asked === shown ? nothing() : asked, ...values.map(nothing)];
      },
      runsOffer: offer,
      runsPicked: (runs) => showPicked(runs || []),
      runsView: showView,
      runsViewName: (submits) => {
        if (submits) saveView((page.get("runs-view-name", "value") || "").trim());
      },
    };
  }

  function start(glue) {
    page = glue;
    document.addEventListener("click", onClick);
    root.setInterval(tick, 1000);
  }

  RyxDash.runs = Object.freeze({ start, callbacks, addressOf, valuesOf, labelOf });
})(globalThis);
