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
    let last = -Infinity;
    let due = Infinity; // when the next question is planned for
    let plan = 0; // the newest plan; those before are void

    function put(mine) {
      if (mine !== plan) return;
      due = Infinity;
      if (!ask()) return;
      waiting = true;
      last = now();
    }

    function soon() {
      const at = Math.max(now(), last + (waiting ? patience : every));
      if (due <= at) return;
      due = at;
      plan += 1;
      const mine = plan;
      later(() => put(mine), at - now());
    }

    function answered() {
      waiting = false;
      soon();
    }

    return Object.freeze({ soon, answered });
  }

  RyxDash.pace = Object.freeze({ create });
})(globalThis);
