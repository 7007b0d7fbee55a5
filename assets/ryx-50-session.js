/* One page's whole behaviour towards the server: step(state, message) -> {state, effects}.
 *
 * It joins the connection, the command queue, the watchdog and the choice of the run. Effects:
 *   {type: "url", url}          the socket's address; null closes it
 *   {type: "send", text}        one envelope; at most one a step, since two in one tick lose one
 *   {type: "save", key, value}  keep over reloads; null forgets
 *   {type: "navigate", run}     show /runs/<run> in the address bar
 */
(function (root) {
  "use strict";
  const RyxDash = (root.RyxDash = root.RyxDash || {});
  const { connection, queue, frames, link } = RyxDash;
  const { watchdog } = frames;

  const STREAM = "/api/workflow/stream";
  const WATCH_MS = 3000;

  /** The run that an address names: "/runs/<id>" (nothing else does). */
  function runOf(path) {
    const match = /^\/runs\/([^/]+)\/?$/.exec(path || "");
    if (!match) return null;
    try {
      return decodeURIComponent(match[1]);
    } catch {
      return match[1];
    }
  }

  /** `nonce` sets this page's envelopes apart; `saved` is {queue, run} as kept over a reload. */
  function create({ path = "/", nonce = "", address = "", saved = {} } = {}) {
    return {
      connection: connection.create(),
      queue: queue.load(saved.queue),
      watchdog: watchdog.idle(),
      nonce,
      address, // of the dashboard, as people know it
      count: 0, // envelopes sent
      path,
      started: saved.run || null, // the run that this tab started last
      heard: 0, // number of the newest frame of this connection
      frame: null, // that frame
      link: null, // from the dashboard to its backend, as that frame said
      seen: { run: null, seq: 0, log: null }, // what is drawn
      watch: null, // {at}: told the server about another run, and no frame has shown it yet
      refused: "", // why a command was not taken
    };
  }

  /** The run to show; null: whichever is the newest. */
  const wanted = (state) => (state.path === "/" ? state.started : runOf(state.path));

  function url(state, attempt) {
    const run = wanted(state);
    const seen = run !== null && run === state.seen.run ? state.seen.seq : 0;
    const query = new URLSearchParams({ attempt, run: run || "", seen, log: state.seen.log || "" });
    return `${STREAM}?${query}`;
  }

  function socket(state, message, random) {
    const { state: next, effects } = connection.step(state.connection, message, random);
    const out = { state: { ...state, connection: next }, effects: [], ping: false };
    for (const effect of effects) {
      if (effect.type === "ping") out.ping = true;
      else {
        out.state = { ...out.state, watchdog: watchdog.idle(), heard: 0, watch: null };
        out.effects.push({ type: "url", url: effect.type === "open" ? url(state, effect.attempt) : null });
      }
    }
    return out;
  }

  const plain = (state, effects = []) => ({ state, effects, ping: false });

  function saveQueue({ queue: { items } }) {
    return { type: "save", key: "queue", value: items.length > 0 ? queue.save({ items }) : null };
  }

  /** A run of ours has begun: show it, also in the address when that names another run.
   *
   * The server is told even if it shows that run by now: for it that may be just the newest one.
   */
  function began(state, run) {
    const effects = [{ type: "save", key: "run", value: run }];
    let next = { ...state, started: run };
    if (state.path !== "/" && runOf(state.path) !== run) {
      next = { ...next, path: `/runs/${encodeURIComponent(run)}` };
      effects.push({ type: "navigate", run });
    }
    return plain(wanted(state) === run ? next : { ...next, watch: { at: null } }, effects);
  }

  function acknowledged(state, acks) {
    const { queue: left, done } = queue.acknowledge(state.queue, acks);
    if (done.length === 0) return plain(state);
    let out = plain({ ...state, queue: left });
    out.effects.push(saveQueue(out.state));
    for (const { command, ack } of done) {
      if (ack.error) out.state = { ...out.state, refused: ack.error.message || "The server refused the command." };
      else if (command.type === "execute" && ack.run_id) {
        const next = began(out.state, ack.run_id);
        out = plain(next.state, [...out.effects, ...next.effects]);
      }
    }
    return out;
  }

  /** The remembered run is not in this log: follow the newest instead. */
  function forget(state, frame) {
    const unknown = frame.error && frame.error.code === "unknown_run" && frame.run === state.started;
    if (!unknown || state.path !== "/" || state.started === null) return plain(state);
    return plain({ ...state, started: null, watch: { at: null } }, [{ type: "save", key: "run", value: null }]);
  }

  /** A frame of the wanted run, or an error, ends the wish; one of another run is a new wish. */
  function confirmWatch(state, frame) {
    if (state.watch !== null && state.watch.at === null) return state; // it is not sent yet
    const run = wanted(state);
    if (run === null || frame.run === run || frame.error) return { ...state, watch: null };
    return { ...state, watch: state.watch || { at: null } };
  }

  function onFrame(state, { now, text }, random) {
    const frame = frames.parse(text);
    if (frame === null) return plain(state);
    const out = socket(state, { type: "frame", now, frame }, random);
    // No hello yet, or nobody there: the frame belongs to a socket that is no longer ours.
    if (out.state.connection.phase !== "connected") return plain(out.state);
    if (!frame.hello && frame.n <= state.heard) return plain(out.state);
    const beyond = { link: link.parse(frame.link, now) };
    const fresh = { ...out.state, ...beyond, heard: frame.n, frame, watchdog: watchdog.frame(out.state.watchdog, frame.n, now) };
    const acked = acknowledged(confirmWatch(fresh, frame), frame.acks);
    const known = forget(acked.state, frame);
    return plain(known.state, [...acked.effects, ...known.effects]);
  }

  function onShown(state, { shown }) {
    if (!shown || !Number.isInteger(shown.n)) return plain(state);
    const seen = { run: shown.run || null, seq: shown.seq || 0, log: shown.log || null };
    return plain({ ...state, seen, watchdog: watchdog.shown(state.watchdog, shown.n) });
  }

  /** The server callback is called; it may get lost on the way, and nobody else would call it again. */
  function onAsked(state, { now }) {
    return plain({ ...state, watchdog: watchdog.asked(state.watchdog, state.heard, now) });
  }

  function onAnswered(state) {
    return plain({ ...state, watchdog: watchdog.answered(state.watchdog) });
  }

  function onCommand(state, { now, command }) {
    const { queue: next, added, refused } = queue.add(state.queue, command, now);
    const after = { ...state, queue: next, refused: refused || (added ? "" : state.refused) };
    return plain(after, added ? [saveQueue(after)] : []);
  }

  function onNavigate(state, { path }) {
    if (path === state.path) return plain(state);
    return plain({ ...state, path, watch: { at: null } });
  }

  function onMount(state, message, random) {
    const here = { ...state, path: message.path || state.path, seen: create().seen, frame: null };
    return socket(here, message, random);
  }

  const HANDLERS = {
    mount: onMount,
    message: onFrame,
    shown: onShown,
    asked: onAsked,
    answered: onAnswered,
    command: onCommand,
    navigate: onNavigate,
    dismiss: (state) => plain({ ...state, refused: "" }),
  };

  function expire(out, now) {
    const { queue: left, expired } = queue.expire(out.state.queue, now);
    if (expired.length === 0) return out;
    const which = expired.length === 1 ? "A command" : `${expired.length} commands`;
    const refused = `${which} waited for over an hour and will not be sent.`;
    const state = { ...out.state, queue: left, refused };
    return { ...out, state, effects: [...out.effects, saveQueue(state)] };
  }

  function watchDue(state, now) {
    if (state.watch === null) return false;
    const { at } = state.watch;
    return at === null || now - at >= WATCH_MS || now < at;
  }

  /** Put whatever is due into one envelope. */
  function flush({ state, effects, ping }, now) {
    if (state.connection.phase !== "connected") return { state, effects };
    const messages = ping ? [{ type: "ping" }] : [];
    const { state: dog, again } = watchdog.check(state.watchdog, now);
    let next = { ...state, watchdog: dog };
    if (again !== null) messages.push({ type: "again", n: again });
    if (watchDue(next, now)) {
      messages.push({ type: "watch", run: wanted(next) });
      next = { ...next, watch: { at: now } };
    }
    const { attempt } = next.connection;
    const commands = queue.due(next.queue, attempt, now);
    next = { ...next, queue: queue.sent(next.queue, commands, attempt, now) };
    messages.push(...commands);
    if (messages.length === 0) return { state: next, effects };
    const count = next.count + 1;
    const text = JSON.stringify({ c: `${next.nonce}-${count}`, m: messages });
    return { state: { ...next, count }, effects: [...effects, { type: "send", text }] };
  }

  /** Take a message {type, now, …}; those of the connection machine are passed on to it. */
  function step(state, message, random = Math.random) {
    const handler = HANDLERS[message.type] || socket;
    return flush(expire(handler(state, message, random), message.now), message.now);
  }

  /** What the page says: the connection's view, `links`, `queued` and `refused`. */
  function view(state, now) {
    const { attempt, phase } = state.connection;
    const shown = connection.view(state.connection, now);
    const links = link.view(state.connection, shown, state.link, now, state.address);
    return {
      ...shown,
      note: shown.note || links.note,
      links,
      queued: queue.waiting(state.queue, phase === "connected" ? attempt : null, now),
      refused: state.refused,
    };
  }

  RyxDash.session = Object.freeze({ create, step, view, wanted, runOf, WATCH_MS });
})(globalThis);
