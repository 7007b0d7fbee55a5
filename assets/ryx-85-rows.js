/* The monitor's rows with pointer and keyboard: one of them is in the tab order, the arrows go from
 * one to the next, a click or Enter inspects its event.
 */
(function (root) {
  "use strict";
  const RyxDash = (root.RyxDash = root.RyxDash || {});

  const ROW = "#event-table tr:has(> td[data-dash-row])";
  const TIME = '#event-table td[data-dash-column="time"]';
  const MOVES = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };

  let page = null;
  let planned = false;
  let inspected = null; // seq of the event that the inspector shows

  const rows = () => [...document.querySelectorAll(ROW)];

  const events = () => page.get("event-table", "data") || [];

  /** What a row shows, of the events of the table. */
  function eventOf(row, all = events()) {
    const cell = row.querySelector("td[data-dash-row]");
    return (cell && all[Number(cell.dataset.dashRow)]) || null;
  }

  /** The number of the event in a row. */
  function seqOf(row) {
    const event = eventOf(row);
    return event ? event.seq : null;
  }

  const find = (seq) => rows().find((row) => seqOf(row) === seq) || null;

  /** Rows are drawn again and again: each time one of them has to be reachable, and each has the
   * colour of its event's level.
   */
  function prepare() {
    planned = false;
    const all = rows();
    const known = events();
    const held = all.find((row) => row === document.activeElement) || all[all.length - 1];
    for (const row of all) {
      const { level = "", seq = null } = eventOf(row, known) || {};
      const index = row === held ? 0 : -1;
      if (row.tabIndex !== index || !row.hasAttribute("tabindex")) row.tabIndex = index;
      if (row.dataset.level !== level) row.dataset.level = level;
      row.toggleAttribute("data-inspected", inspected !== null && seq === inspected);
    }
  }

  function prepareSoon() {
    if (planned) return;
    planned = true;
    root.requestAnimationFrame(prepare);
  }

  /** Say which event is inspected; null: none. */
  function show(seq) {
    inspected = seq;
    prepareSoon();
  }

  const inspect = (row) => {
    const seq = seqOf(row);
    if (seq !== null) RyxDash.inspector.open(RyxDash.inspect.ofEvent(seq), { row: seq });
  };

  function onClick(event) {
    const row = event.target.closest && event.target.closest(ROW);
    if (row && root.getSelection().isCollapsed) inspect(row); // a text that is marked is to be copied
  }

  function onKey(event) {
    const row = event.target.matches && event.target.matches(ROW) ? event.target : null;
    if (!row || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "Enter") inspect(row);
    else if (event.key in MOVES) move(row, MOVES[event.key]);
    else return;
    event.preventDefault();
  }

  function move(row, by) {
    const all = rows();
    const next = all[Math.max(0, Math.min(all.length - 1, all.indexOf(row) + by))];
    if (by < 0) RyxDash.monitor.stop(); // who goes up does not follow
    next.focus();
    prepare();
  }

  /** A time tells in UTC, and with its date, what it stands for. */
  function onHover(event) {
    const cell = event.target.closest && event.target.closest(TIME);
    const shown = cell && eventOf(cell.parentElement);
    if (shown) cell.title = shown.utc;
  }

  /** Look after the monitor of the page that has just been put up. */
  function watch() {
    const box = document.getElementById("monitor-scroll");
    if (!box) return;
    new MutationObserver(prepareSoon).observe(box, { childList: true, characterData: true, subtree: true });
    prepareSoon();
  }

  function start(glue) {
    page = glue;
    document.addEventListener("click", onClick);
    document.addEventListener("keydown", onKey);
    document.addEventListener("mouseover", onHover, { passive: true });
  }

  RyxDash.eventRows = Object.freeze({ start, watch, show, find });
})(globalThis);
