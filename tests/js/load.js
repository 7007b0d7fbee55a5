// Loads the pure scripts as a page does: in the order of their names, into one global.
const { readdirSync } = require("node:fs");
const path = require("node:path");

const assets = path.join(__dirname, "..", "..", "assets");
const pure = readdirSync(assets).filter((name) => /^ryx-[0-5]\d-.*\.js$/.test(name));
for (const name of pure.sort()) require(path.join(assets, name));

/** A seeded generator of numbers in [0, 1): mulberry32. */
function seeded(seed) {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

module.exports = { RyxDash: globalThis.RyxDash, assets, seeded };
