/* Code in colours: highlight.js, which is fetched when there is something to colour.
 *
 * A block is text first. Of what the library gives, its spans and their classes are taken, and text.
 */
(function (root) {
  "use strict";
  const RyxDash = (root.RyxDash = root.RyxDash || {});

  const CODE = "pre.code[data-language]";
  const LIBRARY = "/assets/highlight.min.js";
  const TEXT = 3;

  const coloured = new WeakMap(); // element -> "language text" as it was coloured
  let planned = false;
  let library = null; // the script's element, once it is asked for

  const known = (pre) => `${pre.dataset.language} ${pre.textContent}`;
  const waits = (pre) => coloured.get(pre) !== known(pre) || (pre.firstElementChild === null && pre.firstChild !== null);

  function copied(node) {
    if (node.nodeType === TEXT) return document.createTextNode(node.data);
    const span = document.createElement("span");
    span.className = node.className;
    span.append(...[...node.childNodes].map(copied));
    return span;
  }

  function colour(pre) {
    const language = pre.dataset.language;
    if (root.hljs.getLanguage(language)) {
      const { value } = root.hljs.highlight(pre.textContent, { language, ignoreIllegals: true });
      const parsed = new DOMParser().parseFromString(`<pre>${value}</pre>`, "text/html");
      pre.replaceChildren(...[...parsed.querySelector("pre").childNodes].map(copied));
    }
    coloured.set(pre, known(pre));
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

  RyxDash.code = Object.freeze({ start });
})(globalThis);
