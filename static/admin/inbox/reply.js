// The reply box: drafts that stay, a count that moves with every key, and one text a click.

import { count, roomIn } from "./segments.js";
import { chosen, chosenWords, forgetChosen, showChosen } from "./files.js";
import { lookNow, markRead, noteTyping } from "./live.js";
import { applyParts, fragment, inbox, say, showWhatIsAllowed, thread, tick } from "./parts.js";

const LONGEST = 1600;
// They outlive a reload, in this tab alone. Where a browser allows no storage, they do not.
const KEPT = "parley-drafts";
const drafts = new Map();
try {
  for (const [id, draft] of JSON.parse(sessionStorage.getItem(KEPT) ?? "[]")) drafts.set(id, draft);
} catch { /* no storage, no memory */ }

function remember() {
  try { sessionStorage.setItem(KEPT, JSON.stringify([...drafts])); } catch { /* as above */ }
}

const form = () => document.getElementById("reply");
const words = () => document.getElementById("reply-body");
const nonce = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (each) => each.toString(16).padStart(2, "0")).join("");

/** A conversation was put on the screen. */
export function threadArrived() {
  const scroll = document.getElementById("thread-scroll");
  scroll.scrollTop = scroll.scrollHeight;
  scroll.addEventListener("scroll", () => {
    if (scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80) document.querySelector("[data-to-newest]").hidden = true;
  }, { passive: true });
  document.querySelector("[data-earlier]").hidden = !document.getElementById("thread-texts").dataset.earlierThan;
  const draft = drafts.get(thread().dataset.id);
  form().elements.nonce.value = draft?.nonce ?? nonce();
  if (draft) {
    words().value = draft.body;
    form().elements.replies.value = draft.replies;
  }
  showWhatIsAllowed();
  showChosen();
  showCount();
  tick();
  markRead();
  if (window.matchMedia("(min-width: 56.25rem) and (hover: hover)").matches) words().focus({ preventScroll: true });
}

function keepDraft() {
  const id = thread().dataset.id, { nonce, replies, body } = form().elements;
  if (body.value || chosen().length) drafts.set(id, { body: body.value, nonce: nonce.value, replies: replies.value });
  else drafts.delete(id);
  remember();
}

function showCount() {
  const text = words().value.trim(), line = document.querySelector("[data-count]");
  const length = [...text].length;
  words().style.height = "";
  words().style.height = `${Math.min(words().scrollHeight + 2, 240)}px`;
  line.classList.toggle("critical", length > LONGEST);
  if (length > LONGEST) { line.textContent = `${length.toLocaleString("en")} of 1,600 characters: please shorten it`; return; }
  clearTimeout(asking);
  if (chosen().length) { line.textContent = chosenWords(); return; }
  const size = count(text);
  line.textContent = text ? inWords(size) : "";
  if (!size.isSure) asking = setTimeout(() => askForSize(text, line), 300);
}

let asking = 0;

function inWords({ encoding, parts, units }) {
  const why = encoding === "UCS-2" ? " · emoji or special letters: 70 a text instead of 160" : "";
  return `${units}/${roomIn(encoding, parts)} · ${parts} ${parts === 1 ? "text" : "texts"}${why}`;
}

async function askForSize(text, line) {
  const body = new FormData();
  body.set("body", text);
  try {
    const answer = await fragment("/inbox/segments", { method: "POST", body });
    const size = answer.ok ? await answer.json() : null;
    if (size && words()?.value.trim() === text && line.isConnected) line.textContent = inWords(size);
  } catch { /* the estimate stays */ }
}

document.addEventListener("input", (event) => {
  if (event.target !== words()) return;
  // Who answers counts from what was on the screen when this draft was begun.
  if (!drafts.has(thread().dataset.id)) form().elements.replies.value = document.getElementById("thread-texts").dataset.replies;
  keepDraft();
  showCount();
  noteTyping(Boolean(words().value.trim()));
});

document.addEventListener("parley:files", (event) => {
  if (!drafts.has(thread().dataset.id)) form().elements.replies.value = document.getElementById("thread-texts").dataset.replies;
  keepDraft();
  notice(thread().dataset.id, event.detail);
  showCount();
});

document.addEventListener("keydown", (event) => {
  if (event.target === words() && event.key === "Enter" && (event.metaKey || event.ctrlKey) && !event.isComposing) {
    event.preventDefault();
    form().requestSubmit();
  }
});

let isSending = false;

document.addEventListener("submit", async (event) => {
  if (event.target !== form()) return;
  event.preventDefault();
  event.stopPropagation();
  const anyway = event.submitter?.dataset.anyway;
  if (anyway !== undefined) { form().elements.replies.value = anyway; keepDraft(); }
  await send();
}, true);

async function send() {
  if (isSending) return;
  const id = thread().dataset.id, body = words().value, button = document.querySelector("[data-send]");
  isSending = true;
  button.classList.add("is-busy");
  button.setAttribute("aria-disabled", "true");
  const data = new FormData(form()), files = chosen();
  for (const name of ["view", "sort", "q", "after", "before"]) data.set(name, inbox().dataset[name]);
  try {
    // Five megabytes over a slow line take their time.
    const answer = await fragment(form().action, { method: "POST", body: data, patience: files.length ? 90_000 : 10_000 });
    if (!answer.ok) throw new Error(String(answer.status));
    if (answer.headers.get("X-Parley-Outcome") === "sent") forgetChosen(id, files);
    settled(id, body, answer.headers.get("X-Parley-Outcome"), await answer.text());
  } catch {
    notice(id, "Parley did not answer. Your text is still here. Send it again when you are back online: it will not leave twice.");
  } finally {
    isSending = false;
    button.classList.remove("is-busy");
    button.removeAttribute("aria-disabled");
  }
}

function settled(id, body, outcome, html) {
  const isShown = thread()?.dataset.id === id;
  const isTaken = outcome === "sent";
  if (isTaken && (drafts.get(id)?.body ?? body) === body) { drafts.delete(id); remember(); }
  if (!isShown) { if (!isTaken) say("Your reply was not sent. It is kept as a draft.", true); return; }
  document.querySelector("[data-slot='notice']").replaceChildren();
  document.querySelector("[data-slot='waits']").replaceChildren();
  const elements = form().elements;
  if (isTaken && words().value === body) words().value = "";
  applyParts(html);
  const scroll = document.getElementById("thread-scroll");
  if (isTaken) {
    elements.nonce.value = nonce();
    elements.replies.value = document.getElementById("thread-texts").dataset.replies;
    scroll.scrollTop = scroll.scrollHeight;
    noteTyping(false);
  } else if (outcome === "refused") {
    // Nothing was stored under the old name, or other words were.
    elements.nonce.value = nonce();
    keepDraft();
  }
  showCount();
  if (!document.getElementById("reply-box").hidden) words().focus({ preventScroll: true });
  lookNow();
}

function notice(id, text) {
  if (thread()?.dataset.id !== id) { say(text, true); return; }
  const slot = document.querySelector("[data-slot='notice']");
  if (!text) { slot.replaceChildren(); return; }
  const line = document.createElement("p");
  line.className = "banner banner--inline banner--critical";
  line.textContent = text;
  slot.replaceChildren(line);
}

document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-keep-draft]")) {
    document.querySelector("[data-slot='notice']").replaceChildren();
    words().focus();
  }
  if (event.target.closest?.("[data-to-newest]")) {
    const scroll = document.getElementById("thread-scroll");
    scroll.scrollTop = scroll.scrollHeight;
  }
});
