// The page kept fresh: asks for api/containers, sorts and filters here, says when answers stop.

import {
  LEAST_CPUS, LEAST_TRAFFIC, bar, element, figure, fill, part, pressures, spark,
} from "./cells.js";
import { duration, fraction, level, percent, size } from "./figures.js";
import { arranged, keyOf, nextOrder, sum, wanted } from "./order.js";

const EVERY = 3000;
const PATIENCE = 10000;
const POINTS = 60;
const find = (selector) => document.querySelector(selector);
const form = find("#choose");
const tbody = find("#rows");
const fresh = find("#fresh");
const rows = new Map(); // engine and CTID -> its tr
const pasts = new Map(); // the same -> {cpu, network}: [time, value] of the last minutes

let answer = null;
let answered = 0;
let paused = false;
let timer = 0;
let order = form.elements.sorted.value;

const identity = (row) => JSON.stringify([row.engine, row.ctid]);

function past(row) {
  const { cpu, network } = pasts.get(identity(row)) ?? { cpu: [], network: [] };
  const aged = (points) => points.map(([when, value]) => [answer.time - when, value]);
  return { cpu: aged(cpu), network: aged(network) };
}

function remember(row) {
  const key = identity(row);
  const kept = pasts.get(key) ?? { cpu: [], network: [] };
  const traffic = sum(row.receive_bytes_per_second, row.transmit_bytes_per_second);
  for (const [kind, value] of [["cpu", row.cpus], ["network", traffic]]) {
    const history = row[`${kind}_history`];
    if (history) {
      kept[kind] = history.map(([age, each]) => [answer.time - age, each]);
    } else if (value === null) {
      kept[kind] = []; // restarted: the line starts anew
    } else if (kept[kind].at(-1)?.[0] !== answer.time) {
      kept[kind] = [...kept[kind], [answer.time, value]].slice(-POINTS);
    }
  }
  pasts.set(key, kept);
}

function draw() {
  if (!answer) return;
  const host = { cpus: answer.host.cpus, memory: answer.total.memory_limit_bytes };
  const shown = arranged(answer.containers.filter(isWanted), order);
  const wantedRows = shown.map((row) => {
    const key = identity(row);
    if (!rows.has(key)) rows.set(key, document.createElement("tr"));
    fill(rows.get(key), row, host, past(row));
    return rows.get(key);
  });
  if (!shown.length) wantedRows.push(nothing());
  // Only when they are others: what has the focus keeps it.
  const same = wantedRows.every((tr, at) => tr === tbody.children[at]);
  if (!same || wantedRows.length !== tbody.children.length) tbody.replaceChildren(...wantedRows);
  fill(find("#own tr"), answer.ct0, host, past(answer.ct0));
  find("#count").value = `${shown.length} of ${answer.containers.length}`;
}

function isWanted(row) {
  const { q, engine, state } = form.elements;
  return wanted(row, q.value, engine.value, state.value);
}

function nothing() {
  const some = answer.containers.length > 0;
  if (tbody.firstElementChild?.dataset.some === String(some)) return tbody.firstElementChild;
  const cell = element("td", "", some ? "No container matches." : "There are no containers on this host.");
  cell.colSpan = 12;
  cell.setAttribute("role", "cell");
  if (some) {
    const all = element("button", "plain", "Show all");
    all.type = "button";
    all.addEventListener("click", () => {
      for (const name of ["q", "engine", "state"]) form.elements[name].value = "";
      chosen();
      form.elements.q.focus();
    });
    cell.append(" ", all);
  }
  const made = element("tr", "nothing", cell);
  made.setAttribute("role", "row");
  made.dataset.some = String(some);
  return made;
}

function drawTotals() {
  const { total, ct0, host, containers } = answer;
  const used = fraction(total.working_set_bytes, total.memory_limit_bytes);
  const swap = fraction(total.swap_bytes, host.swap_size_bytes);
  const running = containers.filter((row) => row.state === "running").length;
  const line = past(total);
  const mood = level(used, 0.9, 0.97);
  const size_ = host.swap_size_bytes;
  tile("cpu", figure(`${percent(total.cpus)}%`, `${percent(total.cpus_limit)}%`),
    `CT0 itself ${percent(ct0.cpus)}%`,
    spark(line.cpu, LEAST_CPUS), bar(fraction(total.cpus, host.cpus)));
  tile("memory", figure(size(total.working_set_bytes), size(total.memory_limit_bytes), mood),
    `with page cache ${size(total.memory_bytes)}`,
    bar(used, fraction(total.memory_bytes, total.memory_limit_bytes), mood));
  tile("swap", figure(size(total.swap_bytes), size_ ? size(size_) : ""),
    size_ ? "" : "there is none", bar(swap, null, level(swap, 0.5, 0.9)));
  tile("pressure", pressures(total).map((share, at) => part(share, ["cpu", "mem", "io"][at])),
    "% of time somebody waited");
  tile("network", [
    element("span", "figure", `↓ ${size(total.receive_bytes_per_second)}`),
    element("span", "figure", `↑ ${size(total.transmit_bytes_per_second)}`),
  ], "bytes a second, outside lines", spark(line.network, LEAST_TRAFFIC));
  tile("containers", [element("span", "figure", String(running)), element("span", "limit", "running")],
    `${containers.length - running} not running`);

  const about = [`up ${duration(total.up_seconds)}`];
  if (host.load) about.push(`load ${host.load.map((each) => each.toFixed(2)).join(" ")}`);
  find("#about").textContent = about.join(" · ");
  find("#interval").textContent = `${Math.max(Math.ceil(answer.interval_seconds), 1)} s`;
  find("#clock").textContent = new Date(answer.time * 1000).toLocaleString();
}

