/* Panels that can be resized, with the pointer and with the keyboard; this browser remembers. */
(function (root) {
  "use strict";
  const RyxDash = (root.RyxDash = root.RyxDash || {});

  const LEAST = 15; // percent of the workspace
  const MOST = 85;
  const STEP = 2;
  const KEYS = { ArrowLeft: -STEP, ArrowUp: -STEP, ArrowRight: STEP, ArrowDown: STEP, Home: -100, End: 100 };

  const clamp = (percent) => Math.min(MOST, Math.max(LEAST, percent));
  const workspace = () => document.getElementById("workspace");

  /** Where a point lies in a box along an axis, as a percentage. */
  function share(axis, point, rect) {
    const percent = axis === "x" ? (point.x - rect.left) / rect.width : (point.y - rect.top) / rect.height;
    return clamp(100 * percent);
  }

  function set(splitter, percent) {
    const name = splitter.dataset.var;
    workspace().style.setProperty(name, `${percent.toFixed(2)}%`);
    for (const other of document.querySelectorAll(`.splitter[data-var="${name}"]`)) {
      other.setAttribute("aria-valuenow", String(Math.round(percent)));
    }
    RyxDash.store.write("local", name, percent.toFixed(2));
  }

  /** The splitter's present place: where its middle stands in the workspace. */
  function place(splitter) {
    const { left, top, width, height } = splitter.getBoundingClientRect();
    const middle = { x: left + width / 2, y: top + height / 2 };
    return share(splitter.dataset.axis, middle, workspace().getBoundingClientRect());
  }

  const at = (event) => event.target.closest && workspace() && event.target.closest(".splitter[data-var]");

  function onDown(event) {
    const splitter = at(event);
    if (!splitter || event.button !== 0) return;
    event.preventDefault();
    splitter.focus();
    splitter.setPointerCapture(event.pointerId);
    splitter.dataset.dragging = "";
  }

  function onMove(event) {
    const splitter = at(event);
    if (!splitter || splitter.dataset.dragging === undefined) return;
    const point = { x: event.clientX, y: event.clientY };
    set(splitter, share(splitter.dataset.axis, point, workspace().getBoundingClientRect()));
  }

  function onUp(event) {
    const splitter = at(event);
    if (splitter) delete splitter.dataset.dragging;
  }

  /** Back to the page's own proportions. */
  function onDoubleClick(event) {
    const splitter = at(event);
    if (!splitter) return;
    workspace().style.removeProperty(splitter.dataset.var);
    RyxDash.store.write("local", splitter.dataset.var, null);
  }

  function onKey(event) {
    const splitter = at(event);
    if (!splitter || !(event.key in KEYS)) return;
    event.preventDefault();
    set(splitter, clamp(place(splitter) + KEYS[event.key]));
  }

  /** Put every splitter where it was left. */
  function restore() {
    const element = workspace();
    if (!element) return;
    for (const splitter of document.querySelectorAll(".splitter[data-var]")) {
      const percent = Number.parseFloat(RyxDash.store.read("local", splitter.dataset.var));
      if (Number.isFinite(percent)) set(splitter, clamp(percent));
    }
  }

  function start() {
    document.addEventListener("pointerdown", onDown);
    document.addEventListener("pointermove", onMove);
    document.addEventListener("pointerup", onUp);
    document.addEventListener("pointercancel", onUp);
    document.addEventListener("dblclick", onDoubleClick);
    document.addEventListener("keydown", onKey);
  }

  RyxDash.splitters = Object.freeze({ start, restore, share, clamp });
})(globalThis);
