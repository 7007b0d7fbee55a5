/* Bringing in runs on the list's page: files out of a picker, or dropped anywhere on it. */
(function (root) {
  "use strict";
  const RyxDash = (root.RyxDash = root.RyxDash || {});

  const MOST_SENTENCES = 3;

  let page = null;
  let busy = false;

  const button = () => document.getElementById("runs-import-button");
  const say = (children) => page.put("runs-notice", { children });

  /** What became of a file: {run, sentence}; `run` is null if it was refused. */
  async function send(file) {
    try {
      const headers = { "content-type": "application/x-ndjson", accept: "application/json" };
      const answer = await root.fetch(`/api/runs/import`, { method: "POST", body: file, headers });
      const body = await answer.json();
      if (answer.ok) return { run: body.run_id, sentence: body.message };
      return { run: null, sentence: `${file.name} was refused. ${body.error.message}` };
    } catch {
      const sentence = `${file.name} could not be sent. If the dashboard is there and the file is over 256 MiB, use ryx-dash import.`;
      return { run: null, sentence };
    }
  }

  /** One after the other. A single run is shown; of several it is said what became of them. */
  async function bring(files) {
    if (busy || files.length === 0) return;
    busy = true;
    const done = [];
    for (const file of files) {
      say(`Importing ${file.name} (${done.length + 1} of ${files.length}).`);
      done.push(await send(file));
    }
    busy = false;
    const refused = done.filter((one) => one.run === null);
    if (done.length === 1 && refused.length === 0) root.location.assign(`/runs/${encodeURIComponent(done[0].run)}`);
    else say(summary(done, refused));
  }

  function summary(done, refused) {
    if (done.length === 1) return done[0].sentence;
    const counts = `Imported ${done.length - refused.length} of ${done.length} files.`;
    const more = refused.length > MOST_SENTENCES ? [`${refused.length - MOST_SENTENCES} more were refused.`] : [];
    return [counts, ...refused.slice(0, MOST_SENTENCES).map((one) => one.sentence), ...more].join("\n");
  }

  // -- picking ------------------------------------------------------------------------------------

  /** The picker itself, which Dash has no component for. */
  function picker() {
    const known = document.getElementById("runs-import-file");
    if (known) return known;
    const input = document.createElement("input");
    Object.assign(input, { type: "file", id: "runs-import-file", multiple: true, hidden: true });
    input.accept = ".jsonl,.ndjson,application/x-ndjson";
    input.addEventListener("change", () => {
      const files = [...input.files];
      input.value = ""; // the same file again is a change as well
      bring(files);
    });
    document.body.append(input);
    return input;
  }

  function onClick(event) {
    if (event.target.closest && event.target.closest("#runs-import-button")) picker().click();
  }

  // -- dropping -----------------------------------------------------------------------------------

  const brings = (event) => button() && event.dataTransfer && [...event.dataTransfer.types].includes("Files");
  const mark = (on) => document.documentElement.toggleAttribute("data-drop", on);

  function onDragOver(event) {
    if (!brings(event)) return;
    event.preventDefault();
    mark(true);
  }

  /** Out of the window: within it, something else is entered. */
  function onDragLeave(event) {
    if (event.relatedTarget === null) mark(false);
  }

  function onDrop(event) {
    mark(false);
    if (!brings(event)) return;
    event.preventDefault();
    bring([...event.dataTransfer.files]);
  }

  function start(glue) {
    page = glue;
    document.addEventListener("click", onClick);
    document.addEventListener("dragover", onDragOver);
    document.addEventListener("dragleave", onDragLeave);
    document.addEventListener("drop", onDrop);
  }

  RyxDash.importer = Object.freeze({ start, picker });
})(globalThis);
