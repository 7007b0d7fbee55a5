/* One question at a time, no oftener than `every` ms. An answer that has not come after `patience`
 * ms is given up: Dash shows nothing of a call that is asked for again before it has answered.
 */
(function (root) {
  "use strict";
  const RyxDash = (root.RyxDash = root.RyxDash || {});

  const clock = () => root.performance.now();
  const timer = (act, ms) => root.setTimeout(act, ms);

  /** `ask` puts the question and says whether there was one. {soon, answered} */
  function create({ every, patience, ask, now = clock, later = timer }) {
    let waiting = false;
    let planned = false;
    let last = -Infinity;

    /** Milliseconds until the next question; null: when the last one is answered. */
    const wait = () => (waiting && now() - last < patience ? null : Math.max(0, last + every - now()));

    function put() {
      planned = false;
      if (!ask()) return;
      waiting = true;
      last = now();
    }

    function soon() {
      const ms = wait();
      if (planned || ms === null) return;
      planned = true;
      later(put, ms);
    }

    function answered() {
      waiting = false;
      soon();
    }

    return Object.freeze({ soon, answered });
  }

  RyxDash.pace = Object.freeze({ create });
})(globalThis);
