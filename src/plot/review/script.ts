/**
 * What a review page does, as the text that the page carries. It needs no network and no other file; marks are kept in
 * the browser under the page's own name and leave it only by the buttons that save a file.
 *
 * The marks' file is described by `evaluate.readReview`.
 */
export const REVIEW_SCRIPT = String.raw`
"use strict";
const review = JSON.parse(document.getElementById("review").textContent);
const $ = (id) => document.getElementById(id);
const MARKS = ["agree", "disagree", "unsure"];
const SIGN = { agree: "✓", disagree: "✗", unsure: "?" };
const KEY = "oscc-lab-review:" + review.id;
const blank = () => ({ reviewer: "", marks: review.cases.map(() => ({ mark: "", comment: "" })) });
let state = blank();
let at = 0;

function restore() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY));
    if (kept && kept.marks && kept.marks.length === review.cases.length) state = kept;
  } catch {
    $("kept").textContent = "This browser keeps nothing for this page: save the marks before you close it.";
  }
}
function keep() {
  try {
    localStorage.setItem(KEY, JSON.stringify(state));
  } catch {
    $("kept").textContent = "This browser keeps nothing for this page: save the marks before you close it.";
  }
}

function element(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** A photograph under its map. */
function picture(view, label) {
  const button = element("button", { type: "button", class: "picture", "aria-label": label });
  if (view.image) button.append(element("img", { src: view.image, alt: view.alt }));
  if (view.map) {
    const map = element("img", { class: "map", src: view.map, alt: "" });
    Object.assign(map.style, view.place);
    button.append(map);
  }
  return button;
}

function showCase(index, focusMarks) {
  at = Math.max(0, Math.min(review.cases.length - 1, index));
  const one = review.cases[at];
  const mine = state.marks[at];
  $("heading").textContent = "Case " + (at + 1) + " of " + review.cases.length + ": patient " + one.patient;
  $("answer").textContent = one.className;
  $("confidence").textContent = (100 * one.probability).toFixed(1) + "%";
  $("question").textContent = one.question;
  $("views").replaceChildren(
    ...one.views.map((view) => {
      const shown = picture(view, "Enlarge " + view.label);
      shown.addEventListener("click", () => enlarge(view));
      const words = [view.label, view.range, view.verdict].filter(Boolean).join(" · ");
      return element("figure", {}, shown, element("figcaption", {}, words));
    }),
  );
  for (const input of document.getElementsByName("mark")) input.checked = input.value === mine.mark;
  $("comment").value = mine.comment;
  $("previous").disabled = at === 0;
  $("next").disabled = at === review.cases.length - 1;
  showProgress();
  if (focusMarks) $("heading").focus();
}

function enlarge(view) {
  const shown = picture(view, "Close " + view.label);
  shown.addEventListener("click", () => $("large").close());
  $("large").replaceChildren(shown, element("p", { class: "hint" }, view.label + ", Escape closes"));
  $("large").showModal();
}

function showProgress() {
  const done = state.marks.filter(({ mark }) => mark).length;
  $("progress").textContent = done + " of " + review.cases.length + " marked";
  $("cases").replaceChildren(
    ...review.cases.map((one, i) => {
      const { mark } = state.marks[i];
      const button = element(
        "button",
        {
          type: "button",
          "data-mark": mark,
          "aria-current": String(i === at),
          "aria-label": "Case " + (i + 1) + (mark ? ", " + mark : ", not marked"),
        },
        i + 1 + (mark ? " " + SIGN[mark] : ""),
      );
      button.addEventListener("click", () => showCase(i, true));
      return element("li", {}, button);
    }),
  );
}

function setMark(mark) {
  state.marks[at].mark = state.marks[at].mark === mark ? "" : mark;
  keep();
  for (const input of document.getElementsByName("mark")) input.checked = input.value === state.marks[at].mark;
  showProgress();
}

// ---- files ----

function rows() {
  return review.cases.map((one, i) => ({
    case: i + 1,
    patient: one.patient,
    task: review.task,
    className: one.className,
    probability: one.probability,
    mark: state.marks[i].mark || null,
    comment: state.marks[i].comment,
  }));
}
function asJson() {
  const about = { format: review.format, id: review.id, title: review.title, reviewer: state.reviewer };
  return JSON.stringify({ ...about, settings: review.settings, marks: rows() }, null, 2) + "\n";
}
/** A cell that begins like a formula gets an apostrophe, so that no spreadsheet computes it. */
function cell(value) {
  const text = value === null ? "" : String(value);
  const safe = typeof value === "string" && /^[=+\-@]/.test(text) ? "'" + text : text;
  return /[",\r\n]/.test(safe) ? '"' + safe.replaceAll('"', '""') + '"' : safe;
}
function asCsv() {
  const head = ["case", "patient", "task", "class", "probability", "mark", "comment", "reviewer", "review", "title", "format"];
  const lines = rows().map((row) =>
    [row.case, row.patient, row.task, row.className, row.probability, row.mark, row.comment, state.reviewer, review.id, review.title, review.format]
      .map(cell)
      .join(","),
  );
  return [head.join(","), ...lines].join("\r\n") + "\r\n";
}
function save(text, type, ending) {
  const link = element("a", { download: review.name + "-marks" + (state.reviewer ? "-" + state.reviewer.replace(/[^\p{L}\p{N}]+/gu, "-") : "") + ending });
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  $("kept").textContent = "Saved " + link.download + ".";
}
async function load(file) {
  try {
    const found = JSON.parse(await file.text());
    if (found.id !== review.id) throw new Error("these are marks of another page");
    const byCase = new Map(found.marks.map((one) => [one.case, one]));
    state = {
      reviewer: String(found.reviewer ?? ""),
      marks: review.cases.map((_, i) => {
        const one = byCase.get(i + 1) ?? {};
        return { mark: MARKS.includes(one.mark) ? one.mark : "", comment: String(one.comment ?? "") };
      }),
    };
    keep();
    $("reviewer").value = state.reviewer;
    showCase(at);
    $("kept").textContent = "Loaded " + file.name + ".";
  } catch (error) {
    $("kept").textContent = "This file cannot be loaded: " + error.message + ".";
  }
}

// ---- controls ----

const SHORTCUTS = {
  a: () => setMark("agree"),
  d: () => setMark("disagree"),
  u: () => setMark("unsure"),
  m: () => $("maps").click(),
  c: () => $("comment").focus(),
  ArrowRight: () => showCase(at + 1),
  ArrowLeft: () => showCase(at - 1),
};
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("textarea, input:not([type=radio]):not([type=checkbox])");
  if (typing) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || $("large").open) return;
  const act = SHORTCUTS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!act) return;
  event.preventDefault();
  act();
});
for (const input of document.getElementsByName("mark"))
  input.addEventListener("change", () => {
    state.marks[at].mark = input.value;
    keep();
    showProgress();
  });
$("comment").addEventListener("input", () => {
  state.marks[at].comment = $("comment").value;
  keep();
});
$("reviewer").addEventListener("input", () => {
  state.reviewer = $("reviewer").value;
  keep();
});
$("previous").addEventListener("click", () => showCase(at - 1));
$("next").addEventListener("click", () => showCase(at + 1));
$("unmark").addEventListener("click", () => setMark(state.marks[at].mark));
$("opacity").addEventListener("input", () => document.body.style.setProperty("--map", $("opacity").value));
$("maps").addEventListener("change", () => document.body.classList.toggle("no-map", !$("maps").checked));
$("theme").addEventListener("change", () => {
  const { value } = $("theme");
  if (value) document.documentElement.dataset.theme = value;
  else delete document.documentElement.dataset.theme;
});
$("save-json").addEventListener("click", () => save(asJson(), "application/json", ".json"));
$("save-csv").addEventListener("click", () => save(asCsv(), "text/csv", ".csv"));
$("load").addEventListener("change", () => $("load").files[0] && load($("load").files[0]));

restore();
$("reviewer").value = state.reviewer;
showCase(Math.max(0, state.marks.findIndex(({ mark }) => !mark)));
`;
