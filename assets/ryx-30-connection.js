/* The connection as a state machine: step(state, message) -> {state, effects}.
 *
 * No timers, no sockets, no clock: each message carries the time, and the effects say what to do
 * with the one socket there is: {type: "open", attempt}, {type: "drop"}, {type: "ping"}.
 *
 * Phases: idle (no page to serve), connecting, connected (its hello frame came), waiting (for the
 * next retry), failed (retries used up).
 */
(function (root) {
  "use strict";
  const RyxDash = (root.RyxDash = root.RyxDash || {});
  const backoff = RyxDash.backoff;

  const HELLO_MS = 10000; // from opening a socket to its hello frame
  const PONG_MS = 10000; // from a ping to whatever is heard next
  const GRACE_MS = 10000; // beyond the heartbeat that the server promised
  const BEAT_MS = 15000; // until a frame says otherwise
  const STABLE_MS = 5000; // a connection that lasts this long was a success
  const JUMP_MS = 5000; // the clock moved further between two ticks: timers stood still

  function create() {
    return {
      phase: "idle",
      attempt: 0, // number of sockets opened so far; names the present one
      retries: 0, // retries made since the last stable connection
      since: 0, // when this phase began
      due: null, // waiting: when to try again
      delay: 0,
      heard: 0, // connected: when the last frame came
      pinged: null, // connected: when the ping went out that nothing has answered
      beat: BEAT_MS,
      reason: "",
      denied: false, // failed because the server refuses this page
      ticked: null,
    };
  }

  const nothing = (state) => ({ state, effects: [] });

  function open(state, now) {
    const begun = { phase: "connecting", attempt: state.attempt + 1, since: now };
    const next = { ...state, ...begun, due: null, pinged: null, denied: false };
    return { state: next, effects: [{ type: "open", attempt: next.attempt }] };
  }

  function fail(state, now, reason, random) {
    const effects = [{ type: "drop" }];
    const retries = state.retries + 1;
    const down = { ...state, since: now, reason, pinged: null, due: null };
    if (retries > backoff.RETRIES) return { state: { ...down, phase: "failed" }, effects };
    const delay = backoff.delay(retries, random);
    return { state: { ...down, phase: "waiting", retries, delay, due: now + delay }, effects };
  }

  function ping(state, now) {
    return { state: { ...state, pinged: now }, effects: [{ type: "ping" }] };
  }

  /** Is somebody there? A ping that waits for its answer already is not put off by another. */
  const probe = (state, now) => (state.pinged === null ? ping(state, now) : nothing(state));

  function checkConnected(state, now, random) {
    if (jumped(state, now)) return ping({ ...state, heard: now }, now);
    const unanswered = state.pinged !== null && now - state.pinged >= PONG_MS;
    const silent = now - state.heard > state.beat + GRACE_MS;
    return unanswered || silent ? fail(state, now, "The connection went silent.", random) : nothing(state);
  }

  function jumped(state, now) {
    return state.ticked !== null && Math.abs(now - state.ticked) > JUMP_MS;
  }

  function checkConnecting(state, now, random) {
    if (now < state.since || jumped(state, now)) return nothing({ ...state, since: now });
    return now - state.since >= HELLO_MS ? fail(state, now, "The server did not answer.", random) : nothing(state);
  }

  function checkWaiting(state, now) {
    const due = Math.min(state.due, now + state.delay); // the clock may have been set back
    return now >= due ? open(state, now) : nothing({ ...state, due });
  }

  function check(state, now, random) {
    if (state.phase === "connected") return checkConnected(state, now, random);
    if (state.phase === "connecting") return checkConnecting(state, now, random);
    return state.phase === "waiting" ? checkWaiting(state, now) : nothing(state);
  }

  function onTick(state, { now }, random) {
    const checked = check(state, now, random);
    return { ...checked, state: { ...checked.state, ticked: now } };
  }

  function onWake(state, message, random) {
    const checked = onTick(state, message, random);
    const quiet = checked.effects.length === 0 && checked.state.phase === "connected";
    return quiet ? probe(checked.state, message.now) : checked;
  }

  function onOnline(state, message, random) {
    if (state.phase === "waiting") return open(state, message.now);
    if (state.phase === "failed") return open({ ...state, retries: 0 }, message.now);
    return onWake(state, message, random);
  }

  const HANDLERS = {
    mount: (state, { now }) => open({ ...state, retries: 0, reason: "", ticked: null }, now),
    unmount: (state, { now }) => nothing({ ...state, phase: "idle", since: now, due: null, pinged: null }),
    closed(state, { now, code, reason }, random) {
      if (state.phase !== "connecting" && state.phase !== "connected") return nothing(state);
      return fail(state, now, sentence(state, code, reason), random);
    },
    // The server was asked why no socket opens, and refuses this page: retries would not help.
    denied(state, { now, reason }) {
      if (state.phase !== "connecting" && state.phase !== "waiting") return nothing(state);
      const down = { ...state, phase: "failed", since: now, due: null, pinged: null, reason, denied: true };
      return { state: down, effects: [{ type: "drop" }] };
    },
    frame(state, { now, frame }) {
      const heard = { heard: now, pinged: null, beat: frame.beat ? frame.beat * 1000 : state.beat };
      if (state.phase === "connected") return nothing({ ...state, ...heard });
      if (state.phase !== "connecting" || !frame.hello) return nothing(state);
      return nothing({ ...state, ...heard, phase: "connected", since: now, reason: "" });
    },
    tick: onTick,
    wake: onWake,
    online: onOnline,
    offline: onWake, // says little: a server on this machine is still there
    reconnect(state, { now }) {
      const down = state.phase === "failed" || state.phase === "waiting";
      return down ? open({ ...state, retries: 0 }, now) : nothing(state);
    },
  };

  const CLOSED = {
    1000: "The server closed the connection.",
    1001: "The server is shutting down.",
    1008: "The server refused the connection.",
    1009: "A message was too large for the server.",
    1011: "The server had an error.",
    1012: "The server is restarting.",
    1013: "The server is too busy.",
  };

  function sentence(state, code, reason) {
    if (reason) return /[.!?]$/.test(reason) ? reason : `${reason}.`;
    const lost = state.phase === "connected" ? "The connection was lost." : "The server cannot be reached.";
    return CLOSED[code] || lost;
  }

  /** A connection that lasted for five seconds gives all retries back. */
  function settle(state, now) {
    const stable = state.phase === "connected" && state.retries > 0 && now - state.since >= STABLE_MS;
    return stable ? { ...state, retries: 0 } : state;
  }

  /** Take a message {type, now, …}. Messages of an unknown type change nothing. */
  function step(state, message, random = Math.random) {
    const handler = HANDLERS[message.type];
    return handler ? handler(settle(state, message.now), message, random) : nothing(state);
  }

  const BADGES = {
    idle: ["connecting", "● Connecting..."],
    connecting: ["connecting", "● Connecting..."],
    connected: ["connected", "● Connected"],
    waiting: ["disconnected", "○ Disconnected"],
    failed: ["error", "✗ Error"],
  };

  function note(state, now) {
    const which = `(${state.retries} of ${backoff.RETRIES})`;
    if (state.phase === "waiting") {
      const seconds = Math.max(1, Math.ceil((state.due - now) / 1000));
      return `${state.reason} Trying again in ${seconds} s ${which}.`;
    }
    if (state.phase === "connecting" && state.retries > 0) return `${state.reason} Trying again now ${which}.`;
    if (state.phase !== "failed") return "";
    if (state.denied) return state.reason;
    return `${state.reason} ${backoff.RETRIES} retries failed. Press Reconnect to try again.`;
  }

  /** What the page says about it: {status, text, note, reconnect}. */
  function view(state, now) {
    const [status, text] = BADGES[state.phase];
    return { status, text, note: note(state, now).trim(), reconnect: state.phase === "failed" };
  }

  RyxDash.connection = Object.freeze({
    create, step, view, HELLO_MS, PONG_MS, GRACE_MS, BEAT_MS, STABLE_MS, JUMP_MS,
  });
})(globalThis);
