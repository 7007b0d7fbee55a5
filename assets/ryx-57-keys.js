/* Which key does what: command(event, context) -> the name of a command, or null. */
(function (root) {
  "use strict";
  const RyxDash = (root.RyxDash = root.RyxDash || {});

  const ANYWHERE = { "/": "search", "?": "help", j: "forth", k: "back", "[": "previous", "]": "next", e: "errors" };
  const AT_REST = { " ": "play", ArrowDown: "forth", ArrowRight: "forth", ArrowUp: "back", ArrowLeft: "back", Enter: "inspect" };
  const ON_THE_RANGE = { " ": "play", Enter: "inspect" }; // the arrows move it themselves
  const AFTER_G = { r: "runs", l: "live", a: "analytics" };
  const PREFIX_MS = 1000; // within which the second key of two belongs to the first

  const own = (table, key) => (Object.hasOwn(table, key) ? table[key] : null);

  /** Held with a key that makes it another's. AltGr is not: some keyboards have no other way to brackets. */
  function chord(event) {
    const written = event.getModifierState && event.getModifierState("AltGraph");
    return Boolean(event.metaKey || (!written && (event.ctrlKey || event.altKey)));
  }

  /** `typing`: a text is being entered. `atRest`: nothing has the focus that wants keys itself.
   *  `onRange`: the scrubber's range has it. */
  function command(event, { typing, atRest, onRange, prefixed }) {
    if (typing || event.isComposing || chord(event)) return null;
    if (prefixed && own(AFTER_G, event.key)) return AFTER_G[event.key];
    return own(ANYWHERE, event.key) || (atRest && own(AT_REST, event.key)) || (onRange && own(ON_THE_RANGE, event.key)) || null;
  }

  RyxDash.keys = Object.freeze({ command, chord, PREFIX_MS });
})(globalThis);
