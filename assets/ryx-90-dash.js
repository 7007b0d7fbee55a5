/* The only file that touches Dash: callbacks come in as messages, effects go out as properties.
 *
 * `dash_clientside.ryx` holds the functions that ryx_dash/callbacks/client.py registers.
 */
(function (root) {
  "use strict";
  const RyxDash = root.RyxDash;
  const { session, graph, monitor, panels, splitters, cards, focus, hush, runs, scrubber, timeline, keyboard, importer, inspector, eventRows, finder, store } = RyxDash;
  const dash = (root.dash_clientside = root.dash_clientside || {});

  const TICK_MS = 250;
  const OPEN = 1;
  const CLOSED = 3;
  const NOT_OPENED = 1006; // what browsers say of a refused handshake, and of a lost connection

  /** A component of the page, or undefined. Dash itself throws for an id that it does not know. */
  function layout(id) {
    try {
      return root.dash_component_api.getLayout(id);
    } catch {
      return undefined;
    }
  }

  /** Set properties of a component, if it is on the page and they are not what it has. */
  function put(id, props) {
    const component = layout(id);
    if (component === undefined) return;
    const same = ([name, value]) => JSON.stringify(value) === JSON.stringify(component.props[name]);
    if (!Object.entries(props).every(same)) dash.set_props(id, props);
  }

  /** The present value of a component's property. */
  function get(id, prop) {
    const component = layout(id);
    return component && component.props ? component.props[prop] : undefined;
  }

  // -- the session and its effects --------------------------------------------------------------

  let state = session.create({
    path: root.location.pathname,
    nonce: RyxDash.newId(),
    address: root.location.host,
    saved: { queue: store.read("session", "queue"), run: store.read("session", "run") },
  });
  let born = 0; // when the present socket was asked for, on the clock of events' timeStamp

  const EFFECTS = {
    url({ url }) {
      born = performance.now();
      put("ws", { url });
    },
    send: ({ text }) => put("ws", { send: text }),
    save: ({ key, value }) => store.write("session", key, value),
    navigate({ run }) {
      root.history.pushState({}, "", `/runs/${encodeURIComponent(run)}`);
      root.dispatchEvent(new CustomEvent("_dashprivate_pushstate")); // dcc.Location listens
    },
  };

  function closed({ code, reason }) {
    const unopened = state.connection.phase === "connecting" && code === NOT_OPENED;
    act("closed", { code, reason });
    if (unopened) probe();
  }

  /** A browser tells a page nothing of a refused handshake; a request is told why. */
  async function probe() {
    try {
      const answer = await root.fetch("/api/runs?limit=1", { headers: { accept: "application/json" } });
      if (answer.status !== 401 && answer.status !== 403) return;
      const { error } = await answer.json();
      act("denied", { reason: error.message });
    } catch {
      // not there, or not ours: the retries go on
    }
  }

  function act(type, fields = {}) {
    const now = Date.now();
    const out = session.step(state, { type, now, ...fields });
    state = out.state;
    for (const effect of out.effects) EFFECTS[effect.type](effect);
    if (state.connection.phase !== "idle") draw(session.view(state, now));
  }

  let drawn = ""; // what the page says of the connection: four times a second it is the same

  function draw(view) {
    const open = RyxDash.menus.isOpen("links"); // what nobody sees need not be drawn every second
    const said = JSON.stringify([{ ...view, links: open ? view.links : view.links.state }, state.link !== null]);
    if (said === drawn && view.status === "connected") return;
    drawn = said;
    if (open) put("link-page", { children: view.links.page });
    const wanted = {
      "connection-status": { children: view.text, "data-status": view.status },
      "connection-note": { children: view.note },
      "link-backend": { "data-state": view.links.state, ...(open ? { children: view.links.backend } : {}) },
      "reconnect-button": { hidden: !view.reconnect },
      "queue-count": { children: view.queued ? `${view.queued} waiting` : "", "data-count": String(view.queued) },
      "command-error": { children: view.refused ? refusal(view.refused) : null, hidden: !view.refused },
    };
    for (const [id, props] of Object.entries(wanted)) put(id, props);
    const online = view.status === "connected";
    if (online) put("models-asked", { data: true });
    hush.setListening(online && state.link !== null);
    for (const part of [panels, RyxDash.stale]) part.setOnline(online);
  }

  function refusal(sentence) {
    const props = { children: "×", className: "dismiss", title: "Dismiss", "aria-label": "Dismiss" };
    return [sentence, " ", { namespace: "dash_html_components", type: "Button", props }];
  }

  /** Events of a socket that was given up before the present one was asked for. */
  const stale = (event) => typeof event.timeStamp === "number" && event.timeStamp < born;

  /** The page's own ear at the socket: Dash merges messages that come fast, and a callback of ours
   * for each of them would cost a round through the whole page. A socket that was given up may
   * still deliver while it closes: only the newest is heard.
   */
  let newest = null;
  root.WebSocket = class extends root.WebSocket {
    constructor(...address) {
      super(...address);
      newest = this;
      this.addEventListener("message", (event) => {
        const ours = newest === this && !stale(event) && layout("ws") !== undefined;
        if (ours) act("message", { text: event.data });
      });
    }
  };

  function mount() {
    drawn = "";
    put("zone", { data: Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC" });
    graph.label();
    splitters.restore();
    timeline.restore();
    for (const part of [panels, cards, focus, hush, eventRows, finder, RyxDash.answer]) part.watch();
    scrubber.open();
    inspector.restore();
    begin();
    act("mount", { path: root.location.pathname });
  }

  /** On the live page one can type at once; on a run's page the keys are the run's. */
  function begin() {
    if (root.location.pathname === "/" && document.activeElement === document.body) panels.focus("query-input");
  }

  function tick() {
    if (state.connection.phase === "idle") return;
    if (layout("ws") === undefined) act("unmount");
    else act("tick");
  }

  function execute(input, model) {
    monitor.pressed("execute-button");
    act("command", {
      command: { type: "execute", command_id: RyxDash.newId(), input, model: model && model !== "auto" ? model : null },
    });
    if (input.trim() === "") panels.focus("query-input");
  }

  // -- calls of the server callback -------------------------------------------------------------

  let call = null; // the newest

  /** Dash's own hooks at each request and at each answer, not at one that fails. */
  RyxDash.calls = Object.freeze({
    begun(payload) {
      if (!payload.inputs.some(({ id, property }) => id === "ws" && property === "message")) return;
      call = payload;
      act("asked");
    },
    ended(payload) {
      if (payload === call) act("answered");
    },
  });

  // -- frames that are drawn --------------------------------------------------------------------

  /** The server callback has answered, and all that it gave is on the page. */
  function shown() {
    const now = get("shown", "data");
    if (!now) return;
    const another = state.seen.run !== null && now.run !== state.seen.run;
    act("shown", { shown: now });
    if (another) startClean(now.run, get("pause", "data"), get("follow", "data"), get("selected", "data"));
    hush.shown(now);
    scrubber.shown(now);
    timeline.shown(now);
    inspector.shown(now);
    monitor.shown(now, get("follow", "data"), get("pause", "data"));
  }

  // A callback of Dash's would say so in five changes of its store. What came with the store is in
  // the document when the task ends in which it was told.
  RyxDash.quiet.start((id) => {
    if (id === "shown") root.queueMicrotask(shown);
  });

  // -- callbacks --------------------------------------------------------------------------------

  const nothing = () => dash.no_update;
  const triggered = () => dash.callback_context.triggered_id;

  dash.ryx = {
    state(value) {
      if (value === undefined || value === null) mount();
      else if (value.readyState === CLOSED && !stale(value)) closed(value);
      else if (value.readyState === OPEN) act("tick");
    },

    execute(clicks, submits, value, model) {
      if (!clicks && !submits) return;
      if (triggered() === "query-input" && panels.composing()) return;
      const input = document.getElementById("query-input");
      execute(String((input && input.value) ?? value ?? ""), model);
    },

    cancel(clicks) {
      const run = state.seen.run || (state.frame && state.frame.run);
      if (clicks && run) act("command", { command: { type: "cancel", command_id: RyxDash.newId(), run_id: run } });
    },

    reconnect(clicks) {
      if (clicks) act("reconnect");
    },

    pause(clicks, paused, shown) {
      if (!clicks) return nothing();
      return paused ? null : { run: shown ? shown.run : null, seq: shown ? shown.seq : 0 };
    },

    follow(clicks, follow, shown) {
      if (!clicks) return nothing();
      if (!follow || follow.on !== false) return { on: false, seq: shown ? shown.seq : 0 };
      if ((get("event-table", "sort_by") || []).length > 0) put("event-table", { sort_by: [] });
      return { on: true };
    },

    clear(clicks, shown) {
      return clicks && shown && shown.run ? { run: shown.run, seq: shown.seq } : nothing();
    },

    reset(clicks) {
      if (!clicks) return [nothing(), nothing(), nothing()];
      panels.clearSelection();
      return ["", "", ""];
    },

    monitor(follow, paused, shown) {
      scrubber.paused(paused);
      monitor.shown(shown, follow, paused);
    },

    ahead(value) {
      if (value) scrubber.ahead(value);
    },

    tap(data, selected) {
      if (!data) return nothing();
      return { node: selected && selected.node === data.id ? null : data.id };
    },

    pick(data, selected) {
      const node = data && data.points.length > 0 && data.points[0].customdata ? data.points[0].customdata[0] : null;
      if (node) put("selected", { data: { node: selected && selected.node === node ? null : node } });
    },

    timeline: (figure) => timeline.drawn(figure),
    zoom: (change) => timeline.zoomed(change),
    graph: (view) => graph.apply(view),
    ring: (selected) => {
      graph.select(selected ? selected.node : null);
      timeline.select(selected ? selected.node : null);
      inspector.selected((selected && selected.node) || null);
    },
    inspected(shown) {
      if (shown) inspector.answered(shown);
    },
    turn: (clicks) => {
      if (clicks) graph.turn();
    },
    fit: (clicks) => {
      if (clicks) graph.fit();
    },
    wholeOutput: (shown) => {
      if (shown) cards.showWhole(shown);
    },
    fold: (clicks) => {
      if (clicks) graph.fold();
    },
  };

  Object.assign(dash.ryx, runs.callbacks(nothing, triggered), RyxDash.analytics.callbacks());

  /** Another run than before is on the page: nothing of the last one's view stays behind. */
  function startClean(run, paused, follow, selected) {
    cards.forget();
    if (paused && paused.run !== run) put("pause", { data: null });
    if (follow && follow.on === false) put("follow", { data: { on: true } });
    if (!inspector.keeps(run) && selected && selected.node) put("selected", { data: { node: null } });
  }

  // -- the browser ------------------------------------------------------------------------------

  const wake = () => {
    if (document.visibilityState !== "hidden") act("wake");
  };
  root.addEventListener("online", () => act("online"));
  root.addEventListener("offline", () => act("offline"));
  root.addEventListener("focus", wake);
  root.addEventListener("pageshow", wake);
  root.addEventListener("popstate", () => {
    act("navigate", { path: root.location.pathname });
    if (inspector.returned()) return void scrubber.settleSoon();
    scrubber.open();
    inspector.arrive();
  });
  document.addEventListener("visibilitychange", wake);
  root.setInterval(tick, TICK_MS);
  RyxDash.draw.start();
  RyxDash.code.start();

  const page = {
    put,
    get,
    execute: (input) => execute(input, get("model-select", "value")),
    dismiss: () => act("dismiss"),
  };
  for (const part of [inspector, eventRows, finder, graph, monitor, panels, splitters, cards, focus, hush, runs, scrubber, timeline, keyboard, importer]) part.start(page);
})(globalThis);
