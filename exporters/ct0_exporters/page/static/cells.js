// The rows of the table, as rows.py and drawing.py make them. Texts go in as text, never as HTML.

import { duration, fraction, known, level, percent, points, size, whole } from "./figures.js";

const SVG = "http://www.w3.org/2000/svg";
const SECONDS = 180;
const WIDTH = 60;
const HEIGHT = 16;
export const LEAST_CPUS = 0.25;
export const LEAST_TRAFFIC = 16384;
const SHARED = "in CT0's own network: what it alone sends is not known";

export function element(tag, kind, ...children) {
  const made = document.createElement(tag);
  if (kind) made.className = kind;
  made.append(...children.filter((child) => child !== null && child !== ""));
  return made;
}

function drawn(kind, view, ...children) {
  const made = document.createElementNS(SVG, "svg");
  const attributes = { class: kind, viewBox: view, preserveAspectRatio: "none" };
  for (const [name, value] of Object.entries({ ...attributes, "aria-hidden": "true" })) {
    made.setAttribute(name, value);
  }
  for (const [tag, given] of children) {
    const child = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(given)) child.setAttribute(name, value);
    made.append(child);
  }
  return made;
}

export function bar(used, rest = null, mood = "") {
  if (used === null) return null;
  const part = (kind, share) => ["rect", { class: kind, width: (share * 100).toFixed(1), height: 4 }];
  const parts = rest ? [part("rest", rest)] : [];
  return drawn(`bar ${mood}`.trimEnd(), "0 0 100 4", ...parts, part("used", used));
}

// Points are [age in seconds, value], oldest first.
export function spark(history, least) {
  const shown = history.filter(([age]) => age <= SECONDS);
  let line = "";
  let area = "";
  if (shown.length > 1) {
    const top = Math.max(least, ...shown.map(([, value]) => value));
    const at = shown.map(([age, value]) => [
      (WIDTH - (age / SECONDS) * WIDTH).toFixed(1),
      (HEIGHT - 1 - (value / top) * (HEIGHT - 2)).toFixed(1),
    ]);
    line = `M${at.map((each) => each.join(" ")).join("L")}`;
    area = `${line}L${at[at.length - 1][0]} ${HEIGHT}L${at[0][0]} ${HEIGHT}Z`;
  }
  const paths = [["path", { class: "area", d: area }], ["path", { class: "line", d: line }]];
  return drawn("spark", `0 0 ${WIDTH} ${HEIGHT}`, ...paths);
}

export function figure(text, limit = "", mood = "") {
  const made = [element("span", `figure ${mood}`.trimEnd(), text)];
  if (limit && limit !== "-") made.push(" ", element("span", "limit", `/ ${limit}`));
  return made;
}

export const memory = (row) => row.working_set_bytes ?? row.memory_bytes;
export const pressures = (row) => [row.cpu_pressure, row.memory_pressure, row.io_pressure];
export const runs = (row) => row.state === "running" || row.state === "frozen";

export function part(share, name = "") {
  const label = name ? [element("small", "", name)] : [];
  return element("span", `part ${level(share, 0.1, 0.4)}`.trimEnd(), ...label, points(share));
}

// kind of the cell -> its content.
const CELLS = {
  "engine": (row) => [row.engine || "host"],
  "state": (row) => [element("span", `dot ${runs(row) ? row.state : "still"}`), row.state],
  "cpu num": (row, host, past) => {
    const of = known(row.cpus_limit) && row.cpus_limit > 0 ? row.cpus_limit : host.cpus;
    const held = (row.throttled ?? 0) > 0.05;
    return [
      spark(past.cpu, LEAST_CPUS),
      element("span", "of", ...figure(percent(row.cpus), percent(row.cpus_limit))),
      bar(fraction(row.cpus, of), null, held ? "warn" : ""),
      held ? element("span", "tag", `held back ${(row.throttled * 100).toFixed(0)}%`) : null,
    ];
  },
  "memory num": (row, host) => {
    const limit = row.memory_limit_bytes;
    const of = known(limit) && limit > 0 ? limit : host.memory;
    const need = memory(row);
    const mood = level(fraction(need, limit), 0.8, 0.95);
    return [
      element("span", "of", ...figure(size(need), size(limit), mood)),
      bar(fraction(need, of), fraction(row.memory_bytes, of), mood),
    ];
  },
  "pressure num": (row) =>
    pressures(row).every((share) => share === null) ? ["-"] : pressures(row).flatMap((share) => [" ", part(share)]).slice(1),
  "fails num": (row) => figure(whole(row.fails), "", row.fails ? "warn" : "zero"),
  "oom num": (row) => figure(whole(row.oom_kills), "", row.oom_kills ? "bad" : "zero"),
  "tasks num": (row) =>
    figure(whole(row.tasks), whole(row.tasks_limit), level(fraction(row.tasks, row.tasks_limit), 0.8, 0.95)),
  "in num": (row, host, past) =>
    row.shares_network
      ? [shared()]
      : [spark(past.network, LEAST_TRAFFIC), ...figure(size(row.receive_bytes_per_second))],
  "out num": (row) =>
    row.shares_network ? [shared()] : figure(size(row.transmit_bytes_per_second)),
  "up num": (row) => [duration(row.up_seconds)],
};

const LABELS = {
  engine: "Engine", state: "State", cpu: "CPU %", memory: "Memory", pressure: "Pressure %",
  fails: "Fails", oom: "OOM kills", tasks: "Tasks", in: "In", out: "Out", up: "Up",
};

function shared() {
  const made = element("span", "limit", "CT0's");
  made.title = SHARED;
  return made;
}

export function fill(tr, row, host, past) {
  tr.className = !row.engine ? "own" : runs(row) ? "" : "still";
  if (!tr.className) tr.removeAttribute("class");
  const cells = Object.entries(CELLS).map(([kind, content]) => {
    const made = element("td", kind, ...content(row, host, past));
    made.setAttribute("role", "cell");
    made.dataset.label = LABELS[kind.split(" ")[0]];
    return made;
  });
  tr.setAttribute("role", "row");
  tr.replaceChildren(nameCell(row), ...cells);
}

function nameCell(row) {
  const name = row.engine ? row.name : "CT0";
  const ctid = row.engine ? row.ctid : row.name;
  const title = element("span", "title", name);
  title.title = name;
  const made = element("th", "name", title);
  made.setAttribute("role", "rowheader");
  made.scope = "row";
  if (ctid !== name) {
    const second = element("span", "ctid", [...ctid].length === 64 ? ctid.slice(0, 12) : ctid);
    second.title = ctid;
    made.append(second);
  }
  return made;
}
