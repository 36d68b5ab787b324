// Asks whether anything has changed: every second while somebody looks, every fifteen while the
// page is hidden, and more and more seldom while there is no answer.

import { applyParts, fragment, inbox, thread } from "./parts.js";

const VISIBLE = 1000, HIDDEN = 15_000, SLOWEST = 15_000;
const TYPING_MS = 6000;

let timer = 0, failures = 0, isLooking = false, again = false, typedAt = 0;

export function startLooking() {
  if (!timer && !isLooking) timer = setTimeout(look, VISIBLE);
}
export function lookNow() {
  if (isLooking) { again = true; return; }
  clearTimeout(timer);
  look();
}
export function noteTyping(isTyping) { typedAt = isTyping ? Date.now() : 0; }

function address() {
  const { view, sort, q, after, before } = inbox().dataset;
  const asked = new URLSearchParams({ view, sort, q, after, before });
  asked.set("list", document.getElementById("inbox-list")?.dataset.seenList ?? "");
  if (thread()) {
    asked.set("open", thread().dataset.id);
    asked.set("thread", document.getElementById("thread-texts")?.dataset.seenThread ?? "");
    asked.set("people", document.getElementById("thread-others")?.dataset.seenPeople ?? "");
    if (Date.now() - typedAt < TYPING_MS) asked.set("typing", "1");
  }
  for (const [name, value] of [...asked]) if (!value && !["list", "thread", "people"].includes(name)) asked.delete(name);
  return `/inbox/changes?${asked}`;
}

async function look() {
  timer = 0;
  const page = inbox();
  if (!page) { failures = 0; return; }
  isLooking = true;
  const open = thread();
  try {
    const answer = await fragment(address());
    if (answer.status === 200 && !answer.redirected) {
      const html = await answer.text();
      // Somebody may have gone elsewhere meanwhile; the next look is about where they are then.
      if (inbox() === page && thread() === open) { applyParts(html); markRead(); }
    } else if (answer.status !== 204) throw new Error(String(answer.status));
    failures = 0;
  } catch {
    failures += 1;
  } finally {
    isLooking = false;
  }
  showConnection();
  const pause = failures ? Math.min(SLOWEST, VISIBLE * 2 ** Math.min(failures - 1, 4)) : document.hidden ? HIDDEN : VISIBLE;
  clearTimeout(timer);
  timer = setTimeout(look, again ? 0 : pause);
  again = false;
}

function showConnection() {
  const lost = document.getElementById("inbox-lost");
  if (!lost) return;
  const words = failures >= 2 ? "Reconnecting…" : "";
  if (lost.textContent !== words) lost.textContent = words;
}

const read = new Map();

/** What is on a screen that somebody looks at has been read. */
export async function markRead() {
  const open = thread();
  const newest = document.getElementById("thread-texts")?.dataset.newest;
  const unread = Number(document.getElementById("thread-head")?.dataset.unread ?? 0);
  if (!open || !newest || !unread || document.hidden || read.get(open.dataset.id) === newest) return;
  read.set(open.dataset.id, newest);
  const body = new FormData();
  body.set("seen", newest);
  try {
    const answer = await fragment(`/inbox/${open.dataset.id}/read`, { method: "POST", body });
    if (!answer.ok) throw new Error(String(answer.status));
  } catch {
    read.delete(open.dataset.id);
  }
}

document.addEventListener("visibilitychange", () => { if (!document.hidden && inbox()) { askForNewLinks(); lookNow(); markRead(); } });
window.addEventListener("online", () => { if (inbox()) lookNow(); });

// Links to pictures end after three to five minutes: a thread that has some is asked for anew.
function askForNewLinks() {
  const texts = document.getElementById("thread-texts");
  if (texts?.querySelector("[data-media]")) delete texts.dataset.seenThread;
}
setInterval(() => { if (!document.hidden) askForNewLinks(); }, 120_000);
