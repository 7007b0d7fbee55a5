/* Time travel as a state machine: step(state, message) -> {state, effects}.
 *
 * A place is asked for only when the last one is drawn, and then the newest wish: the server can
 * be slower than a hand on the scrubber, and Dash shows nothing of a call that is asked for again.
 * Effects:
 *   {type: "pause", value}   show {run, seq}; null: show the newest event
 *   {type: "ahead", value}   ask when the events after {run, after} happened
 */
(function (root) {
  "use strict";
  const RyxDash = (root.RyxDash = root.RyxDash || {});

  const PATIENCE_MS = 1500; // a place that is not drawn by then is given up for the next one
  const LONGEST_GAP_MS = 1000; // nobody watches nothing happen for longer

  const create = () => ({
    run: null,
    seq: 0, // what is drawn
    head: 0,
    steps: [], // where steps begin and end
    live: true,
    asked: null, // the place that the server was asked for
    since: 0,
    wanted: null, // the place to ask for next
    play: null, // {speed, after, schedule, clock, last} while playing
  });

  const out = (state, effects = []) => ({ state, effects });
  const place = (state) => state.wanted ?? state.asked ?? state.seq;
  const clamp = (seq, head) => Math.max(Math.min(seq, head), Math.min(1, head));

  function flush(state, now) {
    const patient = state.asked !== null && now - state.since < PATIENCE_MS;
    if (state.wanted === null || patient) return out(state);
    const seq = state.wanted;
    const end = seq >= state.head; // the end of what there is: there it goes on live
    const value = end ? null : { run: state.run, seq };
    return out({ ...state, wanted: null, asked: end ? null : seq, since: now, live: end }, [{ type: "pause", value }]);
  }

  function go(state, seq, now) {
    if (state.run === null || state.head === 0) return out(state);
    return flush({ ...state, wanted: clamp(seq, state.head) }, now);
  }

  /** A person's own step ends the playing. */
  const move = (state, seq, now) => go({ ...state, play: null }, seq, now);

  const next = (state) => state.steps.find((seq) => seq > place(state)) ?? state.head;
  const previous = (state) => state.steps.filter((seq) => seq < place(state)).pop() ?? 1;

  // -- playing ----------------------------------------------------------------------------------

  /** When to show each event, in milliseconds from the first of `times`, long gaps cut. */
  function schedule(times) {
    let at = 0;
    return times.map((time, i) => {
      if (i > 0) at += Math.min(Math.max(time - times[i - 1], 0), LONGEST_GAP_MS);
      return at;
    });
  }

  /** How many of the scheduled events are due. */
  function due(plan, clock) {
    let [low, high] = [0, plan.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (plan[middle] <= clock) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Ask for the times from the event `first` on. */
  function lookAhead(state, first, speed, now) {
    const play = { speed, after: first - 1, schedule: null, clock: 0, last: now };
    return out({ ...state, play }, [{ type: "ahead", value: { run: state.run, after: first - 1 } }]);
  }

  function onPlay(state, { now, speed }) {
    if (state.play) return out({ ...state, play: null });
    if (state.run === null || state.head < 2) return out(state);
    const first = place(state) >= state.head ? 1 : place(state);
    const there = go(state, first, now);
    const ahead = lookAhead(there.state, first, speed, now);
    return out(ahead.state, [...there.effects, ...ahead.effects]);
  }

  function onAhead(state, { now, ahead }) {
    const { play } = state;
    if (!play || !ahead || ahead.run !== state.run || ahead.after !== play.after) return out(state);
    return out({ ...state, play: { ...play, schedule: schedule(ahead.times), last: now } });
  }

  function advance(state, now) {
    const { play } = state;
    if (!play || play.schedule === null) return out(state);
    const clock = play.clock + Math.max(0, now - play.last) * play.speed;
    const count = due(play.schedule, clock);
    const seq = play.after + count;
    const playing = { ...state, play: { ...play, clock, last: now } };
    if (seq >= state.head) return move(playing, state.head, now);
    const there = seq > place(state) ? go(playing, seq, now) : out(playing);
    if (count < play.schedule.length) return there;
    const ahead = lookAhead(there.state, seq, play.speed, now);
    return out(ahead.state, [...there.effects, ...ahead.effects]);
  }

  function onTick(state, { now }) {
    const played = advance(state, now);
    const flushed = flush(played.state, now);
    return out(flushed.state, [...played.effects, ...flushed.effects]);
  }

  // -- messages ---------------------------------------------------------------------------------

  function onShown(state, { shown, now }) {
    const run = shown.run || null;
    const known = run === state.run ? state : { ...create(), run, live: state.live };
    const asked = shown.seq === known.asked ? null : known.asked;
    const facts = { seq: shown.seq || 0, head: shown.head || 0, steps: shown.steps || [] };
    return flush({ ...known, ...facts, asked }, now);
  }

  /** Somebody else stopped the view, or let it go on. */
  function onPaused(state, { paused }) {
    const live = !paused || (state.run !== null && paused.run !== state.run);
    return out(live && !state.live ? { ...state, live, asked: null, wanted: null, play: null } : { ...state, live });
  }

  const HANDLERS = {
    shown: onShown,
    paused: onPaused,
    play: onPlay,
    ahead: onAhead,
    tick: onTick,
    seek: (state, { seq, now }) => move(state, seq, now),
    by: (state, { count, now }) => move(state, place(state) + count, now),
    next: (state, { now }) => move(state, next(state), now),
    previous: (state, { now }) => move(state, previous(state), now),
    live: (state, { now }) => move({ ...state, asked: null }, state.head, now),
    speed: (state, { speed }) => out(state.play ? { ...state, play: { ...state.play, speed } } : state),
  };

  const step = (state, message) => HANDLERS[message.type](state, message);

  /** The moment that an address names: {run, seq} for "/runs/<run>?seq=<seq>", else null. */
  function linked(path, search) {
    const run = RyxDash.session.runOf(path);
    const seq = new URLSearchParams(search).get("seq");
    return run !== null && /^[1-9]\d{0,8}$/.test(seq || "") ? { run, seq: Number(seq) } : null;
  }

  /** The address of a moment; of the run itself if `seq` is null. */
  const link = (run, seq) => `/runs/${encodeURIComponent(run)}${seq === null ? "" : `?seq=${seq}`}`;

  RyxDash.travel = Object.freeze({ create, step, place, schedule, due, linked, link });
})(globalThis);
