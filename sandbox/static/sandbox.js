// The pages work without this file. It says when the sandbox itself has gone away, which an
// unanswered click would otherwise hide, and keeps the phones beside the store in step with it.

document.addEventListener("htmx:error", () => {
  const notice = document.getElementById("notice");
  if (!notice) return;
  const words = document.createElement("p");
  words.className = "toast caution";
  words.textContent = "The sandbox does not answer. Is `make run` still running?";
  notice.replaceChildren(words);
});

const phones = () => document.querySelector(".cockpit-phones iframe")?.contentDocument;

// Whoever buys is whose phone one wants to see. Both lists are in the world's order.
document.addEventListener("change", (event) => {
  if (event.target.name !== "buyer" || event.target.type !== "radio") return;
  const place = [...event.target.form.elements.buyer].indexOf(event.target);
  phones()?.querySelectorAll("[data-switcher] button")[place]?.click();
});

const frame = document.querySelector(".cockpit-admin iframe");
const panel = () => document.querySelector("#store [data-shop]");
let shown = { ...panel()?.dataset };

// The admin follows the store: another shop, or Parley gone from it.
document.addEventListener("htmx:after:swap", () => {
  const now = panel()?.dataset;
  if (!frame || !now || (now.shop === shown.shop && now.installed === shown.installed)) return;
  shown = { ...now };
  document.querySelector("[data-admin-alone]").href = now.admin;
  frame.contentWindow.location.replace(`${now.admin}?in=cockpit`);
});

// And the store follows the admin.
window.addEventListener("message", ({ source, origin, data }) => {
  if (source !== frame?.contentWindow || origin !== location.origin || !data?.admin) return;
  if (data.shop === shown.shop) return;
  shown.shop = data.shop;
  document.querySelector(`.shops a[href*="shop=${data.shop}"]`)?.click();
});

// What is behind a tab has to say that a text came: to a phone, or to the merchant.
function badge(name, count) {
  const element = document.getElementById(name);
  if (!element) return;
  element.hidden = count === 0;
  element.textContent = count;
}

function countWhatIsNew() {
  const onPhones = [...(phones()?.querySelectorAll("[data-switcher] .unread") ?? [])];
  badge("unread", onPhones.reduce((sum, each) => sum + Number(each.textContent || 0), 0));
  const counts = JSON.parse(document.getElementById("texts-by-shop")?.value ?? "{}");
  const came = counts[shown.shop] ?? 0;
  const key = `cockpit.seen.${shown.shop}`;
  const looking = frame?.offsetParent !== null;
  if (looking || sessionStorage.getItem(key) === null) sessionStorage.setItem(key, came);
  badge("texts-in", Math.max(0, came - Number(sessionStorage.getItem(key))));
}

document.addEventListener("htmx:after:swap", countWhatIsNew);
document.addEventListener("change", ({ target }) => { if (target.name === "view") countWhatIsNew(); });
countWhatIsNew();
