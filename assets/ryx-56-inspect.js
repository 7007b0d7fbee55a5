/* The inspector's pure part: what is inspected and how the address says so, and finding text.
 *
 * What is inspected is a text: "step:rag_context", "call:<id>" or "event:57"; null: nothing.
 * step(state, message) -> {state, effects}. Effects:
 *   {type: "address", what, how}   write the address; how is "push" or "replace"
 *   {type: "back"}                 go back to the entry from which the inspector was opened
 */
(function (root) {
  "use strict";
  const RyxDash = (root.RyxDash = root.RyxDash || {});

  const CALL = "call:";
  const STEP = "step:";
  const KNOWN = /^(step|call):.|^event:[1-9]\d{0,8}$/s;
  const MOST_HITS = 1000;

  /** `pushed`: its entry of the history is one of its own, so going back closes it. */
  const create = () => ({ what: null, pushed: false });
  const out = (state, effects = []) => ({ state, effects });

  /** Going from one thing to another is no step back to come: Back closes. */
  function onOpen(state, { what }) {
    if (what === state.what) return out(state);
    const how = state.what === null ? "push" : "replace";
    return out({ what, pushed: how === "push" || state.pushed }, [{ type: "address", what, how }]);
  }

  function onClose(state) {
    if (state.what === null) return out(state);
    const effect = state.pushed ? { type: "back" } : { type: "address", what: null, how: "replace" };
    return out(create(), [effect]);
  }

  /** Another run is shown: what was inspected is none of its things. */
  function onForget(state) {
    return state.what === null ? out(state) : out(create(), [{ type: "address", what: null, how: "replace" }]);
  }

  const HANDLERS = {
    open: onOpen,
    close: onClose,
    forget: onForget,
    arrive: (state, { what, pushed }) => out({ what, pushed: what !== null && pushed }),
  };

  const step = (state, message) => HANDLERS[message.type](state, message);

  // -- the address ------------------------------------------------------------------------------

  /** What the part of an address from its "?" on says is inspected. */
  function parse(search) {
    const what = new URLSearchParams(search || "").get("inspect");
    return what !== null && KNOWN.test(what) ? what : null;
  }

  /** The part of an address from its "?" on, "" if it is empty. Colons stay readable. */
  function query(seq, what) {
    const parts = [];
    if (seq !== null) parts.push(`seq=${seq}`);
    if (what !== null) parts.push(`inspect=${encodeURIComponent(what).replace(/%3A/g, ":")}`);
    return parts.length > 0 ? `?${parts.join("&")}` : "";
  }

  // -- nodes of the graph -----------------------------------------------------------------------

  /** What a node of the graph is called in an address; `steps` are [node, step] of the list. */
  function ofNode(node, steps) {
    if (node.startsWith(CALL)) return node;
    const own = steps.find(([id]) => id === node);
    const first = own && steps.find(([, name]) => name === own[1]);
    return STEP + (first === own && own ? own[1] : node);
  }

  /** The node of what is inspected; null for events and nothing. */
  function nodeOf(what, steps) {
    if (what === null || what.startsWith("event:")) return null;
    if (what.startsWith(CALL)) return what;
    const key = what.slice(STEP.length);
    const found = steps.find(([id]) => id === key) || steps.find(([, name]) => name === key);
    return found ? found[0] : key;
  }

  const ofEvent = (seq) => `event:${seq}`;

  // -- finding text -----------------------------------------------------------------------------

  /** Lower case, every sign where it was. */
  function folded(text) {
    const lower = text.toLowerCase();
    if (lower.length === text.length) return lower;
    return Array.from(text, (sign) => (sign.toLowerCase().length === sign.length ? sign.toLowerCase() : sign)).join("");
  }

  /** Where `wanted` is in the texts, read as one: [{from: [text, offset], to: [text, offset]}], at
   *  most MOST_HITS. Case is ignored; hits do not overlap.
   */
  function find(texts, wanted) {
    if (wanted === "") return [];
    const needle = folded(wanted);
    const all = folded(texts.join(""));
    const hits = [];
    const cursor = { text: 0, start: 0 };
    for (let at = all.indexOf(needle); at !== -1 && hits.length < MOST_HITS; at = all.indexOf(needle, at + needle.length)) {
      hits.push({ from: place(texts, cursor, at, false), to: place(texts, cursor, at + needle.length, true) });
    }
    return hits;
  }

  /** The text that holds the offset `at`, and where in it; the cursor only goes on. */
  function place(texts, cursor, at, end) {
    const beyond = () => (end ? at > cursor.start + texts[cursor.text].length : at >= cursor.start + texts[cursor.text].length);
    while (cursor.text < texts.length - 1 && beyond()) {
      cursor.start += texts[cursor.text].length;
      cursor.text += 1;
    }
    return [cursor.text, at - cursor.start];
  }

  /** The number of hits in words; `current` counts from 0. */
  function hitsLabel(count, current, wanted) {
    if (wanted === "") return "";
    if (count === 0) return "no hits";
    return `${current + 1} of ${count.toLocaleString("en")}${count === MOST_HITS ? "+" : ""}`;
  }

  RyxDash.inspect = Object.freeze({ create, step, parse, query, ofNode, nodeOf, ofEvent, find, hitsLabel, MOST_HITS });
})(globalThis);
