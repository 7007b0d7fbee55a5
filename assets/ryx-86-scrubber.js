/* The scrubber on the page: buttons and range into messages, effects into stores and the address. */
(function (root) {
  "use strict";
  const RyxDash = (root.RyxDash = root.RyxDash || {});
  const { travel, inspect } = RyxDash;

  const TICK_MS = 50;
  const SETTLED_MS = 300; // browsers allow only so many changes of the address

  const FORMATS = ["jsonl", "csv", "html"];

  let page = null;
  let state = travel.create();
  let addressTimer = null;
  let ticking = false;

  const EFFECTS = {
    pause: ({ value }) => page.put("pause", { data: value }),
    ahead: ({ value }) => page.put("ahead-asked", { data: { ...value, asked: RyxDash.newId() } }),
  };

  function act(type, fields = {}) {
    const result = travel.step(state, { type, now: performance.now(), ...fields });
    state = result.state;
    for (const effect of result.effects) EFFECTS[effect.type](effect);
    draw();
    tickSoon();
  }

  /** Go on while something is to come; a page at rest is not woken. */
  function tickSoon() {
    if (ticking || !(state.play || state.wanted !== null)) return;
    ticking = true;
    root.setTimeout(() => {
      ticking = false;
      act("tick");
    }, TICK_MS);
  }

  /** Put the range on the page. It is no component: it moves with each frame. */
  function stand() {
    const holder = document.getElementById("scrubber-place");
    if (!holder || holder.firstChild) return;
    const range = Object.assign(document.createElement("input"), { id: "scrubber", type: "range", min: 0, max: 0 });
    holder.append(range);
    draw();
  }

  /** Let the range go to `head`; `seq` is where it stands, null: where a hand is moving it. */
  function place(head, seq) {
    const range = document.getElementById("scrubber");
    if (!range) return;
    const wanted = { max: head, min: Math.min(1, head), ...(seq === null ? {} : { value: seq }) };
    for (const [name, value] of Object.entries(wanted)) {
      if (range[name] !== String(value)) range[name] = value;
    }
  }

  function draw() {
    const { run, head, play, live, asked, wanted } = state;
    const resting = asked === null && wanted === null;
    place(head, resting || play ? travel.place(state) : null);
    page.put("travel-play", { children: play ? "‖ stop" : "▶ play", "aria-pressed": String(play !== null) });
    page.put("travel-live", { "data-away": live ? "no" : "yes" });
    RyxDash.draw.draw({ "travel-link": { "data-copy": run ? root.location.origin + travel.link(run, state.seq) : "" } });
    for (const format of FORMATS) page.put(`export-${format}`, { href: run ? exported(run, format) : undefined });
    page.put("export-menu", { "data-run": run ? "yes" : "no" });
  }

  const exported = (run, format) => `/api/runs/${encodeURIComponent(run)}/export?format=${format}`;

  const speed = () => Number(page.get("travel-speed", "value")) || 1;

  const CLICKS = {
    "travel-previous": () => act("previous"),
    "travel-back": () => act("by", { count: -1 }),
    "travel-play": () => act("play", { speed: speed() }),
    "travel-forth": () => act("by", { count: 1 }),
    "travel-next": () => act("next"),
    "travel-live": () => act("live"),
  };

  function onClick(event) {
    const button = event.target.closest && event.target.closest("button[id^='travel-']");
    if (button && button.id in CLICKS) CLICKS[button.id]();
  }

  function onInput(event) {
    if (event.target.id === "scrubber") act("seek", { seq: Number(event.target.value) });
    if (event.target.id === "travel-speed") act("speed", { speed: Number(event.target.value) || 1 });
  }

  // -- the address ------------------------------------------------------------------------------

  /** Keep a run's own address at the moment that is shown; `/` always shows what happens now. */
  function settle() {
    addressTimer = null;
    const { pathname, search } = root.location;
    if (state.run === null || RyxDash.session.runOf(pathname) !== state.run) return;
    const wanted = travel.link(state.run, null) + inspect.query(state.live ? null : state.seq, inspect.parse(search));
    if (pathname + search !== wanted) root.history.replaceState(root.history.state, "", wanted);
  }

  function settleSoon() {
    root.clearTimeout(addressTimer);
    addressTimer = root.setTimeout(settle, SETTLED_MS);
  }

  /** Go to the moment that the address names, if it names one. */
  function open() {
    stand();
    const moment = travel.linked(root.location.pathname, root.location.search);
    // a page that begins live has no place to leave: the server need not be asked
    if (moment || page.get("pause", "data")) page.put("pause", { data: moment });
    if (moment) page.put("follow", { data: { on: true } });
  }

  // -- all of it --------------------------------------------------------------------------------

  function shown(value) {
    act("shown", { shown: value });
    settleSoon();
  }

  function paused(value) {
    act("paused", { paused: value });
    settleSoon();
  }

  const ahead = (value) => act("ahead", { ahead: value });

  function start(glue) {
    page = glue;
    document.addEventListener("click", onClick);
    document.addEventListener("input", onInput);
  }

  RyxDash.scrubber = Object.freeze({ start, open, shown, paused, ahead, place: () => travel.place(state), settleSoon, move: act });
})(globalThis);
