/* How long to wait before a retry: 1 s, doubled each time, at most 30 s, ten retries.
 *
 * The first retry comes after exactly one second. Later ones vary by up to a tenth, so that pages
 * that lost the same server do not all come back in the same instant.
 */
(function (root) {
  "use strict";
  const RyxDash = (root.RyxDash = root.RyxDash || {});

  const FIRST_MS = 1000;
  const LONGEST_MS = 30000;
  const RETRIES = 10;
  const JITTER = 0.1;

  /** Milliseconds before retry number `retry` (from 1). `random` gives numbers in [0, 1). */
  function delay(retry, random = Math.random) {
    if (retry <= 1) return FIRST_MS;
    const plain = Math.min(LONGEST_MS, FIRST_MS * 2 ** (retry - 1));
    const varied = plain * (1 + JITTER * (2 * random() - 1));
    return Math.min(LONGEST_MS, Math.round(varied));
  }

  RyxDash.backoff = Object.freeze({ delay, RETRIES, FIRST_MS, LONGEST_MS, JITTER });
})(globalThis);
