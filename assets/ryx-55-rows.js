/* Places of the graph's nodes in rows, read like a text. Pure. */
(function (root) {
  "use strict";
  const RyxDash = (root.RyxDash = root.RyxDash || {});

  const STEP = { x: 220, y: 72 }; // from one node to the next: a node is 164 × 28

  /** How many columns show `count` steps the largest in a box of this size (pixels). */
  function columns(width, height, count) {
    let best = { scale: 0, columns: 1 };
    for (let n = 1; n <= count; n++) {
      const rows = Math.ceil(count / n);
      const scale = Math.min(width / (n * STEP.x), height / ((rows + 1) * STEP.y));
      if (scale > best.scale) best = { scale, columns: n };
    }
    return best.columns;
  }

  /** `{id: {x, y}}`: steps row by row, calls in the rows below them. */
  function places(steps, calls, width) {
    const below = Math.ceil(steps.length / width);
    const at = (index, row) => ({ x: (index % width) * STEP.x, y: (Math.floor(index / width) + row) * STEP.y });
    return Object.fromEntries([
      ...steps.map((id, index) => [id, at(index, 0)]),
      ...calls.map((id, index) => [id, at(index, below)]),
    ]);
  }

  RyxDash.rows = Object.freeze({ columns, places });
})(globalThis);
