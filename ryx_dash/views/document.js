/* Puts a run as it stood after any event in place. What each event changed was worked out before. */
(function () {
  "use strict";
  const { first, frames, rows, marks, start, end } = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const ROWS = 200; // of the log on the page at once
  const PLAY_MS = 120;

  let place = frames.length;
  let playing = null;

  /** The run after its first `n` events. */
  function at(n) {
    const state = { nodes: { ...first }, shown: new Set(), calls: [], text: "", final: null, run: ["queued", ""], note: "" };
    for (const frame of frames.slice(0, n)) {
      for (const [node, face] of Object.entries(frame.nodes || {})) {
        state.nodes[node] = face;
        state.shown.add(node);
      }
      for (const [index, card] of frame.calls || []) state.calls[index] = card;
      if (frame.text !== undefined) state.text = frame.text;
      if (frame.grow !== undefined) state.text += frame.grow;
      if (frame.final !== undefined) state.final = frame.final;
      if (frame.run) state.run = frame.run;
      if (frame.state !== undefined) state.note = frame.state;
    }
    return state;
  }

  const isCall = (node) => node.startsWith("call:");

  function drawNodes(state) {
    for (const element of document.querySelectorAll("[data-node]")) {
      const node = element.dataset.node;
      const [status, latency] = state.nodes[node] || ["pending", ""];
      element.dataset.status = status;
      const absent = isCall(node) ? !state.shown.has(node) : element.classList.contains("bar") && status === "pending";
      element.classList.toggle("absent", absent);
      for (const badge of element.querySelectorAll(".status")) badge.dataset.status = status;
      for (const icon of element.querySelectorAll(".icon, .status-icon")) icon.textContent = marks[status][0];
      for (const time of element.querySelectorAll(".time, .step-latency")) time.textContent = latency;
    }
  }

  function drawRun(state) {
    const [status, took] = state.run;
    byId("run").dataset.status = status;
    byId("run").children[0].textContent = marks[status][0];
    byId("run").children[1].textContent = marks[status][1];
    byId("took").textContent = took;
    byId("state").innerHTML = state.note; // escaped when it was written down
    byId("answer").classList.toggle("streaming", state.final === null);
    if (state.final === null) byId("answer").textContent = state.text;
    else byId("answer").innerHTML = state.final;
    byId("cards").innerHTML = state.calls.join("");
  }

  function cell(text) {
    const td = document.createElement("td");
    td.textContent = text;
    return td;
  }

  function line(row) {
    const tr = document.createElement("tr");
    tr.dataset.seq = row.seq;
    tr.dataset.level = row.level;
    tr.setAttribute("aria-current", String(row.seq === place));
    tr.append(...[row.seq, row.time, row.step, row.icon, row.message, row.latency].map(cell));
    return tr;
  }

  function drawLog() {
    const wanted = byId("search").value.trim().toLowerCase();
    const told = (row) => `${row.step} ${row.message} ${JSON.stringify(row.data)}`.toLowerCase();
    const passed = rows.slice(0, place).filter((row) => !wanted || told(row).includes(wanted));
    byId("log").replaceChildren(...passed.slice(-ROWS).map(line));
    byId("found").textContent = `${passed.length} of ${place} events`;
    byId("log").closest(".panel-body").scrollTop = 1e9;
  }

  function draw() {
    const state = at(place);
    drawNodes(state);
    drawRun(state);
    drawLog();
    byId("scrubber").value = place;
    byId("place").textContent = `${place} of ${frames.length}`;
    const now = place ? rows[place - 1].ms : start;
    byId("timeline").style.setProperty("--at", end > start ? (now - start) / (end - start) : 0);
    document.body.dataset.place = place;
  }

  function go(to) {
    place = Math.max(0, Math.min(frames.length, to));
    draw();
    if (place === frames.length) stop();
  }

  function stop() {
    clearInterval(playing);
    playing = null;
    byId("play").setAttribute("aria-pressed", "false");
  }

  function play() {
    if (playing !== null) return stop();
    if (place === frames.length) go(0);
    playing = setInterval(() => go(place + 1), PLAY_MS);
    return byId("play").setAttribute("aria-pressed", "true");
  }

  function showPayload(event) {
    const tr = event.target.closest("tr");
    if (!tr) return;
    const row = rows[Number(tr.dataset.seq) - 1];
    byId("payload").hidden = false;
    byId("payload").textContent = JSON.stringify(row.data, null, 2);
  }

  byId("scrubber").max = frames.length;
  byId("scrubber").addEventListener("input", (event) => go(Number(event.target.value)));
  byId("back").addEventListener("click", () => go(place - 1));
  byId("next").addEventListener("click", () => go(place + 1));
  byId("play").addEventListener("click", play);
  byId("search").addEventListener("input", drawLog);
  byId("log").addEventListener("click", showPayload);
  draw();
})();
