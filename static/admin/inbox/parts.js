// The parts of the inbox's page: fetching them, and putting them where they belong without
// touching what somebody types, has in focus, or reads.

export const inbox = () => document.getElementById("inbox");
export const thread = () => document.getElementById("thread");

/** Fetch as the merchant; App Bridge signs it. Gives up after ten seconds, or after `patience`. */
export function fragment(url, { method = "GET", body, headers = {}, patience = 10_000 } = {}) {
  return fetch(url, {
    method, body, headers: { Accept: "text/html", "X-Requested-With": "fetch", ...headers },
    signal: AbortSignal.timeout(patience), cache: "no-store",
  });
}

export function say(text, isError = false) {
  if (window.shopify?.toast?.show) { window.shopify.toast.show(text, { isError, duration: 5000 }); return; }
  const own = document.getElementById("toast");
  if (!own) return;
  own.textContent = text;
  own.classList.toggle("toast--error", isError);
  own.hidden = false;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { own.hidden = true; }, 5000);
}

/** Put each `<template data-part>` of an answer into the slot of its name. */
export function applyParts(html) {
  for (const part of new DOMParser().parseFromString(html, "text/html").querySelectorAll("template[data-part]")) {
    const name = part.dataset.part;
    if (name === "toast") { say(part.content.textContent.trim(), true); continue; }
    const slot = document.querySelector(`[data-slot="${CSS.escape(name)}"]`);
    if (!slot) continue;
    if (name === "texts") mergeTexts(slot, part.content);
    else if (name === "list") mergeList(slot, part.content);
    else replace(slot, part.content);
  }
  showWhatIsAllowed();
  tick();
}

const carry = (from, to) => {
  for (const name of Object.keys(to.dataset)) if (!(name in from.dataset)) delete to.dataset[name];
  Object.assign(to.dataset, from.dataset);
};

function replace(slot, content) {
  const after = document.createElement("div");
  after.append(content.cloneNode(true));
  if (after.innerHTML === slot.innerHTML) return;
  const focused = slot.contains(document.activeElement) ? document.activeElement.id : "";
  // A list of choices that is open must not close under somebody's hand.
  if (focused && document.activeElement.matches("select")) return;
  slot.replaceChildren(...content.childNodes);
  if (focused) document.getElementById(focused)?.focus();
}

const withId = (list, id) => [...list.children].find((each) => each.id === id);

const withoutLinks = (element) => element.outerHTML.replace(/\/media\/[\w.-]+/g, "");

/** New links to the same files. A picture that is there already stays as it is. */
function takeLinks(fresh, known) {
  const now = known.querySelectorAll("[data-media]");
  fresh.querySelectorAll("[data-media]").forEach((each, place) => {
    if (each.href) now[place].href = each.href;
    else if (!now[place].complete || !now[place].naturalWidth) now[place].src = each.src;
  });
}

/** Put `item` in the place of what has its id, unless they are the same; focus stays. */
function renewed(known, item) {
  if (known.outerHTML === item.outerHTML) return known;
  if (withoutLinks(known) === withoutLinks(item)) { takeLinks(item, known); return known; }
  const hadFocus = known.contains(document.activeElement);
  known.replaceWith(item);
  if (hadFocus) item.querySelector("a")?.focus({ preventScroll: true });
  return item;
}

function mergeRows(list, fresh) {
  const items = [...fresh.children];
  items.forEach((item, place) => {
    const known = withId(list, item.id);
    const now = known ? renewed(known, item) : item;
    if (list.children[place] === now) return;
    const focused = now.contains(document.activeElement) ? document.activeElement : null;
    list.insertBefore(now, list.children[place] ?? null);
    focused?.focus({ preventScroll: true });
  });
  while (list.children.length > items.length) list.lastElementChild.remove();
}

function mergeItems(list, fresh) {
  const items = [...fresh.children];
  let previous = null;
  for (const item of items) {
    const known = withId(list, item.id);
    if (known) previous = renewed(known, item);
    else if (previous) { previous.after(item); previous = item; }
    else {
      const next = items.map((each) => withId(list, each.id)).find(Boolean);
      list.insertBefore(item, next ?? null);
      previous = item;
    }
  }
}

function mergeList(slot, content) {
  const fresh = content.querySelector("#inbox-list"), old = slot.querySelector("#inbox-list");
  const freshRows = fresh?.querySelector("[data-rows]"), oldRows = old?.querySelector("[data-rows]");
  if (!freshRows || !oldRows) { slot.replaceChildren(...content.childNodes); return; }
  mergeRows(oldRows, freshRows);
  carry(fresh, old);
  const pages = [fresh.querySelector(".pagination"), old.querySelector(".pagination")];
  if (pages[0]?.outerHTML === pages[1]?.outerHTML) return;
  pages[1]?.remove();
  if (pages[0]) old.append(pages[0]);
}

function mergeTexts(slot, content) {
  const fresh = content.querySelector("#thread-texts"), old = slot.querySelector("#thread-texts");
  const scroll = document.getElementById("thread-scroll");
  const wasAtEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80;
  const newest = old.dataset.newest;
  const seen = new Set([...old.querySelectorAll(".text")].map((each) => each.id));
  const touches = [...fresh.querySelectorAll(".text")].some((each) => seen.has(each.id));
  const earlierThan = old.dataset.earlierThan;
  if (touches) mergeItems(old, fresh);
  else old.replaceChildren(...fresh.children);
  carry(fresh, old);
  // What was loaded above stays above; what comes before it is asked for from there.
  if (touches) { if (earlierThan) old.dataset.earlierThan = earlierThan; else delete old.dataset.earlierThan; }
  const arrived = [...old.querySelectorAll(".text--in")].filter((each) => !seen.has(each.id));
  const live = document.getElementById("thread-live");
  if (arrived.length) live.textContent = `New text: ${arrived.map((each) => each.querySelector("p")?.textContent.slice(0, 200)).join(". ")}`;
  if (wasAtEnd) scroll.scrollTop = scroll.scrollHeight;
  else if (newest !== old.dataset.newest) document.querySelector("[data-to-newest]").hidden = false;
}

/** The box gives way to the reason why nothing can be sent; what was typed in it stays. */
export function showWhatIsAllowed() {
  const box = document.getElementById("reply-box");
  if (box) box.hidden = Boolean(document.querySelector("#reply-blocked[data-blocked]"));
}

/** Let waiting times grow; admin/inbox_parts.py says the same words. */
export function tick() {
  for (const time of document.querySelectorAll("time[data-since]")) {
    const minutes = Math.max(0, Math.floor((Date.now() - Date.parse(time.dateTime)) / 60_000));
    const words = minutes < 1 ? "<1 min" : minutes < 60 ? `${minutes} min` : minutes < 1440 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1440)} d`;
    if (time.textContent !== words) time.textContent = words;
  }
}
setInterval(tick, 15_000);
