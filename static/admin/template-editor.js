// The editor of a text: fields go in at the cursor, and the preview follows half a breath later.
import { ask } from "./app.js";

const REST = 250;
let timer;
let request;

const editor = (element) => element.closest?.("form[data-preview]");

async function renew(form) {
  request?.abort();
  request = new AbortController();
  try {
    const answer = await ask(form.dataset.preview, {
      method: "POST", body: new FormData(form), signal: request.signal,
    });
    // An answer that came too late, or from a page that is gone, changes nothing.
    if (answer.ok && form.isConnected) form.querySelector("#preview").innerHTML = await answer.text();
  } catch (error) {
    if (error.name !== "AbortError") form.querySelector("#preview").textContent = "The preview did not come. It is tried again when you type on.";
  }
}

function soon(form) {
  clearTimeout(timer);
  timer = setTimeout(() => renew(form), REST);
}

document.addEventListener("input", (event) => {
  const form = editor(event.target);
  if (form) soon(form);
});

document.addEventListener("click", (event) => {
  const form = editor(event.target);
  if (!form) return;
  const text = form.querySelector("[data-template]");
  const inserter = event.target.closest("[data-inserts]");
  if (inserter) {
    text.focus();
    text.setRangeText(inserter.dataset.inserts, text.selectionStart, text.selectionEnd, "end");
    text.dispatchEvent(new Event("input", { bubbles: true }));
  }
  const pointer = event.target.closest("[data-selects]");
  if (pointer) {
    const [start, end] = pointer.dataset.selects.split(",").map(Number);
    text.focus();
    // Offsets are counted in characters, a browser counts UTF-16 units.
    const units = (count) => [...text.value].slice(0, count).join("").length;
    text.setSelectionRange(units(start), units(end));
  }
});
