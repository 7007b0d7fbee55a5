/* The keyboard on the page: finds out whether a key is a command, and carries it out. */
(function (root) {
  "use strict";
  const RyxDash = (root.RyxDash = root.RyxDash || {});
  const { keys, scrubber, panels, inspector, inspect } = RyxDash;

  const TEXT = "input:not([type=range]):not([type=checkbox]), textarea, select, [contenteditable]";
  const REST = "body, #inspector, #monitor-scroll, #monitor-scroll *";

  let page = null;
  let pressedG = -Infinity;

  /** A place that takes the focus only to be scrolled, and has nothing to scroll. */
  const still = (target) => target.matches(".panel-body[tabindex='0']") && target.scrollHeight <= target.clientHeight;

  const dialog = () => document.getElementById("help");

  function help() {
    const element = dialog();
    if (!element) return;
    if (element.open) element.close();
    else element.showModal();
  }

  function errors() {
    const only = page.get("filter-level", "value") === "error";
    page.put("filter-level", { value: only ? "all" : "error" });
  }

  /** Go to another page of the header. */
  function visit(path) {
    const link = root.location.pathname === path ? null : document.querySelector(`.page-header a[href="${path}"]`);
    if (link) link.click();
  }

  /** The search that is meant: of what is inspected, of the events, of the runs. */
  function search() {
    const inside = document.activeElement && document.activeElement.closest("#inspector");
    panels.focus(inside ? "inspector-search" : "filter-text");
    panels.focus("runs-text");
  }

  function by(count) {
    const before = scrubber.place();
    scrubber.move("by", { count });
    inspector.follow(before, scrubber.place());
  }

  /** Out of a field, so that keys are commands again; a search is emptied by the browser first. */
  function leave(field) {
    if (field.type !== "search" || field.value === "") field.blur();
  }

  const onRun = () => document.getElementById("scrubber") !== null;

  const ANYWHERE = {
    search,
    help,
    runs: () => visit("/runs"),
    live: () => visit("/"),
    analytics: () => visit("/analytics"),
  };
  const ON_A_RUN = {
    errors,
    inspect: () => scrubber.place() > 0 && inspector.open(inspect.ofEvent(scrubber.place())),
    forth: () => by(1),
    back: () => by(-1),
    next: () => scrubber.move("next"),
    previous: () => scrubber.move("previous"),
    play: () => document.getElementById("travel-play").click(),
  };

  function onKey(event) {
    const { target, timeStamp } = event;
    if (event.defaultPrevented || !target.matches) return;
    const open = dialog() && dialog().open;
    const context = {
      typing: target.matches(TEXT) || panels.composing(),
      atRest: target.matches(REST) || still(target),
      onRange: target.id === "scrubber",
      prefixed: timeStamp - pressedG < keys.PREFIX_MS,
    };
    const name = keys.command(event, context);
    pressedG = event.key === "g" && !context.typing && !keys.chord(event) ? timeStamp : -Infinity;
    const act = ANYWHERE[name] || (onRun() && ON_A_RUN[name]);
    if (event.key === "Escape" && context.typing && !event.isComposing) leave(target);
    if (!act || (open && name !== "help")) return;
    event.preventDefault();
    act();
  }

  function onClick(event) {
    if (event.target.closest && event.target.closest("#help-button, #help-close")) help();
  }

  function start(glue) {
    page = glue;
    document.addEventListener("keydown", onKey);
    document.addEventListener("click", onClick);
  }

  RyxDash.keyboard = Object.freeze({ start });
})(globalThis);
