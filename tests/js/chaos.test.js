// A page and a server joined by a bad network, at random: what must hold whatever happens.
// Repeat a failure with SEED=<the seed that the test printed>.
const assert = require("node:assert/strict");
const test = require("node:test");
const { RyxDash, seeded } = require("./load.js");

const { session } = RyxDash;
const TICK_MS = 250;
const BEAT_TICKS = 60; // 15 s, as the frames promise

/** Takes each command_id once; answers on whichever connection asks. */
class Server {
  constructor() {
    this.runs = new Map(); // command_id -> {run, times executed}
    this.connection = null;
    this.up = true;
  }

  connect(run) {
    this.connection = { n: 0, run: run || null, acks: new Map(), waiting: false, due: true, quiet: 0 };
  }

  receive(message) {
    const c = this.connection;
    if (message.type === "shown" && message.n === c.n) {
      c.waiting = false;
      c.acks.clear();
    } else if (message.type === "ping" || (message.type === "again" && message.n === c.n)) {
      c.waiting = false;
      c.due = true;
    } else if (message.type === "watch") {
      c.run = message.run;
      c.due = true;
    } else if (message.type === "execute") {
      const known = this.runs.get(message.command_id) || { run: `run-${this.runs.size + 1}`, received: 0 };
      known.received += 1;
      this.runs.set(message.command_id, known);
      c.acks.set(message.command_id, { command_id: message.command_id, run_id: known.run });
      c.due = true;
    }
  }

  frame() {
    const c = this.connection;
    if (!c) return null;
    c.quiet += 1;
    if (c.quiet > BEAT_TICKS) Object.assign(c, { waiting: false, due: true });
    if (c.waiting || !c.due) return null;
    c.quiet = 0;
    c.n += 1;
    c.waiting = true;
    c.due = false;
    return JSON.stringify({ n: c.n, hello: c.n === 1, log: "L", run: c.run, head: 0, acks: [...c.acks.values()], beat: 15 });
  }
}

class World {
  constructor(random) {
    this.random = random;
    this.now = 1_000_000;
    this.server = new Server();
    this.storage = {};
    this.socket = null; // {open, url}
    this.urls = new Set();
    this.accepted = new Set();
    this.acknowledged = new Map(); // command_id -> how often it left the queue
    this.count = 0;
    this.fault = 0.3;
    this.load();
  }

  /** A new page: the old one's socket is gone with it. */
  load() {
    this.socket = null;
    this.server.connection = null;
    this.urls.clear();
    this.state = session.create({ nonce: String((this.count += 1)), saved: this.storage });
    this.act("mount", { path: "/" });
  }

  chance(p) {
    return this.random() < p;
  }

  act(type, fields = {}) {
    const before = new Set(this.state.queue.items.map((item) => item.command.command_id));
    const { state, effects } = session.step(this.state, { type, now: this.now, ...fields }, this.random);
    this.state = state;
    const after = new Set(state.queue.items.map((item) => item.command.command_id));
    for (const id of before) if (!after.has(id)) this.acknowledged.set(id, (this.acknowledged.get(id) || 0) + 1);
    for (const id of after) if (!before.has(id)) this.accepted.add(id);
    assert.ok(effects.filter((effect) => effect.type === "send").length <= 1, "two sends in one tick lose one");
    for (const effect of effects) this[effect.type](effect);
    const { status } = session.view(state, this.now);
    assert.ok(["connecting", "connected", "disconnected", "error"].includes(status));
    if (status === "connected") assert.ok(this.socket, "connected without a socket");
  }

  url({ url }) {
    if (url === null) {
      this.socket = null;
      this.server.connection = null;
      return;
    }
    assert.equal(this.socket, null, "a second socket");
    assert.ok(!this.urls.has(url), "the component would not notice an address that it has");
    this.urls.add(url);
    this.socket = { open: false, url };
  }

  save({ key, value }) {
    this.storage[key] = value;
  }

  navigate() {}

