/* Frames: reading them, and the watchdog for frames, and for a person's steps, whose views never appear. */
(function (root) {
  "use strict";
  const RyxDash = (root.RyxDash = root.RyxDash || {});

  const PATIENCE_MS = Object.freeze([4000, 8000, 16000, 30000]);

  const isText = (value) => typeof value === "string" && value !== "";

  /** The frame in a message's text, or null when it is none. `acks` is always an array. */
  function parse(text) {
    let frame;
    try {
      frame = JSON.parse(text);
    } catch {
      return null;
    }
    if (frame === null || typeof frame !== "object" || !Number.isInteger(frame.n)) return null;
    const acks = Array.isArray(frame.acks) ? frame.acks : [];
    return {
      ...frame,
      hello: frame.hello === true,
      run: isText(frame.run) ? frame.run : null,
      beat: Number.isFinite(frame.beat) && frame.beat > 0 ? frame.beat : null,
      acks: acks.filter((ack) => ack !== null && typeof ack === "object" && isText(ack.command_id)),
    };
  }

  const watchdog = Object.freeze({
    /** Nothing to wait for. */
    idle: () => ({ n: null, due: null, tries: 0, step: false }),
    /** Frame `n` is here; its views should be too, in four seconds at most. */
    frame: (state, n, now) => ({ ...state, n, due: now + PATIENCE_MS[state.tries], step: false }),
    /** A person changed what is asked of frame `n`. If its views are awaited anyway, they will have it. */
    asked: (state, n, now) => (state.n !== null && !state.step ? state : { ...watchdog.frame(state, n, now), step: true }),
    /** The server has answered the newest request: a step is done, a frame is only when it is drawn. */
    answered: (state) => (state.step ? watchdog.idle() : state),
    /** The views of frame `n` are on the page. An older frame's views prove nothing. */
    shown: (state, n) => (state.n !== null && n >= state.n ? watchdog.idle() : state),
    /** Returns {state, again}: `again` is the frame to ask for once more, or null. */
    check(state, now) {
      if (state.n === null || now < state.due) return { state, again: null };
      const tries = Math.min(state.tries + 1, PATIENCE_MS.length - 1);
      return { state: { ...state, tries, due: now + PATIENCE_MS[tries] }, again: state.n };
    },
  });

  RyxDash.frames = Object.freeze({ parse, watchdog, PATIENCE_MS });
})(globalThis);
