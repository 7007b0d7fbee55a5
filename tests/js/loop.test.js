// cytoscape's frame loop in miniature, as its renderer runs it: it ends, and begins again.
const assert = require("node:assert/strict");
const path = require("node:path");
const test = require("node:test");
const { assets } = require("./load.js");

require(path.join(assets, "ryx-78-loop.js"));
const { loop } = globalThis.RyxDash;

function renderer() {
  const frames = [];
  const r = {
    destroyed: false, renderLoopStarted: false, requestedFrame: false, drawn: 0, turns: 0, before: [],
    beforeRender: (act) => r.before.push(act),
    redraw: () => (r.requestedFrame = true),
    startRenderLoop() {
      if (r.renderLoopStarted) return;
      r.renderLoopStarted = true;
      frames.push(function turn() {
        if (r.destroyed) return;
        r.turns += 1;
        const draws = r.requestedFrame;
        for (const act of r.before) act(draws);
        if (draws) r.drawn += 1;
        r.requestedFrame = false;
        frames.push(turn);
      });
    },
  };
  loop.settle(r, (act) => frames.push(act));
  r.startRenderLoop();
  /** Play so many frames; gives how many of them anybody asked for. */
  const play = async (count) => {
    let asked = 0;
    for (let i = 0; i < count; i++) {
      const now = frames.splice(0);
      if (now.length > 0) asked += 1;
      for (const act of now) {
        act();
        await null; // microtasks run between the callbacks of a frame
      }
    }
    return asked;
  };
  return { r, play };
}

test("nothing to draw: the loop ends, and the renderer is as it was", async () => {
  const { r, play } = renderer();
  await play(loop.IDLE_FRAMES + 1);
  assert.equal(await play(100), 0);
  assert.equal(r.destroyed, false);
  assert.equal(r.turns, loop.IDLE_FRAMES);
});

test("a redraw begins it again, as often as one comes", async () => {
  const { r, play } = renderer();
  for (let n = 1; n <= 3; n++) {
    await play(200);
    r.redraw();
    assert.ok((await play(200)) > 0);
    assert.equal(r.drawn, n);
  }
  assert.equal(await play(10), 0);
});

test("drawing goes on for as long as something is asked for", async () => {
  const { r, play } = renderer();
  for (let i = 0; i < 100; i++) {
    r.redraw();
    await play(5);
  }
  assert.equal(r.drawn, 100);
});

test("a redraw in the very frame in which the loop ends is drawn", async () => {
  const { r, play } = renderer();
  await play(loop.IDLE_FRAMES);
  r.redraw();
  await play(5);
  assert.equal(r.drawn, 1);
});

test("a graph that is taken off the page stays destroyed", async () => {
  const { r, play } = renderer();
  await play(loop.IDLE_FRAMES);
  r.destroyed = true;
  await play(5);
  assert.equal(r.destroyed, true);
});
