/* Search in the inspector: hits are painted by the browser over the text, which stays React's. */
(function (root) {
  "use strict";
  const RyxDash = (root.RyxDash = root.RyxDash || {});
  const { inspect } = RyxDash;

  const SETTLED_MS = 60;

  let page = null;
  let ranges = [];
  let current = 0;
  let wanted = "";
  let timer = null;

  const paints = () => root.CSS && root.CSS.highlights && root.Highlight;

  /** The texts of the payloads, in order. */
  function textNodes() {
    const found = [];
    for (const payload of document.querySelectorAll("#inspector-body .payload")) {
      const walker = document.createTreeWalker(payload, root.NodeFilter.SHOW_TEXT);
      while (walker.nextNode()) found.push(walker.currentNode);
      found.push(null); // what is in two payloads is no hit
    }
    return found;
  }

  function search() {
    timer = null;
    const nodes = textNodes();
    const texts = nodes.map((node) => (node ? node.data : "\n"));
    ranges = inspect.find(texts, wanted).filter(({ from, to }) => nodes[from[0]] && nodes[to[0]]).map(({ from, to }) => {
      const range = document.createRange();
      range.setStart(nodes[from[0]], from[1]);
      range.setEnd(nodes[to[0]], to[1]);
      return range;
    });
    current = Math.min(current, Math.max(0, ranges.length - 1));
    paint();
  }

  function paint() {
    const partly = wanted !== "" && document.querySelector("#inspector-body .part-cut") ? ", in what is shown" : "";
    page.put("inspector-hits", { children: inspect.hitsLabel(ranges.length, current, wanted) + partly });
    for (const id of ["inspector-previous", "inspector-next"]) page.put(id, { disabled: ranges.length < 2 });
    if (!paints()) return;
    root.CSS.highlights.set("hits", new root.Highlight(...ranges));
    root.CSS.highlights.set("hit", new root.Highlight(...ranges.slice(current, current + 1)));
  }

  /** Bring the current hit to the middle of what is to be seen. */
  function reveal() {
    const range = ranges[current];
    const box = document.getElementById("inspector-scroll");
    if (!range || !box) return;
    range.startContainer.parentElement.scrollIntoView({ block: "nearest" }); // lays out what was not yet
    const { top, height } = range.getBoundingClientRect();
    const { top: above, height: room } = box.getBoundingClientRect();
    box.scrollTop += top - above - (room - height) / 2;
  }

  function go(by) {
    if (ranges.length === 0) return;
    current = (current + by + ranges.length) % ranges.length;
    paint();
    reveal();
  }

  function look(text) {
    wanted = text;
    current = 0;
    search();
    reveal();
  }

  /** Search again in what was drawn anew. */
  function searchSoon() {
    if (timer === null) timer = root.setTimeout(search, SETTLED_MS);
  }

  const CLICKS = { "inspector-previous": -1, "inspector-next": 1 };

  function onClick(event) {
    const button = event.target.closest && event.target.closest("button");
    if (button && button.id in CLICKS) go(CLICKS[button.id]);
  }

  function onInput(event) {
    if (event.target.id === "inspector-search") look(event.target.value);
  }

  function onKey(event) {
    if (event.target.id !== "inspector-search" || event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    go(event.shiftKey ? -1 : 1);
  }

  /** Look after the payloads of the page that has just been put up. */
  function watch() {
    const body = document.getElementById("inspector-body");
    if (body) new MutationObserver(searchSoon).observe(body, { childList: true, characterData: true, subtree: true });
  }

  function start(glue) {
    page = glue;
    document.addEventListener("click", onClick);
    document.addEventListener("input", onInput);
    document.addEventListener("keydown", onKey);
  }

  RyxDash.finder = Object.freeze({ start, watch });
})(globalThis);
