// Saves a mark or comment as soon as its field is left; Enter saves a mark and goes to the next. One request at a time
// for each answer, so that none overtakes another.
const answers = [...document.querySelectorAll("article")], open = document.querySelector("#open");
const markOf = (answer) => answer.querySelector("[name=mark]");
const told = (answer, words, kind) => Object.assign(answer.querySelector("output"), { textContent: words, className: kind });
const count = () => { open.textContent = answers.filter((answer) => "open" in answer.dataset).length; };
async function send(answer) {
  const mark = markOf(answer), comment = answer.querySelector("[name=comment]").value;
  if (!mark.reportValidity()) return told(answer, "Not saved: a number from 0 to " + mark.max + ", please.", "bad");
  const score = mark.value === "" ? null : Number(mark.value);
  const body = JSON.stringify({ student: answer.dataset.student, score, comment, seen: answer.dataset.seen });
  try {
    const reply = await fetch(location.href, { method: "PUT", body });
    const said = await reply.json();
    if (!reply.ok) return told(answer, "Not saved: " + said.error, "bad");
    answer.dataset.seen = said.seen;
    answer.toggleAttribute("data-open", said.open);
    delete answer.dataset.unsaved;
    told(answer, score === null && !comment ? "No mark." : "Saved.", "good");
    count();
  } catch {
    told(answer, "Not saved: the server has been stopped. Start it again and save this anew.", "bad");
  }
}
const save = (answer) => { answer.waiting = (answer.waiting ?? Promise.resolve()).then(() => send(answer)); };
for (const [i, answer] of answers.entries()) {
  answer.addEventListener("input", () => { answer.dataset.unsaved = ""; told(answer, "", ""); });
  answer.addEventListener("change", () => save(answer));
  markOf(answer).addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    const next = answers[i + (event.shiftKey ? -1 : 1)];
    if (next) markOf(next).focus();  // leaving a field that was changed saves it
    else markOf(answer).blur();
  });
}
addEventListener("beforeunload", (event) => { if (answers.some((answer) => "unsaved" in answer.dataset)) event.preventDefault(); });
count();
const first = answers.find((answer) => "open" in answer.dataset);
if (first) markOf(first).focus();
