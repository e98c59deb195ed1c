// Sorts the table of everybody by any column, and finds a name in it. Without this the page is whole, too.
const table = document.querySelector(".students"), box = document.querySelector(".find"), rows = [...table.tBodies[0].rows];
const value = (row, i) => row.cells[i].dataset.n ?? row.cells[i].textContent.trim();
const compare = (a, b) => isNaN(a - b) ? a.localeCompare(b, undefined, { numeric: true }) : a - b;
[...table.tHead.rows[0].cells].forEach((head, i) => {
  const button = document.createElement("button");
  button.append(...head.childNodes);
  head.append(button);
  button.addEventListener("click", () => {
    const up = head.ariaSort !== "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.ariaSort = up ? "ascending" : "descending";
    rows.sort((a, b) => (up ? 1 : -1) * compare(value(a, i), value(b, i)));
    table.tBodies[0].append(...rows);
  });
});
box.hidden = false;
box.querySelector("input").addEventListener("input", ({ target }) => {
  const wanted = target.value.trim().toLowerCase();
  for (const row of rows) row.hidden = !value(row, 0).toLowerCase().includes(wanted);
  box.querySelector("output").textContent = wanted ? `${rows.filter((row) => !row.hidden).length} of ${rows.length}` : "";
});
