/* While the connection is away nobody knows how a run stands: nothing may look as if it were running.
 *
 * What the server drew as running or queued is shown as unknown, and drawn as it was when the
 * connection is back. Only the texts of innermost elements change: the elements are not ours.
 */
(function (root) {
  "use strict";
  const RyxDash = (root.RyxDash = root.RyxDash || {});

  const GOING_ON = '.status[data-status="running"], .status[data-status="queued"]';
  const UNKNOWN = '.status[data-was]';
  const TEXTS = [
    [".status-icon", "?"],
    [".status-word, .sr-only", "unknown"],
  ];

  const WAITING = ".waiting";
  const NOT_KNOWN = "How the run goes on is not known while the connection is away.";

  const drawn = new WeakMap(); // innermost element -> its text as the server drew it

  function replace(element, text) {
    if (element.textContent === text) return;
    drawn.set(element, element.textContent);
    element.textContent = text;
  }

  function restore(element, text) {
    if (element.textContent === text && drawn.has(element)) element.textContent = drawn.get(element);
  }

  function doubt(badge) {
    badge.dataset.was = badge.dataset.status;
    badge.dataset.status = "unknown";
    for (const [selector, text] of TEXTS) {
      for (const span of badge.querySelectorAll(selector)) replace(span, text);
    }
  }

  /** A badge that was drawn again meanwhile says something newer: that stays. */
  function trust(badge) {
    const { was, status } = badge.dataset;
    delete badge.dataset.was;
    if (status !== "unknown") return;
    badge.dataset.status = was;
    for (const [selector, text] of TEXTS) {
      for (const span of badge.querySelectorAll(selector)) restore(span, text);
    }
  }

  /** Say whether the connection stands. Harmless to repeat: what was drawn since is found too. */
  function setOnline(online) {
    document.documentElement.toggleAttribute("data-stale", !online);
    const [selector, change] = online ? [UNKNOWN, trust] : [GOING_ON, doubt];
    for (const badge of document.querySelectorAll(selector)) change(badge);
    for (const sentence of document.querySelectorAll(WAITING)) (online ? restore : replace)(sentence, NOT_KNOWN);
    RyxDash.graph.setOnline(online);
  }

  RyxDash.stale = Object.freeze({ setOnline });
})(globalThis);
