/* The keyboard on the page: finds out whether a key is a command, and carries it out. */
(function (root) {
  "use strict";
  const RyxDash = (root.RyxDash = root.RyxDash || {});
  const { keys, scrubber, panels } = RyxDash;

  const TEXT = "input:not([type=range]):not([type=checkbox]), textarea, select, [contenteditable]";
  const REST = "body, #monitor-scroll, #monitor-scroll *";

  let page = null;
  let pressedG = -Infinity;

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

  /** The address of all runs, where a page has it. */
  function runs() {
    const link = document.querySelector('a[href="/runs"]');
    if (link) link.click();
  }

  const COMMANDS = {
    search: () => panels.focus("filter-text"),
    help,
    errors,
    runs,
    forth: () => scrubber.move("by", { count: 1 }),
    back: () => scrubber.move("by", { count: -1 }),
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
      atRest: target.matches(REST),
      prefixed: timeStamp - pressedG < keys.PREFIX_MS,
    };
    const name = keys.command(event, context);
    pressedG = event.key === "g" && !context.typing ? timeStamp : -Infinity;
    if (name === null || (open && name !== "help") || !document.getElementById("scrubber")) return;
    event.preventDefault();
    COMMANDS[name]();
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
