/* The drawn graph: status, selection ring, pulse and layout, written straight into cytoscape.
 *
 * A node's data changes in one batch, so zoom, pan and positions stay as a person left them.
 * Elements come from the server only when nodes come or go; then the layout runs once more.
 */
(function (root) {
  "use strict";
  const RyxDash = (root.RyxDash = root.RyxDash || {});

  const PULSE_MS = 800;
  const DIRECTIONS = { TB: "left-right", LR: "top-down" }; // what the button turns it to
  const SPACING = { nodeSep: 24, rankSep: 16, padding: 12 };

  let page = null;
  let known = null; // the cytoscape instance that our listeners hang on
  let view = null;
  let selected = null;
  let direction = "TB";
  let size = null; // of the drawing when it was fitted or resized last
  let moved = false; // somebody zoomed or panned since our last fit
  let fitting = false;
  let timer = null;
  let settling = false;
  let online = true;
  let silence = "";

  function cytoscape() {
    const element = document.getElementById("workflow-graph");
    const cy = element && element._cyreg ? element._cyreg.cy : null;
    if (cy && cy !== known) adopt(cy);
    return cy;
  }

  function adopt(cy) {
    known = cy;
    RyxDash.loop.settle(cy.renderer());
    cy.on("add remove", "node", settleSoon);
    cy.on("tap", (event) => {
      if (event.target === cy) page.put("selected", { data: { node: null } });
    });
    cy.on("zoom pan", () => {
      if (!fitting && size === sizeOf(cy)) moved = true; // a resize moves the view as well
    });
    cy.on("resize", () => {
      if (!moved) fitNow(cy);
      size = sizeOf(cy);
    });
    if (direction !== "TB") arrange(cy, true);
    else fitNow(cy);
  }

  // -- what the nodes say -----------------------------------------------------------------------

  function paint(cy) {
    const nodes = (view && view.nodes) || {};
    cy.batch(() => {
      for (const [id, face] of Object.entries(nodes)) cy.getElementById(id).data(face);
      cy.edges().forEach((edge) => {
        const face = nodes[edge.data("timed")];
        if (face) edge.data("latency", face.latency || "");
      });
      mark(cy);
      hush(cy);
      doubt(cy);
    });
    beat(cy);
  }

  /** A node that was running when the connection went: nobody knows whether it is. */
  function doubt(cy) {
    const faces = (view && view.nodes) || {};
    if (online) cy.nodes("[stale]").forEach((node) => node.removeData("stale").data(faces[node.id()] || {}));
    else running(cy).forEach((node) => node.data({ stale: "yes", label: node.data("label").replace("◐", "?") }));
  }

  /** Say whether the connection stands. */
  function setOnline(value) {
    const cy = cytoscape();
    if (!cy || value === online) return;
    online = value;
    cy.batch(() => doubt(cy));
    beat(cy);
  }

  /** A running step says in a second line how long its backend has been silent. */
  function hush(cy) {
    const faces = (view && view.nodes) || {};
    cy.nodes("[silent]").forEach((node) => node.removeData("silent").data(faces[node.id()] || {}));
    if (silence === "") return;
    running(cy)
      .filter('[kind = "step"]')
      .forEach((node) => node.data({ silent: "yes", label: `${(faces[node.id()] || {}).label}\n${silence}` }));
  }

  /** How long nothing was heard of what runs, in words; empty: that is no news. */
  function setSilence(text) {
    const cy = cytoscape();
    if (!cy || text === silence) return;
    silence = text;
    cy.batch(() => hush(cy));
  }

  function mark(cy) {
    cy.nodes().forEach((node) => {
      if (node.id() === selected) node.data("selected", "yes");
      else if (node.data("selected")) node.removeData("selected");
    });
  }

  /** Write {run, nodes: {id: {status, latency, label}}} into the graph. */
  function apply(next) {
    view = next || null;
    const cy = cytoscape();
    if (cy) paint(cy);
    else if (view && document.getElementById("workflow-graph")) root.setTimeout(() => apply(view), 100);
  }

  /** Put the ring around one node; null takes it away. */
  function select(node) {
    selected = node;
    const cy = cytoscape();
    if (cy) cy.batch(() => mark(cy));
  }

  // -- pulse ------------------------------------------------------------------------------------

  const calm = () => root.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const running = (cy) => cy.nodes('[status = "running"]');

  function beat(cy) {
    const needed = online && running(cy).nonempty() && !document.hidden && !calm();
    if (needed && timer === null) timer = root.setInterval(pulse, PULSE_MS);
    if (!needed) rest(cy);
    else cy.nodes('[pulse = "on"][status != "running"]').removeData("pulse");
  }

  function rest(cy) {
    if (timer !== null) root.clearInterval(timer);
    timer = null;
    cy.nodes('[pulse = "on"]').removeData("pulse");
  }

  function pulse() {
    const cy = cytoscape();
    if (!cy) return;
    const on = cy.nodes('[pulse = "on"]').empty();
    cy.batch(() => {
      if (on) running(cy).data("pulse", "on");
      else cy.nodes('[pulse = "on"]').removeData("pulse");
    });
  }

  // -- layout -----------------------------------------------------------------------------------

  const sizeOf = (cy) => `${cy.width()}×${cy.height()}`;

  function fitNow(cy) {
    if (cy.width() === 0 || cy.height() === 0 || cy.nodes().empty()) return; // folded away
    fitting = true;
    cy.fit(undefined, SPACING.padding);
    fitting = false;
    moved = false;
    size = sizeOf(cy);
  }

  function arrange(cy, fit) {
    const layout = direction === "TB" ? { name: "dagre", rankDir: "TB", ...SPACING } : inRows(cy);
    cy.edges().data("direction", direction);
    cy.layout({ ...layout, fit: false, animate: false }).run();
    if (fit) fitNow(cy);
  }

  /** Left to right like a text: eight steps in one row would be too small to read. */
  function inRows(cy) {
    const steps = cy.nodes('[kind = "step"]');
    const calls = cy.nodes('[kind = "call"]');
    const columns = RyxDash.rows.columns(cy.width(), cy.height(), steps.length);
    const places = RyxDash.rows.places(steps.map((n) => n.id()), calls.map((n) => n.id()), columns);
    return { name: "preset", positions: (node) => places[node.id()] };
  }

  /** Nodes came or went: arrange once, with the first node where it was. */
  function settle() {
    settling = false;
    const cy = cytoscape();
    if (!cy) return;
    const first = cy.nodes()[0];
    const before = first ? { ...first.position() } : null;
    arrange(cy, false);
    if (before) {
      const after = first.position();
      cy.nodes().shift({ x: before.x - after.x, y: before.y - after.y });
    }
    if (!moved && !visible(cy)) fitNow(cy);
    paint(cy);
  }

  function settleSoon() {
    if (settling) return;
    settling = true;
    root.queueMicrotask(settle);
  }

  function visible(cy) {
    const box = cy.elements().boundingBox();
    const seen = cy.extent();
    return box.x1 >= seen.x1 && box.y1 >= seen.y1 && box.x2 <= seen.x2 && box.y2 <= seen.y2;
  }

  /** Turn the graph between top-down and left-right; remembered by this browser. */
  function turn() {
    direction = direction === "TB" ? "LR" : "TB";
    RyxDash.store.write("local", "direction", direction);
    label();
    const cy = cytoscape();
    if (cy) arrange(cy, true);
  }

  /** Say on the button which way it would turn the graph. */
  const label = () => page.put("graph-layout", { children: DIRECTIONS[direction] });

  /** Show the whole graph. */
  function fit() {
    const cy = cytoscape();
    if (cy) fitNow(cy);
  }

  /** Show or hide the graph where there is little room (the list of steps stays). */
  function fold() {
    const button = document.getElementById("graph-fold");
    const box = document.getElementById("graph-box");
    if (!button || !box) return;
    const open = button.getAttribute("aria-expanded") !== "true";
    button.setAttribute("aria-expanded", String(open));
    box.toggleAttribute("data-open", open);
    const cy = cytoscape();
    if (cy && open) {
      cy.resize();
      fitNow(cy);
    }
  }

  function start(glue) {
    page = glue;
    if (RyxDash.store.read("local", "direction") === "LR") direction = "LR";
    document.addEventListener("visibilitychange", () => {
      const cy = cytoscape();
      if (cy) beat(cy);
    });
  }

  RyxDash.graph = Object.freeze({ start, setOnline, setSilence, apply, select, turn, fit, fold, label });
})(globalThis);
