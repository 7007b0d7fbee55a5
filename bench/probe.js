/* Installed before a page's own scripts: when was which event on the screen, and at what cost.
 *
 * READ is replaced by the body of a function that gives the number of the newest event in the
 * document, or 0. A change of the document is noted with the frame that paints it: the number is
 * read inside the frame, the time is taken in the first task after it.
 */
(() => {
  const read = () => {
    READ;
  };
  const bench = (window.bench = {
    seen: [], // [wall clock in ms, newest event] of each frame that showed a newer one
    cycles: [], // [frame's message came, callback asked, answered] of each server callback
    wire: 0, // characters of WebSocket messages, bytes of everything else
    messages: 0,
    requests: 0,
    longest: 0, // ms; a browser counts tasks of 50 ms and more
  });
  const clock = () => performance.timeOrigin + performance.now();
  const frames = window.requestAnimationFrame.bind(window);
  const after = new MessageChannel();
  let newest = 0;
  let painted = 0;
  let posted = false;
  let asked = false;
  let within = false; // a frame's callbacks are running

  function mark() {
    painted = read() || 0;
    if (posted) return;
    posted = true;
    after.port2.postMessage(null);
  }

  after.port1.onmessage = () => {
    posted = false;
    if (painted <= newest) return;
    newest = painted;
    bench.seen.push([clock(), newest]);
  };

  window.requestAnimationFrame = (act) =>
    frames((time) => {
      within = true;
      queueMicrotask(() => {
        within = false;
      });
      act(time);
    });

  function changed() {
    if (within) mark();
    else if (!asked) {
      asked = true;
      frames(() => {
        asked = false;
        mark();
      });
    }
  }

  new MutationObserver(changed).observe(document, {
    attributes: true, characterData: true, childList: true, subtree: true,
  });

  let came = 0;
  const Socket = window.WebSocket;
  window.WebSocket = class extends Socket {
    constructor(...args) {
      super(...args);
      this.addEventListener("message", ({ data }) => {
        came = clock();
        bench.messages += 1;
        bench.wire += data.length;
      });
    }
  };

  const ask = window.fetch.bind(window);
  window.fetch = async (...args) => {
    const cycle = [came, clock()];
    const answer = await ask(...args);
    if (String(args[0]).includes("_dash-update-component")) {
      cycle.push(clock());
      bench.cycles.push(cycle);
    }
    return answer;
  };

  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      bench.requests += 1;
      bench.wire += entry.transferSize;
    }
  }).observe({ type: "resource" });
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) bench.longest = Math.max(bench.longest, duration);
  }).observe({ type: "longtask" });
})();
