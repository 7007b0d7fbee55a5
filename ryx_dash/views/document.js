/* Puts a run as it stood after any event in place. What each event changed was worked out before. */
(function () {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const first = JSON.parse(byId("first").textContent);
  const events = [...document.querySelectorAll("script.events")].flatMap((part) => JSON.parse(part.textContent));
  const start = events.length ? events[0].ms : 0;
  const end = events.reduce((latest, event) => Math.max(latest, event.ms), start);

  const SVG = "http://www.w3.org/2000/svg";
  const ROW = 44; // pixels of the graph: from step to step
  const COLUMN = 196; // from column to column
  const [WIDTH, HEIGHT] = [172, 28]; // of a node
  const CALLS_DOWN = 6; // calls in a column beside the step that makes them
  const LABEL = 12; // characters of a node's label
  const LINE = 22; // pixels of a line of the log
  const SPARE = 20; // lines above and below those that are seen
  const PLAY_MS = 120;
  const PLAY_STEPS = 500; // a longer run is played in so many steps
  const TYPING_MS = 150;

  let place = events.length;
  let playing = null;
  let typing = null;

  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  const day = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short" });
  const parts = { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 };
  const clock = new Intl.DateTimeFormat("en-GB", { ...parts, hourCycle: "h23" });

  // -- the run after `n` of the events ---------------------------------------------------------

  let state = null;
  let known = 0;

  function begin() {
    [state, known] = [{ nodes: new Map(), spans: new Map(), calls: new Map(), text: "", final: null }, 0];
    apply(first);
  }

  function put(map, changes) {
    for (const [key, value] of Object.entries(changes || {})) {
      if (value === null) map.delete(key);
      else map.set(key, value);
    }
  }

  function apply(event) {
    for (const name of ["nodes", "spans", "calls"]) put(state[name], event[name]);
    for (const name of ["made", "text", "final", "run", "note", "toolsNote"]) {
      if (event[name] !== undefined) state[name] = event[name];
    }
    if (event.grow !== undefined) state.text += event.grow;
  }

  function at(n) {
    if (state === null || n < known) begin();
    for (; known < n; known += 1) apply(events[known]);
    return state;
  }

  // -- drawing it -----------------------------------------------------------------------------------

  function element(name, className, ...children) {
    const made = document.createElement(name);
    made.className = className;
    made.append(...children);
    return made;
  }

  function shape(name, attributes, ...children) {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  /** The children of `parent` become one for each of `items`, by key; those that stay keep their place. */
  function sync(parent, items, make, fill) {
    const there = new Map([...parent.children].map((child) => [child.dataset.key, child]));
    const children = items.map(([key, value], index) => {
      const child = there.get(key) || make(key, value);
      child.dataset.key = key;
      fill(child, value, index);
      return child;
    });
    const same = children.length === parent.children.length && children.every((child, n) => child === parent.children[n]);
    if (!same) parent.replaceChildren(...children);
  }

  const many = (n) => n.toLocaleString("en");
  const marks = (status) => first.marks[status] || first.marks.unknown;
  const icon = (status) => marks(status)[0];
  const isStep = ([, node]) => node[4] === "";
  const short = (label) => (Array.from(label).length > LABEL ? `${Array.from(label).slice(0, LABEL - 1).join("")}…` : label);

  function makeStep(key, [, , label, step]) {
    const badge = element("span", "status", element("span", "status-icon"), element("span", "sr-only"));
    const made = element("li", "step", badge, element("span", "step-name", label), element("span", "step-latency"));
    Object.assign(made.dataset, { node: key, step });
    made.title = label;
    return made;
  }

  function fillStep(made, [status, took]) {
    made.dataset.status = status;
    made.children[0].dataset.status = status;
    made.children[0].children[0].textContent = icon(status);
    made.children[0].children[1].textContent = marks(status)[1];
    made.children[2].textContent = took;
  }

  function makeNode(key, [, , label]) {
    const made = shape(
      "g",
      { class: "node" },
      shape("rect", { width: WIDTH, height: HEIGHT, rx: 5 }),
      shape("text", { x: 10, y: 18 }),
      shape("text", { x: 28, y: 18 }, short(label)),
      shape("text", { x: WIDTH - 8, y: 18, class: "time", "text-anchor": "end" }),
      shape("title", {}, label),
    );
    made.dataset.node = key;
    return made;
  }

  function fillNode(made, [status, took], [x, y]) {
    made.dataset.status = status;
    made.setAttribute("transform", `translate(${x} ${y})`);
    made.children[1].textContent = icon(status);
    made.children[3].textContent = took;
  }

  /** Steps one below the other; calls beside the step that made them. */
  function places(steps, calls) {
    const found = new Map(steps.map(([key], n) => [key, [4, 4 + ROW * n]]));
    calls.forEach(([key, node], n) => {
      const [, top] = found.get(node[4]) || [4, 4];
      found.set(key, [4 + COLUMN * (1 + Math.floor(n / CALLS_DOWN)), top + ROW * (n % CALLS_DOWN)]);
    });
    return found;
  }

  function drawGraph(nodes) {
    const svg = byId("graph").firstChild;
    const steps = nodes.filter(isStep);
    const calls = nodes.filter((node) => !isStep(node));
    const where = places(steps, calls);
    const chain = steps.slice(1).map((_, n) => shape("path", { d: `M ${4 + WIDTH / 2} ${4 + HEIGHT + ROW * n} v ${ROW - HEIGHT}` }));
    const hung = calls.slice(0, CALLS_DOWN).map(([key, node]) => {
      const [, top] = where.get(node[4]) || [4, 4];
      const [x, y] = where.get(key);
      return shape("path", { class: "hung", d: `M ${4 + WIDTH} ${top + HEIGHT / 2} L ${x} ${y + HEIGHT / 2}` });
    });
    svg.children[0].replaceChildren(...chain, ...hung);
    sync(svg.children[1], nodes, makeNode, (made, node) => fillNode(made, node, where.get(made.dataset.key)));
    const corner = (side) => Math.max(...[...where.values()].map((point) => point[side]));
    const [width, height] = [corner(0) + WIDTH + 4, corner(1) + HEIGHT + 4];
    for (const [name, value] of Object.entries({ width, height, viewBox: `0 0 ${width} ${height}` })) svg.setAttribute(name, value);
  }

  const share = (ms) => (end > start ? Math.min(Math.max((ms - start) / (end - start), 0), 1) : 0);
  const percent = (part) => `${(part * 100).toFixed(3)}%`;

  /** One try, from its start to its end; hollow until the model's first token. */
  function bar([, status, attempt, began, ended, token], now) {
    const made = element("span", "bar");
    const until = ended === null ? now : ended;
    const length = Math.max(share(until) - share(began), 0);
    made.dataset.status = status;
    made.style.left = percent(share(began));
    made.style.width = percent(length);
    if (attempt > 1) made.title = `try ${attempt}`;
    if (token !== null && length > 0) {
      const waited = element("span", "waited");
      waited.style.width = percent((share(token) - share(began)) / length);
      made.append(waited);
    }
    return made;
  }

  function drawTimeline(nodes, now) {
    const tries = new Map();
    for (const span of state.spans.values()) tries.set(span[0], [...(tries.get(span[0]) || []), span]);
    const rows = nodes
      .filter(isStep)
      .flatMap((step) => [step, ...nodes.filter(([, node]) => node[4] === step[0])])
      .filter(([key]) => tries.has(key));
    sync(
      byId("bars"),
      rows,
      (_, node) => {
        const name = element("span", node[4] ? "bar-name quiet" : "bar-name", node[2]);
        name.title = node[2];
        return element("div", "bar-row", name, element("span", "bar-track"), element("span", "bar-time"));
      },
      (made, node) => {
        made.children[1].replaceChildren(...tries.get(made.dataset.key).map((span) => bar(span, now)));
        made.children[2].textContent = node[1];
      },
    );
    byId("timeline").style.setProperty("--at", share(now));
  }

  const drawn = new WeakMap(); // which text a card was made of: one that stays may have been closed

  function fillCard(made, text) {
    if (drawn.get(made) === text) return;
    drawn.set(made, text);
    made.innerHTML = text; // escaped when it was written down
  }

  function drawTools() {
    byId("made").textContent = many(state.made);
    byId("tools-note").innerHTML = state.toolsNote;
    sync(byId("cards"), [...state.calls], () => element("div", ""), fillCard);
  }

  function drawRun() {
    const [status, took] = state.run;
    const [sign, word] = marks(status);
    byId("run").dataset.status = status;
    byId("run").children[0].textContent = sign;
    byId("run").children[1].textContent = word;
    byId("took").textContent = took;
    byId("state").innerHTML = state.note;
    byId("answer").classList.toggle("streaming", state.final === null);
    if (state.final === null) byId("answer").textContent = state.text;
    else byId("answer").innerHTML = state.final;
  }

  // -- the log ------------------------------------------------------------------------------------------

  let hits = null; // the numbers of all events that have what is searched, in order
  let passed = 0; // lines of the log up to here, those that the search keeps

  const told = (event) => `${event.step} ${event.whole || event.message} ${event.kind} ${JSON.stringify(event.data)}`.toLowerCase();

  function search() {
    const wanted = byId("search").value.trim().toLowerCase();
    hits = wanted ? events.flatMap((event, n) => (told(event).includes(wanted) ? [n + 1] : [])) : null;
    drawLog();
  }

  /** How many of the rising `numbers` are at most `limit`. */
  function count(numbers, limit) {
    let [low, high] = [0, numbers.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (numbers[middle] <= limit) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  function line(number) {
    const event = events[number - 1];
    const texts = [event.seq, clock.format(event.ms), event.step, event.icon, event.message, event.latency];
    const made = element("tr", "", ...texts.map((text) => element("td", "", String(text))));
    for (const cell of made.children) cell.title = cell.textContent;
    made.children[1].title = event.utc;
    Object.assign(made.dataset, { number, seq: event.seq, level: event.level });
    made.tabIndex = 0;
    made.setAttribute("aria-current", String(number === place));
    return made;
  }

  function space(lines) {
    const made = element("tr", "spacer");
    made.style.height = `${lines * LINE}px`;
    return made;
  }

  /** Of all lines only those that are seen are there, and a few more. */
  function fillLog() {
    const box = byId("lines");
    const from = Math.max(0, Math.floor(box.scrollTop / LINE) - SPARE);
    const upto = Math.min(passed, from + Math.ceil(box.clientHeight / LINE) + 2 * SPARE);
    const numbers = Array.from({ length: Math.max(upto - from, 0) }, (_, n) => (hits ? hits[from + n] : from + n + 1));
    byId("log").replaceChildren(space(from), ...numbers.map(line), space(passed - upto));
  }

  function drawLog() {
    passed = hits ? count(hits, place) : place;
    const hidden = place - passed;
    byId("found").textContent = hits
      ? `${many(passed)} of ${many(place)} events · search hides ${many(hidden)}`
      : `${many(place)} events`;
    fillLog();
    byId("lines").scrollTop = byId("lines").scrollHeight;
    fillLog();
  }

  function showEvent(number) {
    const event = events[number - 1];
    byId("event").hidden = false;
    byId("event").dataset.number = number;
    byId("event-name").textContent = [event.seq, event.kind, event.step, event.utc].filter(Boolean).join(" · ");
    byId("whole").textContent = event.whole || event.message;
    byId("payload").textContent = JSON.stringify(event.data, null, 2);
  }

  function onLine(event) {
    const row = event.target.closest("tr[data-number]");
    if (row && (event.type === "click" || event.key === "Enter")) showEvent(Number(row.dataset.number));
  }

  // -- going through it ------------------------------------------------------------------------------------

  function draw() {
    const nodes = [...at(place).nodes];
    sync(byId("steps"), nodes.filter(isStep), makeStep, fillStep);
    drawGraph(nodes);
    drawTimeline(nodes, place ? events[place - 1].ms : start);
    drawTools();
    drawRun();
    drawLog();
    byId("scrubber").value = place;
    byId("place").textContent = `${many(first.seq + place)} of ${many(first.seq + events.length)}`;
    document.body.dataset.place = first.seq + place;
  }

  function go(to) {
    place = Math.max(0, Math.min(events.length, to));
    draw();
    if (place === events.length) stop();
  }

  function stop() {
    clearInterval(playing);
    playing = null;
    byId("play").setAttribute("aria-pressed", "false");
    byId("play").textContent = "play";
  }

  function play() {
    if (playing !== null) return stop();
    if (place === events.length) go(0);
    const stride = Math.ceil(events.length / PLAY_STEPS);
    playing = setInterval(() => go(place + stride), PLAY_MS);
    byId("play").setAttribute("aria-pressed", "true");
    return (byId("play").textContent = "pause");
  }

  function onKey(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || event.target.closest("input, pre, .panel-body") || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    go(place + step);
  }

  function took(ms) {
    if (ms < 1000) return `${Math.round(ms)} ms`;
    if (ms < 60000) return `${(ms / 1000).toFixed(ms < 10000 ? 2 : 1)} s`;
    return ms < 3600000 ? `${(ms / 60000).toFixed(1)} min` : `${(ms / 3600000).toFixed(1)} h`;
  }

  if (events.length) {
    byId("began").textContent = `${day.format(start)} ${clock.format(start).slice(0, 8)} ${zone}`;
    byId("began").title = events[0].utc;
    byId("zone").title = `Times in ${zone}`;
  }
  byId("length").textContent = took(end - start);
  byId("question").toggleAttribute("data-whole", byId("question").querySelector(".whole").textContent !== "");
  byId("question")
    .querySelector("summary")
    .addEventListener("click", (event) => {
      if (!byId("question").hasAttribute("data-whole")) event.preventDefault();
    });
  byId("fold").open = window.innerWidth >= 900;
  byId("scrubber").max = events.length;
  byId("scrubber").addEventListener("input", (event) => go(Number(event.target.value)));
  byId("back").addEventListener("click", () => go(place - 1));
  byId("next").addEventListener("click", () => go(place + 1));
  byId("play").addEventListener("click", play);
  byId("search").addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(search, TYPING_MS);
  });
  byId("lines").addEventListener("scroll", fillLog, { passive: true });
  for (const kind of ["click", "keydown"]) byId("log").addEventListener(kind, onLine);
  byId("go").addEventListener("click", () => go(Number(byId("event").dataset.number)));
  byId("shut").addEventListener("click", () => (byId("event").hidden = true));
  document.addEventListener("keydown", onKey);
  draw();
})();
