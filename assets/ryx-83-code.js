/* Code in colours: highlight.js, which is fetched when there is something to colour.
 *
 * A block is text first. Of what the library gives, its spans and their classes are taken, and text.
 */
(function (root) {
  "use strict";
  const RyxDash = (root.RyxDash = root.RyxDash || {});

  const CODE = "pre.code[data-language]";
  const LIBRARY = "/assets/highlight.min.js";
  const PART = /<span class="([^"]*)">|<\/span>|[^<]+/g;
  const SIGNS = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#x27;": "'" };
  const ESCAPED = new RegExp(Object.keys(SIGNS).join("|"), "g");

  const coloured = new WeakMap(); // element -> what it looked like then
  let planned = false;
  let library = null; // the script's element, once it is asked for

  /** Tells a block that was coloured from one that was written again: that is one text. */
  const look = (pre) => `${pre.dataset.language} ${pre.childNodes.length} ${pre.firstChild && pre.firstChild.textContent}`;
  const waits = (pre) => coloured.get(pre) !== look(pre);

  /** What the library writes are spans with a class, their ends, and text: a fragment of just these. */
  function built(markup) {
    const made = [document.createDocumentFragment()];
    for (const [part, kind] of markup.matchAll(PART)) {
      if (part === "</span>") made.shift();
      else if (kind === undefined) made[0].append(part.replace(ESCAPED, (name) => SIGNS[name]));
      else {
        const span = document.createElement("span");
        span.className = kind;
        made[0].append(span);
        made.unshift(span);
      }
    }
    return made[0];
  }

  function colour(pre) {
    const language = pre.dataset.language;
    if (root.hljs.getLanguage(language)) {
      pre.replaceChildren(built(root.hljs.highlight(pre.textContent, { language, ignoreIllegals: true }).value));
    }
    coloured.set(pre, look(pre));
  }

  function fetchLibrary() {
    if (library) return;
    library = document.createElement("script");
    library.src = LIBRARY;
    library.addEventListener("load", plan);
    document.head.append(library);
  }

  /** One block at a time: a page with many of them goes on answering. */
  function next() {
    planned = false;
    const pre = [...document.querySelectorAll(CODE)].find(waits);
    if (!pre) return;
    if (!root.hljs) return void fetchLibrary();
    colour(pre);
    plan();
  }

  function plan() {
    if (planned) return;
    planned = true;
    root.setTimeout(next, 0);
  }

  function start() {
    new MutationObserver(plan).observe(document, { childList: true, subtree: true, attributeFilter: ["data-language"] });
  }

  RyxDash.code = Object.freeze({ start, built });
})(globalThis);
