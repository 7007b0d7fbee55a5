// Code in colours: the library's own output, built without reading it as HTML.
const assert = require("node:assert/strict");
const path = require("node:path");
const test = require("node:test");
const vm = require("node:vm");
const { readFileSync } = require("node:fs");
const { assets } = require("./load.js");

class Element {
  constructor() { Object.assign(this, { className: "", nodes: [] }); }
  append(node) { this.nodes.push(node); }
  get text() { return this.nodes.map((node) => (typeof node === "string" ? node : node.text)).join(""); }
  get classes() { return [this.className, ...this.nodes.flatMap((node) => (typeof node === "string" ? [] : node.classes))]; }
}
globalThis.document = { createElement: () => new Element(), createDocumentFragment: () => new Element() };

require(path.join(assets, "ryx-83-code.js"));
vm.runInThisContext(readFileSync(path.join(assets, "highlight.min.js"), "utf8"));
const { built } = globalThis.RyxDash.code;

const LANGUAGES = ["python", "javascript", "xml", "json", "markdown", "php", "bash", "css", "sql", "rust", "yaml", "diff"];
const TEXTS = [
  "\n\nx = 1\r\ny = 2\n",
  "<script>alert('&lt;' + \"&amp;\")</script>",
  '<span class="hljs-keyword">no</span> & <b onclick="x()">',
  "def f(a: int) -> str:\n    return f'{a!r}' # é 🧪 \u0000",
  "",
  "{\"a\": [1, true, null], \"b\": \"</span>\"}",
];

test("the text stays what it is, in every language", () => {
  for (const language of LANGUAGES) {
    for (const text of TEXTS) {
      const found = built(hljs.highlight(text, { language, ignoreIllegals: true }).value);
      assert.equal(found.text, text, `${language}: ${text}`);
    }
  }
});

test("words of the language have their classes", () => {
  const found = built(hljs.highlight("return 1", { language: "python" }).value);
  assert.deepEqual(found.classes, ["", "hljs-keyword", "hljs-number"]);
});
