// The client-side layer as a program: messages come in as lines of JSON, effects go out.
//
//   {"page": 1, "create": {…}, "seed": 7}      a new page
//   {"page": 1, "step": {"type": …, "now": …}} what it does then, and what it looks like
//   {"page": 1, "close": true}                 forget it
//
// It does no I/O of its own, so whoever drives it owns the clock, the socket and the storage.
const readline = require("node:readline");
const { RyxDash, seeded } = require("../js/load.js");

const { session } = RyxDash;
const pages = new Map(); // id -> {state, random}

function look({ state, now }) {
  return {
    view: session.view(state, now),
    phase: state.connection.phase,
    queue: state.queue.items.map(({ command }) => command.command_id),
    wanted: session.wanted(state),
    path: state.path,
    seen: state.seen,
  };
}

function step(page, message) {
  const { state, effects } = session.step(page.state, message, page.random);
  Object.assign(page, { state, now: message.now });
  return { effects, ...look(page) };
}

function answer({ page: id, create, seed, step: message, close }) {
  if (create) pages.set(id, { state: session.create(create), random: seeded(seed), now: 0 });
  if (close) pages.delete(id);
  return message ? step(pages.get(id), message) : {};
}

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  process.stdout.write(`${JSON.stringify(answer(JSON.parse(line)))}\n`);
});
