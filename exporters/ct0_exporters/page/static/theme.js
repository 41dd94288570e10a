// Before the first paint: the scheme chosen on this machine, if one was.
"use strict";
try {
  const chosen = localStorage.getItem("ct0-theme");
  if (chosen === "light" || chosen === "dark") {
    document.documentElement.dataset.theme = chosen;
  }
} catch {
  // No storage here: the system's scheme it is.
}
document.documentElement.classList.add("scripted");