  send({ text }) {
    assert.equal(session.view(this.state, this.now).status, "connected", "sent while not connected");
    assert.ok(Buffer.byteLength(text) < 64 * 1024);
    if (this.server.connection === null || this.chance(this.fault)) return; // lost on the way
    for (const message of JSON.parse(text).m) this.server.receive(message);
  }

  /** The socket and the server callback do what they do in a quarter of a second. */
  network() {
    if (this.socket && !this.socket.open) {
      if (!this.server.up || this.chance(this.fault)) return void this.close();
      this.socket.open = true;
      this.server.connect(new URLSearchParams(this.socket.url.split("?")[1]).get("run"));
    }
    const text = this.server.frame();
    if (text === null || this.chance(this.fault / 3)) return;
    this.act("message", { text });
    if (this.chance(this.fault / 3)) this.act("message", { text });
    if (this.server.connection && !this.chance(this.fault)) this.show(JSON.parse(text));
  }

  show(frame) {
    this.act("shown", { shown: { n: frame.n, run: frame.run, seq: 0, log: "L" } });
    if (this.server.connection) this.server.receive({ type: "shown", n: frame.n, run: frame.run, seq: 0 });
  }

  close() {
    this.socket = null;
    this.server.connection = null;
    this.act("closed", { code: 1006 });
  }

  ask() {
    const id = `c${(this.count += 1)}`;
    this.act("command", { command: { type: "execute", command_id: id, input: id, model: null } });
  }

  trouble() {
    const kind = Math.floor(this.random() * 9);
    if (kind === 0 && this.socket) this.close();
    else if (kind === 1) this.server.up = !this.server.up;
    else if (kind === 2) this.now += this.random() * 120_000;
    else if (kind === 3) this.now -= this.random() * 60_000;
    else if (kind === 4) this.load();
    else if (kind === 5) this.act(["wake", "online", "offline"][Math.floor(this.random() * 3)]);
    else if (kind === 6) this.server.connection = null; // half open: nobody is told
    else if (kind === 7) this.act("message", { text: JSON.stringify({ n: 1 + Math.floor(this.random() * 50), acks: [] }) });
    else this.ask();
  }

  tick() {
    this.now += TICK_MS;
    this.act("tick");
    this.network();
  }

  /** Nothing fails any more; a person presses Reconnect where that is offered. */
  heal() {
    this.fault = 0;
    this.server.up = true;
    for (let i = 0; i < 4 * 180; i += 1) {
      if (session.view(this.state, this.now).reconnect) this.act("reconnect");
      this.tick();
    }
  }
}

test("commands are carried out whatever happens to the connection", (t) => {
  const seed = Number(process.env.SEED) || Date.now() % 1_000_000;
  t.diagnostic(`SEED=${seed}`);
  let commands = 0;
  for (let round = 0; round < 60; round += 1) {
    const world = new World(seeded(seed + round));
    for (let i = 0; i < 200; i += 1) {
      if (world.chance(0.15)) world.trouble();
      world.tick();
    }
    world.heal();
    assert.equal(session.view(world.state, world.now).status, "connected");
    assert.equal(session.view(world.state, world.now).queued, 0);
    assert.deepEqual(world.state.queue.items, []);
    for (const id of world.accepted) {
      assert.ok(world.server.runs.has(id), `${id} was lost`);
      assert.equal(world.acknowledged.get(id), 1, `${id} left the queue once`);
    }
    assert.equal(world.server.runs.size, world.accepted.size, "nothing was made up");
    commands += world.accepted.size;
  }
  assert.ok(commands > 60, "the rounds asked for something");
});

test("a healed connection stays quiet: no resends, no retries", (t) => {
  const seed = Number(process.env.SEED) || Date.now() % 1_000_000;
  t.diagnostic(`SEED=${seed}`);
  const world = new World(seeded(seed));
  for (let i = 0; i < 100; i += 1) {
    if (world.chance(0.3)) world.trouble();
    world.tick();
  }
  world.heal();
  const { attempt } = world.state.connection;
  const sent = world.state.count;
  for (let i = 0; i < 4 * 60; i += 1) world.tick();
  assert.equal(world.state.connection.attempt, attempt);
  assert.equal(world.state.count, sent);
});
