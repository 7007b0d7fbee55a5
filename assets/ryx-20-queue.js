/* Commands that the server has not acknowledged yet, oldest first.
 *
 * A command stays until its `command_id` comes back; it is sent again on each new connection and
 * whenever three seconds pass without an answer. The server takes a `command_id` only once, so
 * sending twice is harmless and losing one is not.
 *
 * A queue is a plain value: {items: [{command, added, sent, attempt}], last: {key, at} | null}.
 * `command` is the message as sent; `added` and `sent` are times in ms, `attempt` is the
 * connection that it was last sent on.
 */
(function (root) {
  "use strict";
  const RyxDash = (root.RyxDash = root.RyxDash || {});

  const MOST_COMMANDS = 20;
  const MOST_BYTES = 64 * 1024;
  const OLDEST_MS = 60 * 60 * 1000;
  const RESEND_MS = 3000;
  const DOUBLE_CLICK_MS = 1000;
  const ENVELOPE_BYTES = 512; // the wrapping, and the small messages beside a command
  const TYPES = Object.freeze(["execute", "cancel"]);

  const encoder = new TextEncoder();
  const empty = () => ({ items: [], last: null });

  function bytes(command) {
    return encoder.encode(JSON.stringify(command)).length;
  }

  /** Two commands with the same key ask for the same thing. */
  function key(command) {
    const { command_id: _, ...rest } = command;
    return JSON.stringify(rest, Object.keys(rest).sort());
  }

  function refusal(queue, command) {
    if (command.type === "execute" && command.input.trim() === "") return "Type a query first.";
    const size = bytes(command);
    if (size > MOST_BYTES - ENVELOPE_BYTES) {
      return `The query is ${Math.ceil(size / 1024)} KiB long; at most 64 KiB can be sent. Shorten it.`;
    }
    if (queue.items.length >= MOST_COMMANDS) {
      return `${MOST_COMMANDS} commands are waiting already. Wait until the connection is back.`;
    }
    return null;
  }

  /** Whether the same thing was asked for a moment ago, or still waits for its answer. */
  function repeated(queue, wanted, now) {
    const recent = queue.last && queue.last.key === wanted && Math.abs(now - queue.last.at) < DOUBLE_CLICK_MS;
    return recent || queue.items.some((item) => key(item.command) === wanted);
  }

  /** Add a command. Returns {queue, added, refused}: `refused` is a sentence, or null. */
  function add(queue, command, now) {
    const wanted = key(command);
    if (repeated(queue, wanted, now)) return { queue, added: false, refused: null };
    const refused = refusal(queue, command);
    if (refused) return { queue, added: false, refused };
    const item = { command, added: now, sent: null, attempt: null };
    return { queue: { items: [...queue.items, item], last: { key: wanted, at: now } }, added: true, refused: null };
  }

  /** Sent on this connection less than three seconds ago: its answer is under way. */
  function inFlight(item, attempt, now) {
    const age = now - item.sent;
    return item.sent !== null && item.attempt === attempt && age >= 0 && age < RESEND_MS;
  }

  /** The commands to send now on connection `attempt`, as many as one envelope may hold. */
  function due(queue, attempt, now) {
    const chosen = [];
    let room = MOST_BYTES - ENVELOPE_BYTES;
    for (const item of queue.items) {
      if (inFlight(item, attempt, now)) continue;
      room -= bytes(item.command) + 1;
      if (chosen.length > 0 && room < 0) break;
      chosen.push(item.command);
    }
    return chosen;
  }

  /** Note that these commands went out on connection `attempt`. */
  function sent(queue, commands, attempt, now) {
    const ids = new Set(commands.map((command) => command.command_id));
    const mark = (item) => (ids.has(item.command.command_id) ? { ...item, sent: now, attempt } : item);
    return { ...queue, items: queue.items.map(mark) };
  }

  /** Take out what was acknowledged. Returns {queue, done: [{command, ack}]}, each ack at most once. */
  function acknowledge(queue, acks) {
    const answers = new Map(acks.map((ack) => [ack.command_id, ack]));
    const done = queue.items
      .filter((item) => answers.has(item.command.command_id))
      .map(({ command }) => ({ command, ack: answers.get(command.command_id) }));
    if (done.length === 0) return { queue, done };
    const items = queue.items.filter((item) => !answers.has(item.command.command_id));
    return { queue: { ...queue, items }, done };
  }

  /** Take out what waited for over an hour. Returns {queue, expired: [command]}. */
  function expire(queue, now) {
    const old = (item) => now - item.added > OLDEST_MS;
    const expired = queue.items.filter(old).map((item) => item.command);
    if (expired.length === 0) return { queue, expired };
    return { queue: { ...queue, items: queue.items.filter((item) => !old(item)) }, expired };
  }

  /** How many commands wait; those whose answer is under way do not count. */
  function waiting(queue, attempt, now) {
    return queue.items.filter((item) => !inFlight(item, attempt, now)).length;
  }

  const save = (queue) => JSON.stringify(queue.items.map(({ command, added }) => ({ command, added })));

  function sound(item) {
    const command = item && item.command;
    if (!command || !TYPES.includes(command.type) || !Number.isFinite(item.added)) return false;
    if (typeof command.command_id !== "string" || command.command_id === "") return false;
    const field = command.type === "execute" ? command.input : command.run_id;
    return typeof field === "string" && bytes(command) <= MOST_BYTES - ENVELOPE_BYTES;
  }

  /** The queue that `save` wrote; whatever cannot be read is left out. */
  function load(text) {
    let items;
    try {
      items = JSON.parse(text || "[]");
    } catch {
      return empty();
    }
    if (!Array.isArray(items)) return empty();
    const kept = items.filter(sound).slice(0, MOST_COMMANDS);
    return { items: kept.map(({ command, added }) => ({ command, added, sent: null, attempt: null })), last: null };
  }

  RyxDash.queue = Object.freeze({
    empty, add, due, sent, acknowledge, expire, waiting, save, load,
    MOST_COMMANDS, MOST_BYTES, OLDEST_MS, RESEND_MS, DOUBLE_CLICK_MS,
  });
})(globalThis);
