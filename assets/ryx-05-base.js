/* Small things that browsers do not have everywhere: ids, and storage that never throws. */
(function (root) {
  "use strict";
  const RyxDash = (root.RyxDash = root.RyxDash || {});

  /** A random UUID. `randomUUID` is missing on a page served over plain HTTP from another host. */
  function newId(crypto = root.crypto) {
    if (crypto.randomUUID) return crypto.randomUUID();
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  }

  const area = (kind) => (kind === "session" ? root.sessionStorage : root.localStorage);

  /** Texts kept under "ryx.<key>". A browser that refuses storage forgets; nothing else changes. */
  const store = Object.freeze({
    read(kind, key) {
      try {
        return area(kind).getItem(`ryx.${key}`);
      } catch {
        return null;
      }
    },
    write(kind, key, value) {
      try {
        if (value === null) area(kind).removeItem(`ryx.${key}`);
        else area(kind).setItem(`ryx.${key}`, value);
      } catch {
        // full, or forbidden: the page works without it
      }
    },
  });

  RyxDash.newId = newId;
  RyxDash.store = store;
})(globalThis);
