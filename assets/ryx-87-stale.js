/* While the connection is away nobody knows how a run stands: nothing may look as if it were running.
 *
 * What the server drew as running or queued is shown as unknown, and drawn as it was when the
 * connection is back. The elements are React's, so only the texts of their innermost spans change.
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

  const drawn = new WeakMap(); // innermost span -> its text as the server drew it

  function doubt(badge) {
    badge.dataset.was = badge.dataset.status;
    badge.dataset.status = "unknown";
    for (const [selector, text] of TEXTS) {
      for (const span of badge.querySelectorAll(selector)) {
        drawn.set(span, span.textContent);
        span.textContent = text;
      }
    }
  }

  /** A badge that was drawn again meanwhile says something newer: that stays. */
  function trust(badge) {
    const { was, status } = badge.dataset;
    delete badge.dataset.was;
    if (status !== "unknown") return;
    badge.dataset.status = was;
    for (const [selector, text] of TEXTS) {
      for (const span of badge.querySelectorAll(selector)) {
        if (span.textContent === text && drawn.has(span)) span.textContent = drawn.get(span);
      }
    }
  }

  /** Say whether the connection stands. Harmless to repeat: what was drawn since is found too. */
  function setOnline(online) {
    document.documentElement.toggleAttribute("data-stale", !online);
    const [selector, change] = online ? [UNKNOWN, trust] : [GOING_ON, doubt];
    for (const badge of document.querySelectorAll(selector)) change(badge);
    RyxDash.graph.setOnline(online);
  }

  RyxDash.stale = Object.freeze({ setOnline });
})(globalThis);
