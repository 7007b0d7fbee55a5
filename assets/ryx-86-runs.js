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
  const NO_VIEW = " "; // the same of the named views: no name is a space
  const KEPT = ["span", "part"]; // what has no control, and stays when another one is changed
  const SAVING = 150; // ms between two files that are saved
  const PARAMETERS = ["q", "status", "model", "intent", "tool", "since", "until", "took"];

  let page = null;
  let attempt = 0; // of all connections, so that each has an address of its own
  let failures = 0; // since the last connection that held
  let retry = null;
  let shown = null; // the address that the list is of

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
    const drawn = () => [mark(picked()), tick()];
    new MutationObserver(drawn).observe(document.getElementById("runs-table"), {
      childList: true, subtree: true, attributeFilter: ["data-run"],
    });
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

  /** Another list is read from its beginning. The analytics have the same controls, and no list. */
  function toTop(address) {
    const before = shown;
    shown = address || "";
    const list = document.querySelector(".list-main");
    if (before === null || before === shown || list === null) return;
    list.querySelector(".panel-body").scrollTop = 0;
    if (list.getBoundingClientRect().top < 0) list.scrollIntoView();
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
      const kept = Object.entries(JSON.parse(store.read("local", "views")) || {});
      return kept.filter(([, address]) => typeof address === "string");
    } catch {
      return [];
    }
  }

  const search = () => addressOf(valuesOf(root.location.search), root.location.search); // without the page of the list

  function listViews() {
    const saved = views();
    const here = saved.find(([, address]) => address === search());
    const options = [{ label: "all runs", value: NO_VIEW }, ...saved.map(([name]) => ({ label: name, value: name }))];
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

  /** Escape leaves the name; nothing is kept. */
  function leaveName(event) {
    if (event.key !== "Escape" || event.target.id !== "runs-view-name") return;
    page.put("runs-view-form", { hidden: true });
    page.put("runs-view-name", { value: "" });
    document.getElementById("runs-view-save").focus();
  }

  function askForName() {
    page.put("runs-view-form", { hidden: false });
    focus("runs-view-name");
  }

  function showView(name) {
    const found = name === NO_VIEW ? [name, ""] : views().find(([other]) => other === name);
    if (found && found[1] !== search()) page.put("runs-location", { search: found[1] });
  }

  // -- picked runs --------------------------------------------------------------------------------

  const picked = () => page.get("runs-picked", "data") || [];

  const shownRuns = () => [...document.querySelectorAll("#runs-table .pick[data-run]")].map((each) => each.dataset.run);

  /** What is picked after the box of a run was clicked: `run` is in it or no longer. */
  function toggled(runs, run) {
    return runs.includes(run) ? runs.filter((other) => other !== run) : [...runs, run];
  }

  /** The same for the box over all runs of a page: all of them, or none if all were. */
  function toggledAll(runs, page) {
    const others = runs.filter((run) => !page.includes(run));
    return page.every((run) => runs.includes(run)) ? others : [...others, ...page];
  }

  /** "3 picked, 2 of them not on this page": nothing is done to a run that nobody thinks of. */
  function counted(runs, page) {
    const away = runs.filter((run) => !page.includes(run)).length;
    const where = away === 0 ? "" : away === runs.length ? ", not on this page" : `, ${away} of them not on this page`;
    return `${runs.length} picked${where}`;
  }

  function pick(button) {
    const runs = button.dataset.run ? toggled(picked(), button.dataset.run) : toggledAll(picked(), shownRuns());
    page.put("runs-picked", { data: runs });
  }

  /** Mark what is picked in the table as it is now, and count it. */
  function mark(runs) {
    const all = shownRuns();
    const here = all.filter((run) => runs.includes(run)).length;
    for (const box of document.querySelectorAll("#runs-table .pick")) {
      const some = box.dataset.run ? runs.includes(box.dataset.run) : here > 0 && (here === all.length || "mixed");
      box.setAttribute("aria-checked", String(some));
    }
    page.put("runs-count", { children: counted(runs, all) });
  }

  function showPicked(runs) {
    mark(runs);
    const pair = runs.length === 2;
    page.put("runs-actions", { hidden: runs.length === 0 });
    page.put("runs-confirm", { hidden: true });
    page.put("runs-compare", {
      href: pair ? `/compare?${new URLSearchParams({ a: runs[0], b: runs[1] })}` : "",
      "aria-disabled": String(!pair),
    });
  }

  /** Deleting asks first, and what a key does next deletes nothing. */
  function askToDelete() {
    const count = picked().length;
    page.put("runs-confirm-text", { children: `Delete ${count === 1 ? "this run" : `these ${count} runs`} for good?` });
    page.put("runs-confirm", { hidden: false });
    focus("runs-confirm-no");
  }

  function keep() {
    page.put("runs-confirm", { hidden: true });
    focus("runs-delete");
  }

  /** When Dash has shown it. */
  function focus(id) {
    root.setTimeout(() => document.getElementById(id).focus(), 50);
  }

  /** One file a run, one after the other: a browser drops all but the first ten of a second. It
   *  asks once whether several may be saved. */
  function exportAs(button) {
    const runs = picked();
    const format = button.dataset.export;
    runs.forEach((run, place) => root.setTimeout(() => save(run, format, place + 1, runs.length), place * SAVING));
  }

  function save(run, format, number, count) {
    const link = document.createElement("a");
    link.href = `/api/runs/${encodeURIComponent(run)}/export?format=${format}`;
    link.download = "";
    link.click();
    if (count > 1) page.put("runs-notice", { children: number < count ? `Saving file ${number} of ${count}.` : `Saved ${count} files.` });
  }

  // -- all of it ----------------------------------------------------------------------------------

  const CLICKS = [
    ["#runs-table .pick", pick],
    ["#runs-export [data-export]", exportAs],
    ["#runs-delete", askToDelete],
    ["#runs-confirm-no", keep],
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
          toTop(address);
          const wanted = valuesOf(address);
          return [nothing(), ...wanted.map((value, place) => (value === values[place] ? nothing() : value))];
        }
        const [asked, shown] = [values, valuesOf(address)].map((each) => addressOf(each, address));
        if (asked === shown) return [nothing(), ...values.map(nothing)];
        toTop(asked);
        return [asked, ...values.map(nothing)];
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
    document.addEventListener("keydown", leaveName);
    root.addEventListener("storage", () => attempt > 0 && listViews()); // kept or forgotten in another tab
    root.setInterval(tick, 1000);
  }

  RyxDash.runs = Object.freeze({ start, callbacks, addressOf, valuesOf, labelOf, toggled, toggledAll, counted });
})(globalThis);
