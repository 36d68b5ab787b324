// What every page of the admin needs: toasts, forms that are sent once, and unsaved changes.
// Pages are swapped by htmx, so everything here listens on the document.

const page = () => document.getElementById("page");

/** Say something in passing: in Shopify admin's own way where there is one. */
export function toast(text, { isError = false } = {}) {
  if (window.shopify?.toast?.show) {
    window.shopify.toast.show(text, { isError, duration: 5000 });
    return;
  }
  const own = document.getElementById("toast");
  own.textContent = text;
  own.classList.toggle("toast--error", isError);
  own.hidden = false;
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => { own.hidden = true; }, 5000);
}

/** Fetch as the merchant. App Bridge adds the session token; a page of ours never holds one. */
export async function ask(url, { method = "GET", body, signal } = {}) {
  return fetch(url, { method, body, signal, headers: { Accept: "text/html", "X-Requested-With": "fetch" } });
}

// ---- Unsaved changes ----------------------------------------------------------------------

const LEAVE = "You have unsaved changes. Leave without saving?";
const unsaved = () => page()?.querySelector("form[data-guard][data-changed]");

document.addEventListener("input", (event) => {
  const form = event.target.closest?.("form[data-guard]");
  if (form) form.dataset.changed = "";
});
document.addEventListener("click", (event) => {
  if (!event.target.closest?.("[data-discard]")) return;
  delete event.target.closest("form")?.dataset.changed;
});
window.addEventListener("beforeunload", (event) => {
  if (unsaved()) event.preventDefault();
});

// ---- Requests -----------------------------------------------------------------------------

document.addEventListener("htmx:config:request", (event) => {
  const source = event.detail.ctx.sourceElement;
  const form = unsaved();
  // Another page would take the form away with what was typed into it.
  const leaves = form && source !== form && !form.contains(source) && event.detail.ctx.target === page();
  if (leaves && !window.confirm(LEAVE)) event.preventDefault();
});

const busy = new Set();
const buttonOf = (ctx) => ctx.sourceEvent?.submitter ?? null;

document.addEventListener("htmx:before:request", (event) => {
  const { ctx } = event.detail;
  if (ctx.sourceElement.matches("form") && ctx.request.method !== "GET") {
    // A second click while the first is on its way sends nothing.
    if (busy.has(ctx.sourceElement)) { event.preventDefault(); return; }
    busy.add(ctx.sourceElement);
    buttonOf(ctx)?.classList.add("is-busy");
  }
  window.shopify?.loading?.(true);
});
document.addEventListener("htmx:finally:request", (event) => {
  const { ctx } = event.detail;
  busy.delete(ctx.sourceElement);
  buttonOf(ctx)?.classList.remove("is-busy");
  window.shopify?.loading?.(false);
});
document.addEventListener("htmx:error", (event) => {
  if (event.detail?.error?.name === "AbortError") return;
  toast("Parley did not answer. Check your connection and try again.", { isError: true });
});

// ---- A page has arrived -------------------------------------------------------------------

let address = location.pathname;
let focused = "";

// What is swapped loses the focus, and a keyboard would have to start from the top again.
document.addEventListener("htmx:before:swap", () => {
  focused = document.activeElement?.closest?.("#page") ? document.activeElement.id : "";
});

function arrived() {
  const here = page();
  if (!here) return;
  document.title = here.dataset.title || document.title;
  if (here.dataset.toast) {
    toast(here.dataset.toast, { isError: "toastError" in here.dataset });
    delete here.dataset.toast;
  }
  const wrong = here.querySelector("[aria-invalid='true']");
  if (wrong) { wrong.focus(); return; }
  if (address !== location.pathname) {
    address = location.pathname;
    window.scrollTo(0, 0);
    // A reader hears which page it is, as after any other navigation.
    here.querySelector("[data-page-heading]")?.focus({ preventScroll: true });
  } else if (focused && document.activeElement === document.body) {
    document.getElementById(focused)?.focus({ preventScroll: true });
  }
}
document.addEventListener("htmx:after:settle", arrived);
document.addEventListener("htmx:after:history:push", () => setTimeout(arrived, 0));
arrived();

// ---- Small habits of forms ----------------------------------------------------------------

document.addEventListener("change", (event) => {
  const form = event.target.closest?.("form[data-submit-on-change]");
  if (form) form.requestSubmit();
});

let pause;
document.addEventListener("input", (event) => {
  const form = event.target.closest?.("form[data-submit-on-pause]");
  if (!form) return;
  clearTimeout(pause);
  pause = setTimeout(() => form.isConnected && form.requestSubmit(), 300);
});

document.addEventListener("click", (event) => {
  const opener = event.target.closest?.("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens)?.showModal();
  const closer = event.target.closest?.("[data-closes]");
  if (closer) closer.closest("dialog")?.close();
  const copier = event.target.closest?.("[data-copies]");
  if (copier) {
    navigator.clipboard?.writeText(copier.dataset.copies).then(
      () => toast("Copied"), () => toast("Copying is not allowed here. Select the text instead.", { isError: true }));
  }
});
