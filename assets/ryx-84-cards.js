/* Tool cards: what a person opened, closed or unfolded stays so when the cards are drawn again. */
(function (root) {
  "use strict";
  const RyxDash = (root.RyxDash = root.RyxDash || {});

  const opened = new Map(); // data-key -> open, as a person left it
  const whole = new Map(); // call id -> its whole output, as the text of a tree
  const initial = new WeakMap(); // element -> open, as it was drawn first

  let asked = 0; // how often, for any output
  let page = null;
  let cards = null;

  /** An element may be used again for another card: then it opens as that card was left. */
  function reapply() {
    for (const details of cards.querySelectorAll("details[data-key]")) {
      if (!initial.has(details)) initial.set(details, details.open);
      const open = opened.get(details.dataset.key) ?? initial.get(details);
      if (details.open !== open) details.open = open;
    }
    for (const output of cards.querySelectorAll("[data-output]")) unfold(output);
  }

  /** An output that was unfolded stays so, in whatever element it is drawn. */
  function unfold(output) {
    const call = output.dataset.output;
    if (output.dataset.whole !== undefined && output.dataset.whole !== call) fold(output);
    if (!whole.has(call) || output.dataset.whole === call) return;
    output.dataset.whole = call;
    RyxDash.draw.fill(output, JSON.parse(whole.get(call)));
  }

  function fold(output) {
    delete output.dataset.whole;
    RyxDash.draw.again(output);
  }

  /** What was asked for, unless another run is on the page by now. */
  function showWhole({ run, call, content }) {
    if ((page.get("shown", "data") || {}).run !== run) return;
    whole.set(call, content);
    reapply();
  }

  function onToggle(summary) {
    const details = summary.parentElement;
    if (details.dataset.key === undefined) return;
    opened.set(details.dataset.key, !details.open); // the click comes before the change
  }

  /** Each time with another number: what is as it was, Dash does not tell its callbacks. */
  function askForWhole(call) {
    asked += 1;
    page.put("whole-asked", { data: { call, asked } });
  }

  function onClick(event) {
    if (!event.target.closest) return;
    const summary = event.target.closest("#tool-results summary");
    const button = event.target.closest("#tool-results [data-show-all]");
    if (summary) onToggle(summary);
    if (button) askForWhole(button.dataset.showAll);
  }

  /** The cards of another run are others, even where their keys are the same. */
  function forget() {
    opened.clear();
    whole.clear();
    if (!cards) return;
    cards.querySelectorAll("[data-whole]").forEach(fold);
    reapply();
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

  RyxDash.cards = Object.freeze({ start, watch, forget, showWhole });
})(globalThis);
