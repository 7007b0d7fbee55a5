/* Small behaviour of the page, all by delegation: nothing here minds what is on the page. */
(function (root) {
  "use strict";
  const RyxDash = (root.RyxDash = root.RyxDash || {});

  const COMPOSED_MS = 100; // an Enter this soon after composing ended belonged to it

  let page = null;
  let composed = -Infinity;
  let inComposition = false;

  /** Whether an input method is, or a moment ago was, still putting a text together. */
  const composing = () => inComposition || performance.now() - composed < COMPOSED_MS;

  function focus(id) {
    const element = document.getElementById(id);
    if (element) element.focus();
  }

  // -- the list of steps ------------------------------------------------------------------------

  const STEP = "#workflow-steps li";

  function selectStep(item) {
    const node = item.dataset.node;
    const now = page.get("selected", "data");
    if (node) page.put("selected", { data: { node: now && now.node === node ? null : node } });
  }

  const MOVES = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1, Home: -Infinity, End: Infinity };

  function moveStep(item, move) {
    const items = [...document.querySelectorAll(STEP)];
    const wanted = items.indexOf(item) + move;
    items[Math.max(0, Math.min(items.length - 1, wanted))].focus();
  }

  function onStepKey(event, item) {
    if (event.key === "Enter" || event.key === " ") selectStep(item);
    else if (event.key in MOVES) moveStep(item, MOVES[event.key]);
    else return;
    event.preventDefault();
  }

  // -- copy -------------------------------------------------------------------------------------

  function textOf(button) {
    if (button.dataset.copy !== undefined) return button.dataset.copy;
    const target = document.getElementById(button.dataset.copyTarget);
    if (!target) return null;
    const text = target.querySelector("pre"); // of a long one only a part is laid out
    return text ? text.textContent : target.innerText;
  }

  /** `navigator.clipboard` is missing on a page served over plain HTTP from another host. */
  async function writeClipboard(text) {
    if (root.navigator.clipboard && root.isSecureContext) return root.navigator.clipboard.writeText(text);
    const area = document.createElement("textarea");
    area.value = text;
    area.style.cssText = "position:fixed;opacity:0";
    document.body.append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    if (!copied) throw new Error("The browser refused to copy.");
    return undefined;
  }

  async function copy(button) {
    const text = textOf(button);
    if (text === null) return;
    const outcome = await writeClipboard(text).then(() => "copied", () => "failed");
    button.dataset.copied = outcome;
    root.setTimeout(() => delete button.dataset.copied, 1500);
  }

  // -- the clock of a running run ------------------------------------------------------------------

  let online = false;

  function setOnline(value) {
    const changed = value !== online;
    online = value;
    if (changed) tickClock();
  }

  /** Time since `started` as the page writes it: "12.3 s", "4 min 5 s", "1 h 2 min". */
  function elapsed(started, now) {
    const seconds = Math.max(0, (now - Date.parse(started)) / 1000);
    if (!Number.isFinite(seconds)) return "";
    if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
    const minutes = Math.floor(Math.round(seconds) / 60);
    if (minutes < 60) return `${minutes} min ${Math.round(seconds) % 60} s`;
    return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  }

  /** How old what the page shows is: nobody knows whether the run's own clock still goes. */
  function age(last, now) {
    const text = elapsed(last, now).replace(/\.\d s$/, " s");
    return text && `last event ${text} ago`;
  }

  function tickClock() {
    const clock = document.getElementById("run-clock");
    if (!clock || document.hidden) return;
    // The run is over, or the view stands still: so does its clock.
    const frozen = !clock.dataset.started || page.get("pause", "data");
    const running = () => (online ? elapsed(clock.dataset.started, Date.now()) : age(clock.dataset.last, Date.now()));
    const text = frozen ? clock.dataset.elapsed : running();
    if (clock.textContent !== text) clock.textContent = text;
  }

  /** The clock is drawn again with each frame, and filled in before anybody sees it. */
  function watch() {
    const clock = document.getElementById("run-clock");
    const changes = { attributeFilter: ["data-started", "data-last"], childList: true, subtree: true, characterData: true };
    if (clock) new MutationObserver(tickClock).observe(clock, changes);
  }

  // -- all of it ----------------------------------------------------------------------------------

  const CLICKS = [
    [STEP, selectStep],
    [".copy-button", copy],
    [".example-query", example],
    ["#command-error .dismiss", () => page.dismiss()],
  ];

  function example(button) {
    const query = button.dataset.query;
    if (!query) return;
    page.put("query-input", { value: query });
    page.execute(query);
  }

  function onClick(event) {
    if (!event.target.closest) return;
    for (const [selector, act] of CLICKS) {
      const element = event.target.closest(selector);
      if (element) return void act(element);
    }
  }

  function onKey(event) {
    if (event.isComposing) return;
    const item = event.target.closest && event.target.closest(STEP);
    if (event.key === "Escape") return void escape(event);
    if (item) onStepKey(event, item);
  }

  /** What is open goes first. */
  function escape(event) {
    if (!event.defaultPrevented && !RyxDash.inspector.isOpen()) clearSelection();
  }

  function clearSelection() {
    const now = page.get("selected", "data");
    if (now && now.node) page.put("selected", { data: { node: null } });
  }

  function start(glue) {
    page = glue;
    document.addEventListener("click", onClick);
    document.addEventListener("keydown", onKey);
    document.addEventListener("compositionstart", () => {
      inComposition = true;
    });
    document.addEventListener("compositionend", () => {
      inComposition = false;
      composed = performance.now();
    });
    root.setInterval(tickClock, 1000);
  }

  RyxDash.panels = Object.freeze({ start, watch, clearSelection, focus, composing, setOnline, elapsed });
})(globalThis);
