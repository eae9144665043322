// Conveniences only: every function of the site works without this file.
"use strict";
(() => {
  const box = document.getElementById("q");
  const typing = (event) => event.target.closest("input:not([type=checkbox]), select, textarea");
  const walk = (selector, step) => {
    const stops = [...document.querySelectorAll(selector)];
    if (!stops.length) return;
    const at = stops.findIndex((stop) => stop.classList.contains("at") || stop === document.activeElement);
    stops.forEach((stop) => stop.classList.remove("at"));
    const next = stops[at < 0 ? (step > 0 ? 0 : stops.length - 1) : (at + step + stops.length) % stops.length];
    if (next.tagName === "A") next.focus();
    else next.classList.add("at");
    next.scrollIntoView({ block: "center" });
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event)) return;
    if (event.key === "/" && box) { event.preventDefault(); box.focus(); box.select(); }
    else if (event.key === "j") walk(".hits h2 a, table.hits th a", 1);
    else if (event.key === "k") walk(".hits h2 a, table.hits th a", -1);
    else if (event.key === "n") walk(".text mark", 1);
    else if (event.key === "p") walk(".text mark", -1);
  });
  const order = document.getElementById("tri");
  if (order) order.addEventListener("change", () => order.form.requestSubmit());
  // A clean address: what is empty or usual is not sent.
  const form = document.getElementById("recherche");
  if (form) form.addEventListener("submit", () => {
    for (const field of form.elements) if (["q", "du", "au", "tri"].includes(field.name) && !field.value) field.disabled = true;
  });
  window.addEventListener("pageshow", () => { if (form) { for (const field of form.elements) field.disabled = false; form.reset(); } });
  for (const button of document.querySelectorAll("[data-copy]")) {
    if (!navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
      button.textContent = button.dataset.copied;
    });
  }
})();
