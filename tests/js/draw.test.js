// Drawing without Dash, into as much of a document as it takes.
const assert = require("node:assert/strict");
const path = require("node:path");
const test = require("node:test");
const { assets } = require("./load.js");

class Node {
  constructor(type, name) {
    Object.assign(this, { nodeType: type, localName: name, nodes: [], attributes: {}, parent: null, data: "", writes: 0 });
    this.ownerDocument = doc;
  }
  get id() { return this.attributes.id || ""; }
  get firstChild() { return this.nodes[0] || null; }
  get nextSibling() { return this.parent.nodes[this.parent.nodes.indexOf(this) + 1] || null; }
  get textContent() { return this.nodeType === 3 ? this.data : this.nodes.map((node) => node.textContent).join(""); }
  hasAttribute(name) { return name in this.attributes; }
  querySelectorAll() { return this.nodes.filter((node) => node.hasAttribute("data-content")); }
  getAttribute(name) { return this.attributes[name] ?? null; }
  setAttribute(name, value) { this.attributes[name] = value; this.writes += 1; }
  removeAttribute(name) { delete this.attributes[name]; }
  appendChild(node) { node.parent = this; this.nodes.push(node); }
  replaceChild(node, old) { node.parent = this; this.nodes[this.nodes.indexOf(old)] = node; }
  remove() { this.parent.nodes.splice(this.parent.nodes.indexOf(this), 1); }
}
const doc = { createElement: (tag) => new Node(1, tag), createTextNode: (text) => Object.assign(new Node(3), { data: text }) };

require(path.join(assets, "ryx-79-draw.js"));
const { dress, changed } = globalThis.RyxDash.draw;

const component = (type, props) => ({ type, namespace: "dash_html_components", props });
const step = (name, status) =>
  component("Li", { children: [component("Span", { children: name, title: name }), component("Span", {})], className: "step", "data-status": status, tabIndex: "0" });

test("a tree becomes elements, attributes and text", () => {
  const list = doc.createElement("ol");
  dress(list, { children: [step("a", "running"), step("b", "pending")], "data-none": null, hidden: false });
  assert.deepEqual(list.attributes, {});
  assert.deepEqual(list.nodes.map((item) => [item.localName, item.textContent, item.attributes["data-status"]]),
    [["li", "a", "running"], ["li", "b", "pending"]]);
  assert.equal(list.nodes[0].attributes.class, "step");
  assert.equal(list.nodes[0].attributes.tabindex, "0");
});

test("what is there is changed in place, and what did not change is not written", () => {
  const list = doc.createElement("ol");
  dress(list, { children: [step("a", "running"), step("b", "pending")] });
  const [first, second] = list.nodes;
  const before = second.writes;
  dress(list, { children: [step("a", "success"), step("b", "pending")] });
  assert.deepEqual(list.nodes, [first, second]);
  assert.equal(first.attributes["data-status"], "success");
  assert.equal(second.writes, before);
});

test("what others wrote into it stays", () => {
  const list = doc.createElement("ol");
  dress(list, { children: [step("a", "running")] });
  const [item] = list.nodes;
  item.setAttribute("aria-description", "silent for 8 s");
  item.setAttribute("data-status", "unknown"); // while the connection is away
  item.nodes[1].appendChild(doc.createTextNode("silent"));
  dress(list, { children: [step("a", "running")] });
  assert.deepEqual([item.attributes["aria-description"], item.attributes["data-status"], item.textContent],
    ["silent for 8 s", "unknown", "asilent"]);
});

test("what others made of a content stays until it is another", () => {
  const card = (output) => component("Div", { children: [component("Pre", { children: [output] })] });
  const list = doc.createElement("div");
  dress(list, { children: [card("cut"), card("b")] });
  const [first] = list.nodes;
  first.nodes[0].nodes[0].data = "the whole";
  dress(list, { children: [card("cut"), card("c")] });
  assert.equal(list.textContent, "the wholec");
  dress(list, { children: [card("other"), card("c")] });
  assert.equal(list.textContent, "otherc");
});

test("what is another, or gone, is taken away", () => {
  const line = doc.createElement("div");
  dress(line, { children: ["text ", component("Span", { id: "x", children: "1" }), component("P", { children: "2", title: "t" })] });
  const [, old] = line.nodes;
  dress(line, { children: ["other ", component("Span", { id: "y", children: ["3", null, [["4"]]] }), component("P", {})] });
  assert.equal(line.textContent, "other 34");
  assert.notEqual(line.nodes[1], old);
  assert.deepEqual(line.nodes[2].attributes, {});
  dress(line, { children: null });
  assert.equal(line.textContent, "");
});

test("nothing that runs is written", () => {
  const line = doc.createElement("div");
  const link = (href) => component("A", { href, onclick: "x()", onmouseover: "x()", style: "x", children: "<b>" });
  for (const href of ["javascript:x()", "JavaScript:x()", " javascript:x()", "//elsewhere", "data:text/html,x"]) {
    dress(line, { children: [link(href)] });
    assert.deepEqual(line.nodes[0].attributes, {});
    assert.equal(line.textContent, "<b>");
  }
  dress(line, { children: [link("/runs/1")] });
  assert.deepEqual(line.nodes[0].attributes, { href: "/runs/1" });
  for (const type of ["Script", "Iframe", "Img", "Store"]) assert.throws(() => dress(line, { children: [component(type, {})] }), /does not draw/);
});

test("what brings its content is filled when it comes, and when that changes", () => {
  const around = doc.createElement("div");
  const inner = doc.createElement("div");
  around.appendChild(inner);
  inner.setAttribute("data-content", JSON.stringify(component("Table", { children: [component("Tr", { children: "a" })] })));
  changed([{ type: "childList", addedNodes: [doc.createTextNode("x"), around] }]);
  const [table] = inner.nodes;
  assert.deepEqual([table.localName, table.textContent], ["table", "a"]);
  inner.setAttribute("data-content", JSON.stringify([component("Table", { children: [component("Tr", { children: "b" })] })]));
  changed([{ type: "attributes", target: inner }]);
  assert.equal(inner.nodes[0], table);
  assert.equal(table.textContent, "b");
});
