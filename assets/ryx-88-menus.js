/* Menus: each opens like any <details>, and closes when a person goes elsewhere. */
(function (root) {
  "use strict";
  const RyxDash = (root.RyxDash = root.RyxDash || {});

  const IDS = ["links", "export-menu"];

  /** The menu that is open, if one is. */
  const open = () => IDS.map((id) => document.getElementById(id)).find((menu) => menu && menu.open) || null;

  document.addEventListener("pointerdown", (event) => {
    const menu = open();
    if (menu && !menu.contains(event.target)) menu.open = false;
  });

  /** What was chosen is under way. */
  document.addEventListener("click", (event) => {
    const menu = open();
    if (menu && event.target.closest && event.target.closest(".menu-items a")) menu.open = false;
  });

  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && open();
    if (!menu) return;
    event.preventDefault();
    menu.open = false;
    menu.querySelector("summary").focus();
  });

  const isOpen = (id) => {
    const menu = document.getElementById(id);
    return Boolean(menu && menu.open);
  };

  RyxDash.menus = Object.freeze({ isOpen });
})(globalThis);
