/* The badge's detail: it opens like any <details>, and closes like a menu. */
(function (root) {
  "use strict";
  const RyxDash = (root.RyxDash = root.RyxDash || {});

  /** The badge's detail, if it is open. */
  function open() {
    const detail = document.getElementById("links");
    return detail && detail.open ? detail : null;
  }

  document.addEventListener("pointerdown", (event) => {
    const detail = open();
    if (detail && !detail.contains(event.target)) detail.open = false;
  });

  document.addEventListener("keydown", (event) => {
    const detail = event.key === "Escape" && open();
    if (!detail) return;
    detail.open = false;
    detail.querySelector("summary").focus();
  });

  RyxDash.links = Object.freeze({ isOpen: () => open() !== null });
})(globalThis);
