/* The monitor: stays at the newest row while following, and stops when a person moves away. */
(function (root) {
  "use strict";
  const RyxDash = (root.RyxDash = root.RyxDash || {});

  const NEAR_PX = 24; // this close to the bottom is at the bottom
  const PRESS_MS = 1000;

  let page = null;
  let following = true;
  let head = 0;
  let last = { top: 0, height: 0 }; // as the scroll container stood when we last looked

  const box = () => document.getElementById("monitor-scroll");
  const atBottom = (el) => el.scrollHeight - el.scrollTop - el.clientHeight <= NEAR_PX;
  const note = (el) => {
    last = { top: el.scrollTop, height: el.scrollHeight };
  };

  function toBottom() {
    const el = box();
    if (!el || !following) return;
    el.scrollTop = el.scrollHeight;
    note(el);
  }

  // A window or panel of another size, and rows that are drawn late, leave the newest row out of
  // sight without a scroll.
  let sizes = null;
  let watched = null;

  function watch() {
    const el = box();
    if (!el || el === watched) return;
    if (sizes) sizes.disconnect();
    sizes = new root.ResizeObserver(toBottom);
    watched = el;
    for (const part of [el, ...el.children]) sizes.observe(part);
  }

  /** A person went up. Fewer rows than before move the view as well, and are no such thing. */
  function wentUp(el) {
    return el.scrollHeight >= last.height && el.scrollTop < last.top - 1 && !atBottom(el);
  }

  function onScroll(event) {
    const el = box();
    if (!el || event.target !== el) return;
    if (following && wentUp(el)) stop();
    note(el);
  }

  /** The wheel says it at once; the scroll may come after the next rows took the view back. */
  function onWheel(event) {
    const el = box();
    if (el && event.deltaY < 0 && el.scrollTop > 0 && el.contains(event.target)) stop();
  }

  function stop() {
    if (!following) return;
    following = false;
    page.put("follow", { data: { on: false, seq: head } });
  }

  const AWAY = "#event-table .previous-next-container, #event-table .column-header--sort";

  /** Turning a page or sorting is moving away too. */
  function onTurn(event) {
    if (event.target.closest && event.target.closest(AWAY)) stop();
  }

  /** What the follow button says. `count` is how many events came since following stopped. */
  function followLabel(on, count) {
    return on || count === 0 ? "⇣ follow" : `⇣ ${count.toLocaleString("en")} new`;
  }

  /** The views of a frame are drawn, or a button was pressed: set labels, go to the newest row. */
  function shown(state, follow, paused) {
    following = !(follow && follow.on === false);
    head = state ? state.seq || 0 : 0;
    const news = state ? state.new ?? newSince(state, follow) : 0;
    page.put("follow-toggle", { children: followLabel(following, news), "aria-pressed": String(following) });
    page.put("pause-button", { children: paused ? "▶ resume" : "‖ pause", "aria-pressed": String(Boolean(paused)) });
    watch();
    root.requestAnimationFrame(toBottom);
  }

  const newSince = (state, follow) => Math.max(0, (state.head || 0) - ((follow && follow.seq) || 0));

  /** Show for a moment that a button took the click. It keeps the focus, unlike a disabled one. */
  function pressed(id) {
    const button = document.getElementById(id);
    if (!button) return;
    button.setAttribute("aria-disabled", "true");
    root.setTimeout(() => button.removeAttribute("aria-disabled"), PRESS_MS);
  }

  function start(glue) {
    page = glue;
    document.addEventListener("scroll", onScroll, { capture: true, passive: true });
    document.addEventListener("wheel", onWheel, { capture: true, passive: true });
    document.addEventListener("click", onTurn, true);
    document.addEventListener("change", onTurn, true);
  }

  RyxDash.monitor = Object.freeze({ start, shown, stop, pressed, followLabel });
})(globalThis);
