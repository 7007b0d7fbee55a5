/* The answer: its end stays in view while it streams, until a person scrolls away from it. */
(function (root) {
  "use strict";
  const RyxDash = (root.RyxDash = root.RyxDash || {});

  const NEAR_PX = 32; // this close to the end is at the end

  let box = null;
  let following = true;

  const streaming = () => box.querySelector(".caret") !== null;
  const atEnd = () => box.scrollHeight - box.scrollTop - box.clientHeight <= NEAR_PX;

  function grown() {
    if (!streaming()) following = true; // the next answer begins at its end again
    else if (following) box.scrollTop = box.scrollHeight;
  }

  /** Look after the answer of the page that has just been put up. */
  function watch() {
    box = document.getElementById("answer-scroll");
    if (!box) return;
    new MutationObserver(grown).observe(box, { childList: true, subtree: true, characterData: true });
    box.addEventListener("scroll", () => {
      following = atEnd();
    }, { passive: true });
  }

  RyxDash.answer = Object.freeze({ watch });
})(globalThis);