function tile(key, value, note, ...drawings) {
  const [title] = find(`#total-${key}`).children;
  find(`#total-${key}`).replaceChildren(
    title,
    element("p", "value", ...value),
    ...drawings.filter((each) => each !== null),
    element("p", "note", note),
  );
}

function offer(name, values) {
  const select = form.elements[name];
  for (const value of [...new Set(values)].sort()) {
    if (![...select.options].some((option) => option.value === value)) {
      select.append(new Option(value, value));
    }
  }
}

async function ask() {
  clearTimeout(timer);
  const stop = new AbortController();
  const limit = setTimeout(() => stop.abort(), PATIENCE);
  try {
    const path = answer ? "api/containers" : "api/containers?history=1";
    const response = await fetch(path, { signal: stop.signal, cache: "no-store" });
    const content = await response.json().catch(() => ({}));
    if (!response.ok) throw new Error(content.error ?? `status ${response.status}`);
    answer = content;
    answered = Date.now();
    take();
  } catch (error) {
    const said = error.name === "AbortError" || error.name === "TypeError" ? "" : `: ${error.message}`;
    stale(said);
  } finally {
    clearTimeout(limit);
    plan();
  }
}

function take() {
  const all = [answer.total, answer.ct0, ...answer.containers];
  all.forEach(remember);
  const keys = new Set(all.map(identity));
  for (const kept of [rows, pasts]) {
    for (const key of kept.keys()) if (!keys.has(key)) kept.delete(key);
  }
  offer("engine", answer.containers.map((row) => row.engine));
  offer("state", answer.containers.map((row) => row.state));
  draw();
  drawTotals();
  document.body.classList.remove("stale");
  tell("");
}

// A status region is read out when it changes: it says nothing while all is well.
function tell(text) {
  if (fresh.textContent !== text) fresh.textContent = text;
}

function stale(said) {
  document.body.classList.add("stale");
  const since = answered
    ? `since ${new Date(answered).toLocaleTimeString()}, figures are from then`
    : "yet, figures are from when this page was loaded";
  tell(`No answer from ct0-exporter ${since}${said}. Trying again.`);
}

function plan() {
  clearTimeout(timer);
  if (!paused && !document.hidden) timer = setTimeout(ask, EVERY);
}

function chosen() {
  draw();
  markOrder();
  const query = new URLSearchParams();
  for (const name of ["q", "engine", "state"]) {
    if (form.elements[name].value) query.set(name, form.elements[name].value);
  }
  if (order !== "-cpu") query.set("sort", order);
  history.replaceState(null, "", query.size ? `?${query}` : location.pathname);
}

function markOrder() {
  form.elements.sorted.value = order;
  for (const button of document.querySelectorAll("thead button")) {
    const cell = button.closest("th");
    if (button.dataset.key === keyOf(order)) {
      cell.setAttribute("aria-sort", order.startsWith("-") ? "descending" : "ascending");
    } else {
      cell.removeAttribute("aria-sort");
    }
    button.value = nextOrder(order, button.dataset.key);
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (event.submitter?.name === "sort") order = event.submitter.value;
  chosen();
});
form.addEventListener("input", chosen);
form.addEventListener("change", (event) => {
  // A text that was changed and is left: drawn already, and what was clicked on shall stay.
  if (event.target.localName === "select") chosen();
});
find("#pause").addEventListener("click", (event) => {
  paused = !paused;
  event.target.setAttribute("aria-pressed", String(paused));
  document.body.classList.toggle("paused", paused);
  if (paused) clearTimeout(timer);
  else ask();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && !paused) ask();
});
document.addEventListener("keydown", (event) => {
  const { q } = form.elements;
  const typing = event.target.closest?.("input, select, textarea");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.altKey && !event.metaKey) {
    event.preventDefault();
    q.focus();
    q.select();
  } else if (event.key === "Escape" && event.target === q && q.value) {
    q.value = "";
    chosen();
  }
});

const themes = ["auto", "light", "dark"];
const theme = find("#theme");
function showTheme() {
  theme.textContent = `Theme: ${document.documentElement.dataset.theme ?? "auto"}`;
}
theme.addEventListener("click", () => {
  const now = document.documentElement.dataset.theme ?? "auto";
  const next = themes[(themes.indexOf(now) + 1) % themes.length];
  if (next === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  try {
    localStorage.setItem("ct0-theme", next);
  } catch {
    // No storage: it holds until the page is left.
  }
  showTheme();
});

showTheme();
ask();
