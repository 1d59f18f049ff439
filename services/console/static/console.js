// What the pages do beyond links and forms; without it everything still works, with a reload more.

const one = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

const menuButton = one(".menu-button");
menuButton?.addEventListener("click", () => {
  const open = menuButton.getAttribute("aria-expanded") !== "true";
  menuButton.setAttribute("aria-expanded", String(open));
  one("#menu").classList.toggle("open", open);
});

document.addEventListener("click", (event) => {
  for (const drop of all("details.drop[open]")) if (!drop.contains(event.target)) drop.open = false;
  const copy = event.target.closest("[data-copy]");
  if (copy) {
    navigator.clipboard?.writeText(one(copy.dataset.copy).textContent.trim());
    copy.classList.add("copied");
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const drop of all("details.drop[open]")) {
    drop.open = false;
    one("summary", drop).focus();
  }
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
});

// A form that asks first: the question is in the page's language.
document.addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
});

// A session that has ended shows itself on the whole page, not inside a part of it.
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status === 401) window.location.reload();
});

one(".fault[autofocus]")?.focus();
