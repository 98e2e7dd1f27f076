// The contents mark the section that is read.
const links = new Map([...document.querySelectorAll("nav a")].map((link) => [link.hash.slice(1), link]));
const parts = [...links.keys()].map((id) => document.getElementById(id));
const mark = () => {
  const read = parts.filter((part) => part.getBoundingClientRect().top < 100).pop() ?? parts[0];
  const link = links.get(read.id);
  if (link.hasAttribute("aria-current")) return;
  links.forEach((other) => other.removeAttribute("aria-current"));
  link.setAttribute("aria-current", "true");
  const list = link.closest("nav");
  list.scrollLeft = link.offsetLeft - (list.clientWidth - link.offsetWidth) / 2;
};
addEventListener("scroll", mark, { passive: true });
mark();

// A link to a search opens it.
const unfold = (hash) => document.getElementById(hash.slice(1))?.querySelector(":scope.search > details")?.setAttribute("open", "");
addEventListener("click", ({ target }) => unfold(target.closest("a")?.hash ?? ""));
addEventListener("hashchange", () => unfold(location.hash));
unfold(location.hash);
