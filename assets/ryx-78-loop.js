/* Lets cytoscape's frame loop end when there is nothing to draw.
 *
 * cytoscape asks for sixty frames a second for as long as a graph is on the page, and the browser
 * makes each of them. Whatever changes the graph starts the loop again: `notify` does so by itself
 * (`startRenderLoop`), a plain `redraw` does so here.
 */
(function (root) {
  "use strict";
  const RyxDash = (root.RyxDash = root.RyxDash || {});

  const IDLE_FRAMES = 20; // in these cytoscape makes its pictures of the nodes sharper

  /** Watch over one renderer (`cy.renderer()`); `frame` is requestAnimationFrame. */
  function settle(renderer, frame = (act) => root.requestAnimationFrame(act)) {
    let idle = 0;
    let ending = false;

    /** The loop looks at `destroyed` first of all and goes no further: so it is said for as long as
     * one turn takes. `close` is asked for before the loop asks for its next turn, `open` after.
     */
    function end() {
      ending = true;
      let closed = false;
      frame(() => {
        closed = !renderer.destroyed;
        renderer.destroyed = true;
      });
      root.queueMicrotask(() => frame(() => open(closed)));
    }

    function open(closed) {
      ending = false;
      idle = 0;
      if (!closed) return; // the graph is gone from the page
      renderer.destroyed = false;
      renderer.renderLoopStarted = false;
      if (renderer.requestedFrame) renderer.startRenderLoop();
    }

    renderer.beforeRender((draws) => {
      idle = draws ? 0 : idle + 1;
      if (idle >= IDLE_FRAMES && !ending) end();
    }, 0);
    const { redraw } = renderer;
    renderer.redraw = function (options) {
      redraw.call(renderer, options);
      renderer.startRenderLoop();
    };
  }

  RyxDash.loop = Object.freeze({ settle, IDLE_FRAMES });
})(globalThis);
