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

// On a narrow screen the phones are behind a tab, which then has to say that a text came.
document.addEventListener("htmx:after:swap", () => {
  const badge = document.getElementById("unread");
  if (!badge) return;
  const counts = [...(phones()?.querySelectorAll("[data-switcher] .unread") ?? [])];
  const unread = counts.reduce((sum, count) => sum + Number(count.textContent || 0), 0);
  badge.hidden = unread === 0;
  badge.textContent = unread;
});
