// Everything works without this file. It only says so when the sandbox itself has gone away,
// which an unanswered click would otherwise hide.
document.addEventListener("htmx:error", () => {
  const notice = document.getElementById("notice");
  if (!notice) return;
  const words = document.createElement("p");
  words.className = "banner critical";
  words.textContent = "The sandbox does not answer. Is `make run` still running?";
  notice.replaceChildren(words);
});
