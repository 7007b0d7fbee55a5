/* Keeps the keyboard's place in parts of the page that are drawn again.
 *
 * Dash makes new elements whenever children change, and the focus falls to the body. What had it is
 * found again by its id, its step or its card.
 */
(function (root) {
  "use strict";
  const RyxDash = (root.RyxDash = root.RyxDash || {});

  const REDRAWN = ["workflow-steps", "tool-results"];

  let held = null; // {element, selector} of what has the focus, if it can be found again

  function selectorOf(element) {
    if (element.id) return `#${root.CSS.escape(element.id)}`;
    if (element.dataset.inspect) return `#tool-results [data-inspect="${root.CSS.escape(element.dataset.inspect)}"]`;
    if (element.dataset.node) return `#workflow-steps [data-node="${root.CSS.escape(element.dataset.node)}"]`;
    const key = element.tagName === "SUMMARY" && element.parentElement.dataset.key;
    return key ? `#tool-results [data-key="${root.CSS.escape(key)}"] > summary` : null;
  }

  function onFocus(event) {
    const element = event.target;
    const inside = REDRAWN.some((id) => element.closest && element.closest(`#${id}`));
    const selector = inside ? selectorOf(element) : null;
    held = selector ? { element, selector } : null;
  }

  /** An element that lost the focus and is still there was left on purpose. */
  function onBlur(event) {
    root.setTimeout(() => {
      if (held && held.element === event.target && held.element.isConnected) held = null;
    }, 0);
  }

  function restore() {
    const lost = held && !held.element.isConnected && document.activeElement === document.body;
    const element = lost ? document.querySelector(held.selector) : null;
    if (element) element.focus({ preventScroll: true });
  }

  /** Look after the parts of the page that has just been put up. */
  function watch() {
    for (const id of REDRAWN) {
      const part = document.getElementById(id);
      if (part) new MutationObserver(restore).observe(part, { childList: true, subtree: true });
    }
  }

  function start() {
    document.addEventListener("focusin", onFocus);
    document.addEventListener("focusout", onBlur);
  }

  RyxDash.focus = Object.freeze({ start, watch });
})(globalThis);
