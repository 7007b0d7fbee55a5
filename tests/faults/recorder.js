// Runs in the page before anything of the page's own: notes what arrives and what is shown.
// It stays through a page's life, and says how often the page was loaded in this tab.
(() => {
  if (window.record) return;
  const life = Number(sessionStorage.getItem("recorder.life") || 0) + 1;
  sessionStorage.setItem("recorder.life", String(life));
  const record = (window.record = { frames: [], counts: [], badges: [], open: 0, most: 0 });

  const Native = window.WebSocket;
  window.WebSocket = class extends Native {
    constructor(...args) {
      super(...args);
      record.open += 1;
      record.most = Math.max(record.most, record.open);
      this.addEventListener("close", () => (record.open -= 1));
      this.addEventListener("message", ({ data }) => {
        const { n, run, head, status, reset, error } = JSON.parse(data);
        const said = { reset: reset === true, error: error ? error.code : "" };
        record.frames.push({ life, n, run, head, status, ...said });
      });
    }
  };

  const number = (element, name) => Number(element.dataset[name]);

  function look() {
    const [status, count, badge] = ["run-status", "event-count", "connection-status"].map((id) => document.getElementById(id));
    if (badge && badge.dataset.status !== record.badges.at(-1)) record.badges.push(badge.dataset.status);
    if (!status || !count || !status.dataset.runId) return;
    const seen = { life, run: status.dataset.runId, status: status.dataset.status, head: number(count, "head") };
    Object.assign(seen, { gaps: number(count, "gaps"), duplicates: number(count, "duplicates") });
    if (JSON.stringify(seen) !== JSON.stringify(record.counts.at(-1))) record.counts.push(seen);
  }

  const attributeFilter = ["data-head", "data-gaps", "data-duplicates", "data-status", "data-run-id"];
  new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter });
})();
