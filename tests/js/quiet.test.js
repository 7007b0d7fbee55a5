// What components of Dash would say by themselves, and nobody asked them for.
const assert = require("node:assert/strict");
const path = require("node:path");
const test = require("node:test");
const { assets } = require("./load.js");

require(path.join(assets, "ryx-76-quiet.js"));
const { quiet, start } = globalThis.RyxDash.quiet;

globalThis.React = { createElement: (type, props) => ({ type, props }) };

class Store {
  static defaultProps = { storage_type: "memory" };
  static get _dashprivate_isLazyComponentReady() {
    return true;
  }
}

function drawn(names) {
  const [set, told] = [[], []];
  const Quiet = quiet(Store, names, (id) => told.push(id));
  const { type, props } = Quiet({ id: "shown", data: 7, setProps: (changes) => set.push(changes) });
  return { Quiet, type, props, set, told };
}

test("it is the component, and Dash sees it as that", () => {
  const { Quiet, type, props } = drawn(/^modified_timestamp$/);
  assert.equal(type, Store);
  assert.deepEqual([props.id, props.data], ["shown", 7]);
  assert.deepEqual(Quiet.defaultProps, Store.defaultProps);
  assert.equal(Quiet._dashprivate_isLazyComponentReady, true);
  assert.equal(Quiet.prototype.render, undefined, "to React it is a function, not a class");
});

test("what is unasked for goes to whom it concerns, and nowhere else", () => {
  const { props, set, told } = drawn(/^modified_timestamp$/);
  props.setProps({ modified_timestamp: 1 });
  assert.deepEqual([set, told], [[], ["shown"]]);
});

test("everything else is set, also what comes with it", () => {
  const { props, set, told } = drawn(/^derived_/);
  props.setProps({ page_current: 2 });
  props.setProps({ derived_virtual_data: [], sort_by: [] });
  assert.deepEqual(set, [{ page_current: 2 }, { sort_by: [] }]);
  assert.deepEqual(told, ["shown"]);
});

test("a library that cannot be written is replaced, and has all it had", () => {
  const ready = [];
  globalThis.document = { addEventListener: (_, then) => ready.push(then) };
  const library = Object.defineProperties({}, { Store: { get: () => Store }, Input: { get: () => "input" } });
  globalThis.dash_core_components = library;
  start(() => {});
  ready.forEach((then) => then());
  const { dash_core_components: found } = globalThis;
  assert.equal(Object.getPrototypeOf(found.Store), Store);
  assert.equal(found.Input, "input");
  delete globalThis.dash_core_components;
  delete globalThis.document;
});
