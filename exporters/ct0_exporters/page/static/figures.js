// Numbers as ct0.figures writes them. null: not known; "unlimited": no limit.

const NONE = "-";
const UNLIMITED = "∞";
const UNITS = "KMGTPE";
const LENGTHS = [["d", 86400, "h", 3600], ["h", 3600, "m", 60], ["m", 60, "s", 1]];

export const known = (value) => typeof value === "number";

export function size(value) {
  if (!known(value)) return value === "unlimited" ? UNLIMITED : NONE;
  if (value < 1023.5) return value.toFixed(0);
  let unit = "";
  for (unit of UNITS) {
    value /= 1024;
    if (value < 99.95) return value.toFixed(1) + unit;
    if (value < 1023.5) break;
  }
  return value.toFixed(0) + unit;
}

export function percent(share) {
  if (!known(share)) return share === "unlimited" ? UNLIMITED : NONE;
  const value = share * 100;
  return value.toFixed(value < 99.95 ? 1 : 0);
}

export function whole(value) {
  if (!known(value)) return value === "unlimited" ? UNLIMITED : NONE;
  return value.toFixed(0);
}

export const points = (share) => (known(share) ? String(Math.floor(share * 100 + 0.5)) : NONE);

export function duration(seconds) {
  if (!known(seconds)) return NONE;
  const left = Math.max(0, Math.floor(seconds));
  for (const [unit, length, smaller, part] of LENGTHS) {
    if (left >= length) {
      const rest = Math.floor((left % length) / part);
      return `${Math.floor(left / length)}${unit}${rest ? rest + smaller : ""}`;
    }
  }
  return `${left}s`;
}

// The part of a limit that is used, 0 to 1; null without a limit.
export function fraction(used, limit) {
  if (!known(used) || !known(limit) || limit <= 0) return null;
  return Math.min(Math.max(used / limit, 0), 1);
}

export function level(share, warn, bad) {
  if (!known(share)) return "";
  return share >= bad ? "bad" : share >= warn ? "warn" : "";
}
