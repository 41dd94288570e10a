// Rows sorted as ct0.arrange sorts them. `order` is a key, with "-" for the largest first.

import { memory, pressures } from "./cells.js";
import { known } from "./figures.js";

const ASCENDING = new Set(["name", "ctid", "engine", "state"]);
const STATES = { running: 0, frozen: 1 };

const natural = (text) =>
  /^\d{1,18}$/.test(text) ? [0, Number(text), text] : [1, 0, text.toLowerCase()];

export const sum = (one, other) => (known(one) ? one + (other ?? 0) : null);

function worst(shares) {
  const given = shares.filter(known);
  return given.length ? Math.max(...given) : null;
}

const VALUES = {
  name: (row) => natural(row.name),
  ctid: (row) => natural(row.ctid),
  engine: (row) => row.engine,
  state: (row) => STATES[row.state] ?? 2,
  cpu: (row) => row.cpus,
  memory,
  pressure: (row) => worst(pressures(row)),
  fails: (row) => row.fails,
  oom: (row) => row.oom_kills,
  tasks: (row) => row.tasks,
  network: (row) => sum(row.receive_bytes_per_second, row.transmit_bytes_per_second),
  in: (row) => row.receive_bytes_per_second,
  out: (row) => row.transmit_bytes_per_second,
  up: (row) => row.up_seconds,
};

function compare(one, other) {
  if (!Array.isArray(one)) return one < other ? -1 : one > other ? 1 : 0;
  for (let at = 0; at < one.length; at += 1) {
    const found = compare(one[at], other[at]);
    if (found) return found;
  }
  return 0;
}

// Rows without a value come last either way.
export function arranged(list, order) {
  const down = order.startsWith("-");
  const value = VALUES[keyOf(order)] ?? VALUES.cpu;
  return list
    .map((row) => ({ row, value: value(row) ?? null, settled: [row.engine, ...natural(row.ctid)] }))
    .sort((one, other) => {
      if ((one.value === null) !== (other.value === null)) return one.value === null ? 1 : -1;
      const found = one.value === null ? 0 : compare(one.value, other.value);
      return (down ? -found : found) || compare(one.settled, other.settled);
    })
    .map((each) => each.row);
}

export const keyOf = (order) => order.replace(/^-/, "");

// What a click on a header gives: its usual direction, then the other.
export function nextOrder(order, key) {
  if (keyOf(order) === key) return order.startsWith("-") ? key : `-${key}`;
  return ASCENDING.has(key) ? key : `-${key}`;
}

export function wanted(row, text, engine, state) {
  if ((engine && row.engine !== engine) || (state && row.state !== state)) return false;
  const about = `${row.name} ${row.ctid} ${row.engine} ${row.state}`.toLowerCase();
  return text.toLowerCase().split(/\s+/).every((word) => about.includes(word));
}
