// The shared inbox. Pages are swapped under it, so it listens on the document and looks the page
// up each time. The live update itself is in inbox/live.js, the reply box in inbox/reply.js.

import { applyParts, fragment, inbox, say, thread } from "./inbox/parts.js";
import { lookNow, startLooking } from "./inbox/live.js";
import { threadArrived } from "./inbox/reply.js";

// ---- Opening a conversation beside the list -----------------------------------------------

async function open(link) {
  const before = inbox();
  try {
    const answer = await fragment(link.href, { headers: { "X-Parley-Pane": "1" } });
    if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const pane = page.getElementById("inbox-pane");
    if (!pane || inbox() !== before) throw new Error("another page");
    if (!history.state?.htmx) history.replaceState({ htmx: true }, "", location.href);
    history.pushState({ htmx: true }, "", link.href);
    document.title = page.title;
    document.getElementById("inbox-pane").replaceWith(document.adoptNode(pane));
    inbox().classList.add("inbox--open");
    markOpen();
    arrived();
    window.htmx?.process?.(document.getElementById("inbox-pane"));
  } catch {
    window.location.assign(link.href);
  }
}

function markOpen() {
  const id = thread()?.dataset.id;
  for (const link of inbox().querySelectorAll("a[data-open]")) {
    if (link.dataset.open === id) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

// In the capturing phase: before htmx takes the link for another page.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("#inbox a[data-open]");
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  event.stopPropagation();
  open(link);
}, true);

// ---- Something has arrived on the screen --------------------------------------------------

let shown = null;

function arrived() {
  if (!inbox()) { shown = null; return; }
  startLooking();
  if (thread() && thread() !== shown) threadArrived();
  shown = thread();
}
document.addEventListener("htmx:after:settle", arrived);
document.addEventListener("htmx:after:history:restore", arrived);
new MutationObserver(arrived).observe(document.body, { childList: true });
arrived();

// ---- Sharing the work ---------------------------------------------------------------------

document.addEventListener("submit", async (event) => {
  const form = event.target.closest?.("form[data-form='desk']");
  if (!form) return;
  event.preventDefault();
  event.stopPropagation();
  if (form.dataset.busy) return;
  form.dataset.busy = "1";
  const body = new FormData(form);
  body.set("seen", document.getElementById("thread-texts")?.dataset.newest ?? "");
  for (const name of ["view", "sort", "q", "after", "before"]) body.set(name, inbox().dataset[name]);
  try {
    const answer = await fragment(form.action, { method: "POST", body });
    if (!answer.ok) throw new Error(String(answer.status));
    applyParts(await answer.text());
    lookNow();
  } catch {
    say("That did not work. Check your connection and try again.", true);
  } finally {
    delete form.dataset.busy;
  }
}, true);
document.addEventListener("change", (event) => {
  if (event.target.matches?.("[data-assign]")) event.target.form.requestSubmit();
});

document.addEventListener("click", (event) => {
  const toggle = event.target.closest?.("[data-toggle-aside]");
  if (!toggle) return;
  const isOpen = thread().classList.toggle("thread--aside");
  toggle.setAttribute("aria-expanded", String(isOpen));
  if (isOpen) document.getElementById("thread-aside").scrollIntoView({ block: "nearest" });
});

// ---- Searching ----------------------------------------------------------------------------

let pause = 0;

function search() {
  const field = document.getElementById("q");
  if (!field || inbox().dataset.q === field.value.trim()) return;
  Object.assign(inbox().dataset, { q: field.value.trim(), after: "", before: "" });
  const list = document.getElementById("inbox-list");
  if (list) delete list.dataset.seenList;
  const here = new URL(location.href);
  for (const name of ["q", "after", "before"]) here.searchParams.delete(name);
  if (inbox().dataset.q) here.searchParams.set("q", inbox().dataset.q);
  history.replaceState(history.state, "", here);
  lookNow();
}
document.addEventListener("input", (event) => {
  if (!event.target.closest?.("form[data-search]")) return;
  clearTimeout(pause);
  pause = setTimeout(search, 250);
});
document.addEventListener("submit", (event) => {
  if (!event.target.closest?.("form[data-search]")) return;
  event.preventDefault();
  event.stopPropagation();
  clearTimeout(pause);
  search();
}, true);

// ---- Earlier texts ------------------------------------------------------------------------

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-earlier]");
  if (!button || button.dataset.busy) return;
  button.dataset.busy = "1";
  const texts = document.getElementById("thread-texts"), scroll = document.getElementById("thread-scroll");
  try {
    const answer = await fragment(`/inbox/${thread().dataset.id}/texts?before=${texts.dataset.earlierThan}`);
    if (!answer.ok) throw new Error(String(answer.status));
    const part = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("template");
    const older = part.content.getElementById("thread-texts");
    const height = scroll.scrollHeight - scroll.scrollTop;
    for (const day of older.querySelectorAll(".day")) document.getElementById(day.id)?.remove();
    texts.prepend(...older.children);
    if (older.dataset.earlierThan) texts.dataset.earlierThan = older.dataset.earlierThan;
    else delete texts.dataset.earlierThan;
    button.hidden = !texts.dataset.earlierThan;
    scroll.scrollTop = scroll.scrollHeight - height;
  } catch {
    say("Earlier texts could not be loaded. Check your connection and try again.", true);
  } finally {
    delete button.dataset.busy;
  }
});

// ---- By keyboard --------------------------------------------------------------------------

const isTyping = (element) => element.matches?.("input, textarea, select, [contenteditable]");

document.addEventListener("keydown", (event) => {
  if (!inbox() || isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
  const links = [...inbox().querySelectorAll("a[data-open]")];
  const here = links.indexOf(document.activeElement);
  const step = { j: 1, k: -1 }[event.key] ?? (here >= 0 ? { ArrowDown: 1, ArrowUp: -1 }[event.key] : undefined);
  if (step && links.length) {
    event.preventDefault();
    const from = here >= 0 ? here : links.findIndex((link) => link.hasAttribute("aria-current"));
    links[Math.min(links.length - 1, Math.max(0, from + step))].focus();
  } else if (event.key === "r" && thread()) {
    const words = document.getElementById("reply-body");
    if (words && words.offsetParent) { event.preventDefault(); words.focus(); }
  }
});
