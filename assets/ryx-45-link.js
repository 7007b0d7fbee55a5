/* The two links, in words: from this browser to the dashboard, from the dashboard to its backend. */
(function (root) {
  "use strict";
  const RyxDash = (root.RyxDash = root.RyxDash || {});

  /** A time that has passed or is to come, as people say it. */
  function span(ms) {
    const seconds = Math.max(0, Math.round(ms / 1000));
    if (seconds < 60) return `${seconds} s`;
    const minutes = Math.floor(seconds / 60);
    return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  }

  /** `link` as it came in a frame, its seconds turned into times of this clock; null: none. */
  function parse(link, now) {
    if (link === null || typeof link !== "object" || typeof link.address !== "string") return null;
    const moment = (seconds, sign) => (Number.isFinite(seconds) ? now + sign * seconds * 1000 : null);
    return {
      address: link.address,
      state: ["connecting", "connected"].includes(link.state) ? link.state : "disconnected",
      attempt: Number.isInteger(link.attempt) ? link.attempt : 0,
      next: moment(link.next, 1),
      heard: moment(link.heard, -1),
      reason: typeof link.reason === "string" ? link.reason : "",
    };
  }

  const heard = (at, now) => (at === null ? "" : ` Last heard ${span(now - at)} ago.`);

  /** From here to the dashboard: `connection` is the machine's state, `shown` its view. */
  function toDashboard(connection, shown, now) {
    if (shown.status === "connected") return `Connected.${heard(connection.heard, now)}`;
    const tries = connection.retries > 0 ? ` Retry ${connection.retries}.` : "";
    return `${shown.note || "Not connected."}${tries}${heard(connection.heard || null, now)}`;
  }

  /** From the dashboard to the backend; without a link the engine is part of the dashboard. */
  function toBackend(link, online, now) {
    if (!online) return "Not known while the dashboard is away.";
    if (link === null) return "The embedded engine, in the dashboard itself.";
    if (link.state === "connected") return `${link.address}: connected.${heard(link.heard, now)}`;
    return `${away(link, now)} Attempt ${link.attempt}.${heard(link.heard, now)}`;
  }

  function away(link, now) {
    const reason = link.reason ? `: ${link.reason}` : "";
    if (link.state === "connecting") return `${link.address}: connecting.`;
    const next = link.next === null ? "" : ` Trying again in ${span(link.next - now)}.`;
    return `The backend at ${link.address} cannot be reached${reason}.${next}`;
  }

  /** {page, backend, state, note}: a sentence for each link, the state of the second one, and what
   *  everybody should know at once. `address` is the dashboard's.
   */
  function view(connection, shown, link, now, address = "") {
    const online = shown.status === "connected";
    return {
      page: `${address && `${address} · `}${toDashboard(connection, shown, now)}`,
      backend: toBackend(link, online, now),
      state: !online ? "unknown" : link === null ? "embedded" : link.state,
      note: online && link !== null && link.state === "disconnected" ? away(link, now) : "",
    };
  }

  RyxDash.link = Object.freeze({ parse, view, span });
})(globalThis);
