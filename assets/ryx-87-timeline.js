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
    const text = JSON.stringify({ ...wanted, folded, zoom });
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
    askSoon(); // the marks on its axis are others
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

  // -- fingers ----------------------------------------------------------------------------------

  let finger = null; // put on the chart, and not moved yet

  /** Plotly takes every finger for a drag, and the page could not be scrolled over the chart. So it
   *  is told of one when that moves sideways. A tap comes to it as a click. */
  function onTouch(event) {
    const own = event.isTrusted && event.touches.length === 1 && event.target.closest("#timeline .nsewdrag");
    finger = own ? event.touches[0] : null;
    if (own) event.stopPropagation();
  }

  function onTouchMove(event) {
    if (finger === null) return;
    const [touch, { clientX, clientY }] = [finger, event.touches[0]];
    finger = null;
    if (Math.abs(clientX - touch.clientX) <= Math.abs(clientY - touch.clientY)) return;
    const touches = [touch];
    const all = { bubbles: true, cancelable: true, touches, targetTouches: touches, changedTouches: touches };
    touch.target.dispatchEvent(new root.TouchEvent("touchstart", all));
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
    document.addEventListener("touchstart", onTouch, { capture: true, passive: true });
    document.addEventListener("touchmove", onTouchMove, { capture: true, passive: true });
  }

  RyxDash.timeline = Object.freeze({ start, restore, shown, select, drawn, zoomed });
})(globalThis);
