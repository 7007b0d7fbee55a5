/* Tool cards: what a person opened, closed or unfolded stays so when the cards are drawn again. */
(function (root) {
  "use strict";
  const RyxDash = (root.RyxDash = root.RyxDash || {});

  const opened = new Map(); // data-key -> open, as a person left it
  const whole = new Set(); // ids of the "show all" buttons that were pressed
  const initial = new WeakMap(); // element -> open, as it was drawn first

  let page = null;
  let cards = null;

  /** An element may be used again for another card: then it opens as that card was left. */
  function reapply() {
    for (const details of cards.querySelectorAll("details[data-key]")) {
      if (!initial.has(details)) initial.set(details, details.open);
      const open = opened.get(details.dataset.key) ?? initial.get(details);
      if (details.open !== open) details.open = open;
    }
    for (const id of whole) if (page.get(id, "n_clicks") === 0) page.put(id, { n_clicks: 1 });
  }

  function onToggle(summary) {
    const details = summary.parentElement;
    if (details.dataset.key === undefined) return;
    opened.set(details.dataset.key, !details.open); // the click comes before the change
  }

  /** A card that is drawn again shows its output cut: the whole is asked for once more. */
  function onShowAll(button) {
    const id = JSON.parse(button.id);
    if (![...whole].some((other) => other.call === id.call)) whole.add(id);
  }

  function onClick(event) {
    if (!event.target.closest) return;
    const summary = event.target.closest("#tool-results summary");
    const button = event.target.closest('#tool-results button[id*="show-all"]');
    if (summary) onToggle(summary);
    if (button) onShowAll(button);
  }

  /** The cards of another run are others, even where their keys are the same. */
  function forget() {
    opened.clear();
    whole.clear();
    if (cards) reapply();
  }

  /** Look after the cards of the page that has just been put up. */
  function watch() {
    cards = document.getElementById("tool-results");
    if (!cards) return;
    const changes = { childList: true, subtree: true, attributes: true, attributeFilter: ["data-key"] };
    new MutationObserver(reapply).observe(cards, changes);
    reapply();
  }

  function start(glue) {
    page = glue;
    document.addEventListener("click", onClick);
  }

  RyxDash.cards = Object.freeze({ start, watch, forget });
})(globalThis);
