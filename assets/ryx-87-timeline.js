/* The timeline's tab: asks for a drawing when it is to be seen, twice a second at most. */
(function (root) {
  "use strict";
  const RyxDash = (root.RyxDash = root.RyxDash || {});

  let page = null;
  let open = false;
  let folded = false;
  let zoom = null; // the seconds that a person chose to see; plotly forgets them with each drawing
  let wanted = { run: null, seq: 0, selected: null };
  let asked = ""; // what was asked for last, as text

  const pace = RyxDash.pace.create({ every: 500, patience: 4000, ask });

  function ask() {
    const text = JSON.stringify({ ...wanted, folded });
    if (!open || document.hidden || wanted.run === null || text === asked) return false;
    asked = text;
    const made = page.get("timeline", "figure") !== undefined; // the first question brings the graph
    page.put(made ? "timeline-asked" : "timeline-first", { data: { ...wanted, folded, zoom } });
    return true;
  }

  const askSoon = () => pace.soon();
  const drawn = () => pace.answered();

  /** A change of the drawing's layout, as plotly tells it. */
  function zoomed(change) {
    const ends = [0, 1].map((i) => change && change[`xaxis.range[${i}]`]);
    if (ends.every(Number.isFinite)) zoom = ends;
    else if (change && change["xaxis.autorange"]) zoom = null;
  }

  function shown({ run, seq }) {
    if (run !== wanted.run) zoom = null;
    wanted = { ...wanted, run: run || null, seq: seq || 0 };
    askSoon();
  }

  function select(node) {
    wanted = { ...wanted, selected: node };
    askSoon();
  }

  function show(name) {
    open = name === "timeline";
    page.put("graph-panel", { "data-tab": name });
    for (const tab of ["graph", "timeline"]) page.put(`tab-${tab}`, { "aria-selected": String(tab === name) });
    RyxDash.store.write("local", "tab", name);
    // both measure themselves, and neither could while it was not to be seen
    root.requestAnimationFrame(() => root.dispatchEvent(new Event("resize")));
    askSoon();
  }

  function fold() {
    folded = !folded;
    zoom = null; // its seconds are others now
    page.put("timeline-fold", { "aria-pressed": String(folded) });
    askSoon();
  }

  const CLICKS = { "tab-graph": () => show("graph"), "tab-timeline": () => show("timeline"), "timeline-fold": fold };

  function onClick(event) {
    const button = event.target.closest && event.target.closest("button");
    if (button && button.id in CLICKS) CLICKS[button.id]();
  }

  function onKey(event) {
    const tab = event.target.closest && event.target.closest("[role=tab]");
    if (!tab || !["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    const other = document.getElementById(tab.id === "tab-graph" ? "tab-timeline" : "tab-graph");
    other.focus();
    other.click();
  }

  /** Show what this browser showed last. */
  const restore = () => {
    if (RyxDash.store.read("local", "tab") === "timeline") show("timeline");
  };

  function start(glue) {
    page = glue;
    document.addEventListener("click", onClick);
    document.addEventListener("keydown", onKey);
    document.addEventListener("visibilitychange", askSoon);
  }

  RyxDash.timeline = Object.freeze({ start, restore, shown, select, drawn, zoomed });
})(globalThis);
