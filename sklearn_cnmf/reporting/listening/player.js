"use strict";
// Listening page: one player for all trials. The tracks of a trial start together, and
// a switch changes their gains alone, so that it keeps the position.
(function () {
  const SKIP = 5, FADE = 0.01;
  let context = null, trial = null, current = 0, tracks = [], sources = [];
  let playing = false, offset = 0, startedAt = 0, frame = 0, loads = 0;
  let loop = { from: null, to: null, on: false };

  const $ = (selector) => document.querySelector("#listening " + selector);
  const all = (selector) => [...document.querySelectorAll("#listening " + selector)];
  const duration = () => (tracks.length ? tracks[0].buffer.duration : 0);

  function position() {
    const at = playing ? offset + context.currentTime - startedAt : offset;
    if (!loop.on || at < loop.to) return Math.min(at, duration());
    return loop.from + (at - loop.from) % (loop.to - loop.from);
  }

  async function load(index) {
    if (index === trial) return;
    const mine = ++loads;
    stop();
    delete $(".player").dataset.loaded;
    trial = index;
    offset = 0;
    tracks = [];
    loop = { from: null, to: null, on: false };
    all("tbody tr").forEach((row) =>
      row.setAttribute("aria-selected", row.dataset.trial === String(index)));
    const described = JSON.parse(all("script.trial")[index].textContent);
    $(".name").textContent = described.name;
    $(".said").replaceChildren(...said(index));
    show(described);
    $(".tracks").replaceChildren();
    $(".time").textContent = "";
    draw();
    context = context || new AudioContext();
    let buffers;
    try {
      buffers = await Promise.all(described.tracks.map(async (track) =>
        context.decodeAudioData(bytes(track.audio))));
    } catch (error) {
      if (mine !== loads) return;
      trial = null;
      $(".time").textContent =
        `This browser can't decode the sound (${error.name}); "report --lossless" writes FLAC`;
      return;
    }
    if (mine !== loads) return; // another trial was chosen meanwhile
    tracks = described.tracks.map((track, i) => {
      const gain = context.createGain();
      gain.gain.value = 0;
      gain.connect(context.destination);
      return { name: track.name, buffer: buffers[i], gain };
    });
    const buttons = tracks.map((track, i) => {
      const button = document.createElement("button");
      button.textContent = `${i + 1} ${track.name}`;
      button.onclick = () => choose(i);
      return button;
    });
    $(".tracks").replaceChildren(...buttons);
    choose(Math.min(current, tracks.length - 1));
    $(".player").dataset.loaded = index;
  }

  function show({ name, figure }) {
    const image = $(".figure img");
    $(".figure").hidden = !figure;
    image.alt = `Figure of ${name}`;
    if (figure) image.src = `data:image/png;base64,${figure}`;
  }

  // What the table says of a trial, a column each.
  function said(index) {
    const row = $(`tbody tr[data-trial="${index}"]`), heads = all("th");
    return [...row.cells].slice(1).filter((cell) => cell.textContent).map((cell) => {
      const pair = document.createElement("div");
      const term = document.createElement("dt"), value = document.createElement("dd");
      term.textContent = heads[cell.cellIndex].textContent;
      value.textContent = cell.textContent;
      pair.append(term, value);
      return pair;
    });
  }

  function bytes(base64) {
    return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)).buffer;
  }

  function choose(index) {
    if (index >= tracks.length) return;
    current = index;
    tracks.forEach((track, i) =>
      track.gain.gain.setTargetAtTime(i === index ? 1 : 0, context.currentTime, FADE));
    all(".tracks button").forEach((button, i) =>
      button.setAttribute("aria-pressed", i === index));
    draw();
  }

  function play() {
    if (playing || !tracks.length) return;
    context.resume(); // until then its clock stands still
    if (offset >= duration()) offset = 0;
    startedAt = context.currentTime;
    sources = tracks.map((track) => {
      const source = context.createBufferSource();
      source.buffer = track.buffer;
      if (loop.on) Object.assign(source,
        { loop: true, loopStart: loop.from, loopEnd: loop.to });
      source.connect(track.gain);
      source.start(startedAt, offset);
      return source;
    });
    playing = true;
    $(".play").textContent = "Pause";
    frame = requestAnimationFrame(follow);
  }

  function stop() {
    offset = position();
    playing = false;
    cancelAnimationFrame(frame);
    sources.forEach((source) => source.stop());
    sources = [];
    $(".play").textContent = "Play";
  }

  function seek(seconds) {
    const was = playing;
    stop();
    offset = Math.max(0, Math.min(seconds, duration()));
    if (loop.on && offset >= loop.to) offset = loop.from;
    if (was) play();
    draw();
  }

  function follow() {
    if (position() >= duration()) {
      stop();
      draw();
      return;
    }
    draw();
    frame = requestAnimationFrame(follow);
  }

  const hasEnds = ({ from, to }) => from !== null && to !== null;

  // The sources loop by themselves, to the sample, so that they start anew.
  function setLoop(next) {
    const at = position(), changed = loop.on || next.on;
    loop = next;
    if (changed) seek(at);
    else draw();
  }

  // An end on the wrong side of the other one takes its place.
  function mark(end) {
    if (!tracks.length) return;
    const next = { ...loop, [end]: position() };
    if (hasEnds(next) && next.to <= next.from) next[end === "from" ? "to" : "from"] = null;
    setLoop({ ...next, on: hasEnds(next) });
  }

  function toggleLoop() {
    if (hasEnds(loop)) setLoop({ ...loop, on: !loop.on });
  }

  // Lowest and highest sample of all channels in each column of pixels.
  function outline(track, width) {
    if (track.outline && track.outline.length === width) return track.outline;
    const { buffer } = track, step = buffer.length / width;
    track.outline = Array.from({ length: width }, () => [0, 0]);
    for (let channel = 0; channel < buffer.numberOfChannels; channel++) {
      buffer.getChannelData(channel).forEach((sample, i) => {
        const column = track.outline[Math.floor(i / step)];
        if (sample < column[0]) column[0] = sample;
        if (sample > column[1]) column[1] = sample;
      });
    }
    return track.outline;
  }

  function draw() {
    const canvas = $("canvas"), pen = canvas.getContext("2d");
    const ratio = window.devicePixelRatio || 1;
    const width = (canvas.width = Math.round(ratio * canvas.clientWidth));
    const height = (canvas.height = Math.round(ratio * canvas.clientHeight));
    if (!tracks.length || !width) return;
    pen.fillStyle = "#0072B2";
    outline(tracks[current], width).forEach(([low, high], x) =>
      pen.fillRect(x, (1 - high) * height / 2, 1, Math.max((high - low) * height / 2, 1)));
    const at = (seconds) => seconds / duration() * width;
    pen.fillStyle = "#E69F00";
    for (const end of [loop.from, loop.to])
      if (end !== null) pen.fillRect(at(end) - ratio, 0, 2 * ratio, height);
    if (hasEnds(loop)) {
      pen.fillStyle = loop.on ? "rgba(230, 159, 0, 0.35)" : "rgba(128, 128, 128, 0.25)";
      pen.fillRect(at(loop.from), 0, at(loop.to - loop.from), height);
    }
    pen.fillStyle = "#D55E00";
    pen.fillRect(at(position()) - ratio, 0, 2 * ratio, height);
    $(".time").textContent = `${position().toFixed(1)} / ${duration().toFixed(1)} s`;
    $(".loop").setAttribute("aria-pressed", loop.on);
    $(".loop").disabled = !hasEnds(loop);
  }

  function sort(column) {
    const header = all("th")[column], body = $("tbody");
    const sign = header.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    all("th").forEach((other) => other.removeAttribute("aria-sort"));
    header.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
    const value = (row) => row.cells[column].dataset.value;
    body.append(...[...body.rows].sort((a, b) => compare(value(a), value(b), sign)));
  }

  function compare(a, b, sign) {
    const difference = Number(a) - Number(b);
    if (a === "" || b === "") return (a === "") - (b === ""); // what is missing last
    return sign * (Number.isNaN(difference) ? a.localeCompare(b) : difference);
  }

  function filter() {
    const words = $(".filter").value.toLowerCase().split(/[\s_]+/).filter(Boolean);
    all("tbody tr").forEach((row) => {
      const own = [...row.cells].flatMap((cell) =>
        cell.textContent.toLowerCase().split(/[\s_]+/));
      row.hidden = !words.every((word) => own.some((one) => one.startsWith(word)));
    });
    const shown = all("tbody tr").filter((row) => !row.hidden).length;
    $(".shown").textContent = `${shown} of ${all("tbody tr").length} trials`;
  }

  const KEYS = {
    " ": () => (playing ? stop() : play()),
    a: () => mark("from"), b: () => mark("to"), l: toggleLoop,
    arrowleft: () => seek(position() - SKIP), arrowright: () => seek(position() + SKIP),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.toLowerCase();
    if (key === " " && event.target.closest("th, summary, a, .accordion-button")) return;
    const action = /^[1-9]$/.test(key) ? () => choose(Number(key) - 1) : KEYS[key];
    if (!action || !tracks.length) return;
    event.preventDefault();
    action();
  });

  // Phones resize a page while it loads, which the report can't answer before the end.
  window.addEventListener("resize", (event) => {
    if (document.readyState !== "complete") event.stopImmediatePropagation();
  }, true);

  document.addEventListener("DOMContentLoaded", () => {
    $(".play").onclick = KEYS[" "];
    $(".from").onclick = KEYS.a;
    $(".to").onclick = KEYS.b;
    $(".loop").onclick = KEYS.l;
    $(".filter").oninput = filter;
    // The letter t would fold the sections of the report.
    $(".filter").onkeydown = (event) => event.stopPropagation();
    $("canvas").onclick = (event) =>
      seek(event.offsetX / event.target.clientWidth * duration());
    all("th button").forEach((button, column) => (button.onclick = () => sort(column)));
    all("tbody tr").forEach((row) => {
      row.onclick = () => {
        load(Number(row.dataset.trial));
        $(".player").scrollIntoView({ block: "nearest" });
      };
      row.onkeydown = (event) => event.key === "Enter" && row.click();
    });
    window.addEventListener("resize", draw);
    window.addEventListener("load", draw);
    filter();
    const first = $("tbody tr");
    if (first) load(Number(first.dataset.trial));
  });
})();
