"use strict";
// Filtering only: without this all is there, and nothing is hidden.
(() => {
  const form = document.querySelector("form");
  const query = form.querySelector("[name=q]");
  const boxes = [...form.querySelectorAll("[name=r]")];
  const count = form.querySelector("output");
  const none = document.querySelector("#none");
  const rowsOf = (element) =>
    [...element.querySelectorAll("tr[data-r]")].map((row) => ({
      row,
      rank: row.dataset.r,
      text: row.textContent.toLowerCase(),
    }));
  const subjects = [...document.querySelectorAll(".subject")].map((element) => ({
    element,
    name: element.querySelector("summary").dataset.name.toLowerCase(),
    overview: document.getElementById(element.dataset.row),
    well: element.querySelector(".well"),
    rows: rowsOf(element),
  }));
  const total = subjects.reduce((sum, subject) => sum + subject.rows.length, 0);

  function unfold(subject, open) {
    subject.element.open = open;
    if (subject.well) subject.well.open = open;
  }

  function filter() {
    const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    const ranks = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    const shown = [];
    let rows = 0;
    for (const subject of subjects) {
      let mine = 0;
      const left = words.filter((word) => !subject.name.includes(word));
      for (const { row, rank, text } of subject.rows) {
        const fits = ranks.has(rank) && left.every((word) => text.includes(word));
        row.hidden = !fits;
        mine += fits;
      }
      subject.element.hidden = subject.overview.hidden = !mine;
      if (subject.well) subject.well.hidden = !subject.well.querySelector("tr[data-r]:not([hidden])");
      if (mine) shown.push(subject);
      rows += mine;
    }
    if (words.length && shown.length <= 10) for (const subject of shown) unfold(subject, true);
    const all = `${total} ${total === 1 ? "result" : "results"}`;
    count.textContent = rows === total ? all : `${rows} of ${all}`;
    none.hidden = rows > 0;
  }

  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("click", (event) => {
    const open = event.target.dataset.open;
    if (open === undefined) return;
    for (const subject of subjects) if (!subject.element.hidden) unfold(subject, open === "1");
  });
  document.documentElement.classList.add("scripted");
  filter();
})();
