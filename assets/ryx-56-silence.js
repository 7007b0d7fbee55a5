/* How long a backend has said nothing of a run that goes on, in words. */
(function (root) {
  "use strict";
  const RyxDash = (root.RyxDash = root.RyxDash || {});
  const { link } = RyxDash;

  const QUIET_MS = 5000; // shorter pauses are how work looks

  /** {at, acknowledged}: when the run on the page was heard of last, by this clock; null: it does
   *  not go on. `shown` is what the server callback said at `now`.
   */
  function heard(shown, now) {
    const { status, quiet, acknowledged } = shown || {};
    return status === "running" && Number.isFinite(quiet) ? { at: now - quiet, acknowledged: acknowledged === true } : null;
  }

  /** {line, step}: what the run line says, and shortly a running step; empty while it is no news. */
  function words(last, now) {
    const ms = last === null ? 0 : now - last.at;
    if (ms < QUIET_MS) return { line: "", step: "" };
    const time = link.span(ms);
    return { line: `${last.acknowledged ? "acknowledged, then " : ""}nothing heard for ${time}`, step: `silent ${time}` };
  }

  RyxDash.silence = Object.freeze({ heard, words, QUIET_MS });
})(globalThis);
