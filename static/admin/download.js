// A plain link carries no session token, so a file is fetched as everything else and then kept.
import { ask, toast } from "./app.js";

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-downloads]");
  if (!button || button.classList.contains("is-busy")) return;
  button.classList.add("is-busy");
  try {
    const answer = await ask(button.dataset.downloads);
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    const address = URL.createObjectURL(await answer.blob());
    const link = document.createElement("a");
    link.href = address;
    link.download = button.dataset.filename;
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
    toast("Exported");
  } catch {
    toast("The export did not come. Try again.", { isError: true });
  } finally {
    button.classList.remove("is-busy");
  }
});
