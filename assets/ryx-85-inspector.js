/* The inspector on the page: opens, closes, asks for what it shows, keeps focus and address.
 *
 * The server draws it whenever the position of the page changes, so it goes on with a run and
 * travels in time like every panel.
 */
(function (root) {
  "use strict";
  const RyxDash = (root.RyxDash = root.RyxDash || {});
  const { inspect, travel } = RyxDash;

  const FORMS = ["json", "text", "table"];
  const FIELD = "input:not([type=range]):not([type=checkbox]), textarea";

  let page = null;
  let state = inspect.create();
  let node = null; // the selected node of the graph
  let opener = null; // {selector} or {row}: where the focus was
  let position = { run: null, seq: 0 };
  let form = "json";
  let whole = false;
  let drawn = { head: "", body: "" };
  let asked = ""; // what was asked for last, as text
  let settled = ""; // what was answered last
  let returning = false; // we ourselves go back in the history

  const panel = () => document.getElementById("inspector");
  const steps = () => [...document.querySelectorAll("#workflow-steps li[data-node]")].map((li) => [li.dataset.node, li.dataset.step]);
  const isOpen = () => state.what !== null;

  // -- asking -----------------------------------------------------------------------------------

  const pace = RyxDash.pace.create({ every: 500, patience: 4000, ask });

  function ask() {
    const wanted = { ...position, what: state.what, form, whole };
    const text = JSON.stringify(wanted);
    if (!isOpen() || document.hidden || position.run === null || text === settled) return false;
    asked = text;
    page.put("inspect-asked", { data: { ...wanted, ...drawn, asked: RyxDash.newId() } });
    return true;
  }

  /** The server has drawn; `shown` has the keys of what is there now. */
  function answered(shown) {
    if (shown.head) drawn = { head: shown.head, body: shown.body };
    settled = asked;
    page.put("inspector", { "data-waiting": "no" });
    pace.answered();
  }

  // -- what is inspected ------------------------------------------------------------------------

  const EFFECTS = {
    address({ what, how }) {
      const { pathname, search } = root.location;
      const seq = new URLSearchParams(search).get("seq");
      const url = pathname + inspect.query(seq, what);
      if (how === "push") root.history.pushState({ inspector: true }, "", url);
      else root.history.replaceState(what === null ? {} : root.history.state, "", url);
    },
    back() {
      returning = true;
      root.history.back();
    },
  };

  function act(type, fields = {}) {
    const before = state.what;
    const result = inspect.step(state, { type, ...fields });
    state = result.state;
    for (const effect of result.effects) EFFECTS[effect.type](effect);
    if (state.what !== before) changed();
  }

  function changed() {
    whole = false;
    settled = "";
    page.put("inspector", { hidden: !isOpen(), "data-waiting": "yes" });
    document.documentElement.toggleAttribute("data-inspecting", isOpen());
    RyxDash.eventRows.show(isOpen() && state.what.startsWith("event:") ? Number(state.what.slice(6)) : null);
    if (!isOpen()) return;
    const scroll = document.getElementById("inspector-scroll");
    if (scroll) scroll.scrollTop = 0;
    link();
    pace.soon();
  }

  function link() {
    const { run, seq } = position;
    const path = run ? root.location.origin + travel.link(run, null) + inspect.query(seq, state.what) : "";
    page.put("inspector-link", { "data-copy": path });
  }

  /** Inspect `what`. `from` says where the focus goes back to: {selector} or {row}. */
  function open(what, from = null) {
    if (!isOpen()) opener = from;
    act("open", { what });
    select();
    focusSoon();
  }

  function close() {
    if (!isOpen()) return;
    act("close");
    select();
    giveBack();
  }

  /** The graph's selection goes with the inspector: a step that is inspected is selected. */
  function select() {
    const wanted = inspect.nodeOf(state.what, steps());
    const event = isOpen() && wanted === null; // an event leaves the selection as it is
    if (!event && wanted !== node) page.put("selected", { data: { node: wanted } });
  }

  /** A node was selected somewhere, or none is any more. */
  function selected(next) {
    if (next === node) return;
    const before = node;
    node = next;
    if (next !== null) {
      const what = inspect.ofNode(next, steps());
      if (inspect.nodeOf(state.what, steps()) !== next) open(what, { selector: `#workflow-steps [data-node="${root.CSS.escape(next)}"]` });
    } else if (before !== null && inspect.nodeOf(state.what, steps()) === before) close();
  }

  // -- focus ------------------------------------------------------------------------------------

  /** Hidden elements take no focus, and React shows the panel a moment later. */
  function focusSoon(tries = 10) {
    const element = panel();
    if (!element || !isOpen()) return;
    if (!element.hidden) {
      if (!element.contains(document.activeElement)) element.focus({ preventScroll: true });
    } else if (tries > 0) root.requestAnimationFrame(() => focusSoon(tries - 1));
  }

  function giveBack() {
    const from = opener;
    opener = null;
    const element = from && (from.row ? RyxDash.eventRows.find(from.row) : document.querySelector(from.selector));
    if (element) element.focus({ preventScroll: true });
    else if (document.activeElement && document.activeElement !== document.body) document.activeElement.blur();
  }

  // -- position and address ---------------------------------------------------------------------

  function shown({ run, seq }) {
    position = { run: run || null, seq: seq || 0 };
    if (!isOpen()) return;
    link();
    pace.soon();
  }

  /** Show what the address says: after a link, Back or Forward. */
  function arrive() {
    const { inspector: pushed } = root.history.state || {};
    const before = state.what;
    act("arrive", { what: inspect.parse(root.location.search), pushed: Boolean(pushed) });
    if (state.what === before) return;
    select();
    if (isOpen()) focusSoon();
    else giveBack();
  }

  /** Whether the browser has just gone back because the inspector was closed. */
  function returned() {
    const own = returning;
    returning = false;
    return own;
  }

  /** Another run is shown. What is inspected stays only if the address names it in that run. */
  function keeps(run) {
    const { pathname, search } = root.location;
    const named = RyxDash.session.runOf(pathname) === run && inspect.parse(search) === state.what;
    if (!named) act("forget");
    return named && isOpen();
  }

  /** The inspected event goes along when a person steps from it to another. */
  function follow(before, after) {
    if (state.what === inspect.ofEvent(before) && after !== before) open(inspect.ofEvent(after));
  }

  // -- what a person does in it -------------------------------------------------------------------

  function show(next) {
    form = next;
    RyxDash.store.write("local", "inspect", form);
    for (const one of FORMS) page.put(`inspector-as-${one}`, { "aria-pressed": String(one === form) });
    pace.soon();
  }

  function showWhole() {
    whole = true;
    pace.soon();
  }

  function onClick(event) {
    if (!event.target.closest) return;
    const button = event.target.closest("#inspector-close, #inspector [data-form], .show-whole, [data-inspect]");
    if (!button) return;
    if (button.id === "inspector-close") close();
    else if (button.dataset.form) show(button.dataset.form);
    else if (button.dataset.inspect) inspectFrom(button, event);
    else showWhole();
  }

  function inspectFrom(button, event) {
    event.preventDefault(); // in the head of a card it would fold the card
    open(button.dataset.inspect, { selector: `#tool-results [data-inspect="${root.CSS.escape(button.dataset.inspect)}"]` });
  }

  /** Whether Escape belongs to something else: a dialog, a menu, a search that has a text. */
  function taken(event) {
    const field = event.target.matches && event.target.matches(FIELD) ? event.target : null;
    const dialog = document.querySelector("dialog[open]");
    return event.defaultPrevented || event.isComposing || dialog !== null || Boolean(field && field.type === "search" && field.value);
  }

  function onKey(event) {
    if (event.key !== "Escape" || !isOpen() || taken(event)) return;
    event.preventDefault();
    close();
  }

  /** What this browser used last. */
  function restore() {
    const saved = RyxDash.store.read("local", "inspect");
    if (FORMS.includes(saved)) show(saved);
    arrive();
  }

  function start(glue) {
    page = glue;
    document.addEventListener("click", onClick);
    document.addEventListener("keydown", onKey);
    document.addEventListener("visibilitychange", () => pace.soon());
  }

  const what = () => state.what;

  RyxDash.inspector = Object.freeze({ start, restore, open, close, isOpen, what, selected, shown, answered, arrive, returned, keeps, follow });
})(globalThis);
