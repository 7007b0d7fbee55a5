/* A backend's silence, ticking on the page: in the run line, in the list of steps, in the graph.
 *
 * Only while the page is connected, and stands at the newest event: else nobody knows. The spans
 * are React's and empty to it, so only their texts change.
 */
(function (root) {
  "use strict";
  const RyxDash = (root.RyxDash = root.RyxDash || {});

  const TICK_MS = 1000;
  const RUNNING = "running";

  let page = null;
  let last = null;
  let listening = false; // runs are on a backend, and the page hears of them

  function write(element, text) {
    if (element && element.textContent !== text) element.textContent = text;
  }

  function describe(item, text) {
    if (text) item.setAttribute("aria-description", text);
    else item.removeAttribute("aria-description");
  }

  function draw() {
    const frozen = !listening || page.get("pause", "data");
    const { line, step } = RyxDash.silence.words(frozen ? null : last, Date.now());
    write(document.getElementById("run-silence"), line);
    for (const item of document.querySelectorAll("#workflow-steps li")) {
      const running = item.dataset.status === RUNNING;
      write(item.querySelector(".step-silence"), running ? step : "");
      describe(item, running ? line : "");
    }
    RyxDash.graph.setSilence(line);
  }

  /** The server callback has drawn the page. */
  function shown(value) {
    last = RyxDash.silence.heard(value, Date.now());
    draw();
  }

  /** Say whether runs are on a backend and the page is connected. */
  function setListening(value) {
    if (value === listening) return;
    listening = value;
    draw();
  }

  /** What the server draws anew is filled in before anybody sees it. */
  function watch() {
    for (const id of ["run-facts", "workflow-steps"]) {
      const element = document.getElementById(id);
      if (element) new MutationObserver(draw).observe(element, { childList: true, subtree: true });
    }
  }

  function start(glue) {
    page = glue;
    root.setInterval(() => {
      if (listening && !document.hidden) draw();
    }, TICK_MS);
  }

  RyxDash.hush = Object.freeze({ start, watch, shown, setListening });
})(globalThis);
