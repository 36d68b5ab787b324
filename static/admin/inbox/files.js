// Pictures that wait beside a draft: chosen, shown by name, taken away again, sent with the words.

import { thread } from "./parts.js";

const MOST = 10, LARGEST_TOGETHER = 5 * 1024 * 1024;
const KINDS = ["image/jpeg", "image/png", "image/gif"];
// They outlive a look at another conversation, though not a reload: a browser keeps no files.
const kept = new Map();

const picker = () => document.getElementById("reply-picker");

export const chosen = () => kept.get(thread()?.dataset.id) ?? [];

const sizeOf = (files) => files.reduce((sum, file) => sum + file.size, 0);
const inWords = (size) => size < 1024 * 1024 ? `${Math.max(1, Math.round(size / 1024))} KB` : `${(size / 1024 / 1024).toFixed(1)} MB`;

export function chosenWords() {
  const count = chosen().length;
  return `MMS · ${count} ${count === 1 ? "picture" : "pictures"} · ${inWords(sizeOf(chosen()))}`;
}

/** They have been sent; what was chosen since stays. */
export function forgetChosen(id, files) {
  const left = (kept.get(id) ?? []).filter((file) => !files.includes(file));
  if (left.length) kept.set(id, left);
  else kept.delete(id);
  if (thread()?.dataset.id === id) showChosen();
}

/** Put what is chosen into the form, and its names above the button. */
export function showChosen() {
  const list = document.getElementById("reply-files");
  if (!list) return;
  const files = chosen(), data = new DataTransfer();
  for (const file of files) data.items.add(file);
  picker().files = data.files;
  list.hidden = !files.length;
  list.replaceChildren(...files.map((file, place) => {
    const item = document.createElement("li"), name = document.createElement("bdi"), size = document.createElement("span"), away = document.createElement("button");
    item.className = "reply__file";
    name.textContent = file.name;
    size.className = "muted";
    size.textContent = inWords(file.size);
    away.type = "button";
    away.textContent = "×";
    away.dataset.takeAway = String(place);
    away.setAttribute("aria-label", `Take ${file.name} away`);
    item.append(name, size, away);
    return item;
  }));
}

function problemOf(files) {
  const odd = files.find((file) => !KINDS.includes(file.type));
  if (odd) return `${odd.name} cannot be sent: only JPEG, PNG and GIF pictures can.`;
  if (files.length > MOST) return "A text can bring at most 10 pictures.";
  if (sizeOf(files) > LARGEST_TOGETHER) return `Together these pictures are ${inWords(sizeOf(files))}. A text can bring at most 5 MB.`;
  return "";
}

function choose(files) {
  const problem = problemOf(files);
  if (!problem) kept.set(thread().dataset.id, files);
  showChosen();
  document.dispatchEvent(new CustomEvent("parley:files", { detail: problem }));
}

document.addEventListener("change", (event) => {
  if (event.target === picker() && thread()) choose([...chosen(), ...picker().files]);
});

document.addEventListener("click", (event) => {
  const away = event.target.closest?.("[data-take-away]");
  if (!away) return;
  choose(chosen().filter((_, place) => place !== Number(away.dataset.takeAway)));
  (document.querySelector("[data-take-away]") ?? picker()).focus();
});
