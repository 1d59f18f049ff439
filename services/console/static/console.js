// What the pages do beyond links and forms; without it everything still works, with a reload more.

const one = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

const menuButton = one(".menu-button");
menuButton?.addEventListener("click", () => {
  const open = menuButton.getAttribute("aria-expanded") !== "true";
  menuButton.setAttribute("aria-expanded", String(open));
  one("#menu").classList.toggle("open", open);
});

// The menu is longer than most screens: the page that one is at is in sight.
const menu = one("#menu"), current = one("#menu [aria-current]");
if (menu && current) menu.scrollTop = current.offsetTop - menu.offsetTop - menu.clientHeight / 2;

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

// After a button that changes a form's steps, the person goes on at the step or result it was about.
const here = one("[data-here]");
if (here && !one(".fault[autofocus]")) {
  here.scrollIntoView();
  const field = here.matches("[tabindex]") ? here : one("input:not([type=hidden]), select, textarea", here);
  field?.focus({ preventScroll: true });
}

// Document editor: lines come and go, and what is picked fills its line in.
const editor = one("#document");
if (editor) {
  const lines = one("#lines", editor);
  const renumber = () => all(".line-row", lines).forEach((row, number) => {
    for (const field of all("[name]", row)) {
      field.name = field.name.replace(/\[\d+\]/, `[${number}]`);
      field.id = `f-${field.name}`;
    }
    one("output", row).id = `net-${number}`;
  });
  const add = () => {
    const rows = all(".line-row", lines);
    const row = rows[rows.length - 1].cloneNode(true);
    for (const field of all("input", row)) field.value = "";
    for (const wrong of all(".wrong", row)) wrong.remove();
    one("output", row).textContent = "";
    lines.append(row);
    renumber();
    window.htmx?.process(row);
    return row;
  };
  editor.addEventListener("click", (event) => {
    if (event.target.closest("[data-add-line]")) one("input", add()).focus();
    const remove = event.target.closest("[data-remove-line]");
    if (!remove) return;
    if (all(".line-row", lines).length > 1) remove.closest("tr").remove();
    else for (const field of all("input", remove.closest("tr"))) field.value = "";
    renumber();
    editor.dispatchEvent(new Event("recalculate"));
  });
  editor.addEventListener("input", (event) => {
    const field = event.target;
    if (field.dataset.pick === "client") {
      const found = all("#clients option").find((option) => option.value === field.value);
      one("[name=client_id]", editor).value = found?.dataset.id ?? "";
    }
    if (field.dataset.pick === "product") {
      const found = all("#products option").find((option) => option.value === field.value);
      if (!found) return;
      for (const name of ["description", "unit_price", "tax_rate"]) {
        const other = one(`[name$=".${name}"]`, field.closest("tr"));
        if (!other.value) other.value = found.dataset[name];
      }
      const quantity = one('[name$=".quantity"]', field.closest("tr"));
      if (!quantity.value) quantity.value = "1";
      editor.dispatchEvent(new Event("recalculate"));
    }
  });
}

// Live parts: an event of the stream lets htmx fetch the part anew, at most twice a second.
for (const part of all("[data-live]")) {
  const source = new EventSource(part.dataset.live);
  let waiting = false;
  source.onmessage = () => {
    if (waiting) return;
    waiting = true;
    window.setTimeout(() => {
      waiting = false;
      window.htmx?.trigger(part, "live");
    }, 500);
  };
  source.addEventListener("end", () => source.close());
  window.addEventListener("pagehide", () => source.close());
}

// What somebody has unfolded in a live part stays so: the third "Input" is the third "Input" of the new part.
const folds = (part) => {
  const seen = new Map();
  return all("details", part).map((fold) => {
    const text = one("summary", fold)?.textContent.trim() ?? "";
    seen.set(text, (seen.get(text) ?? 0) + 1);
    return [`${text} ${seen.get(text)}`, fold];
  });
};
let unfolded = new Set();
document.addEventListener("htmx:beforeSwap", (event) => {
  unfolded = new Set(folds(event.detail.target).filter(([, fold]) => fold.open).map(([name]) => name));
});
document.addEventListener("htmx:afterSwap", (event) => {
  if (!event.detail.target.matches("[data-live]")) return;
  for (const [name, fold] of folds(event.detail.target)) fold.open ||= unfolded.has(name);
});

// Builder: what is picked goes into the field of the step that was used last.
const builder = one("#builder");
if (builder) {
  let last = null;
  builder.addEventListener("focusin", (event) => {
    if (event.target.matches("[data-step] input[type=text], [data-step] textarea")) last = event.target;
  });
  builder.addEventListener("click", (event) => {
    const pick = event.target.closest("[data-insert]");
    if (!pick) return;
    const step = pick.closest("[data-step]");
    const field = last && step.contains(last) ? last : one("input[type=text], textarea", step);
    if (!field) return;
    field.setRangeText(pick.dataset.insert, field.selectionStart ?? 0, field.selectionEnd ?? 0, "end");
    field.focus();
  });
}

// A button that asks first.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-ask]");
  if (button && !window.confirm(button.dataset.ask)) event.preventDefault();
});

// A search field above a list of buttons: what does not match is hidden; Enter takes the first that is left.
for (const search of all("[data-filter]")) {
  const entries = all("button", one(search.dataset.filter));
  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  search.addEventListener("input", () => {
    const words = plain(search.value).split(/\s+/).filter(Boolean);
    for (const entry of entries) {
      const text = plain(`${entry.textContent} ${entry.value}`);
      entry.hidden = !words.every((word) => text.includes(word));
    }
  });
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    entries.find((entry) => !entry.hidden)?.click();
  });
}

// A form whose choices travel in its address, because its body is the file.
for (const form of all("form[data-query]")) form.addEventListener("submit", () => {
  const url = new URL(form.action);
  for (const field of all("[data-name]", form)) url.searchParams.set(field.dataset.name, field.value);
  form.action = url;
});

// Lists: one box ticks all of a name.
document.addEventListener("change", (event) => {
  const name = event.target.dataset?.all;
  if (name) for (const box of all(`input[name="${name}"]`)) box.checked = event.target.checked;
});

// Call console: outcomes, saving and the next call by one key, except while somebody types.
const calling = one("#call");
if (calling) document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    calling.requestSubmit(one("[data-key=Enter]", calling));
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches("textarea, select, input:not([type=radio])")) return;
  const found = one(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (!found) return;
  event.preventDefault();
  found.click();
  found.focus();
});

// Import: the first lines of the file, with a choice above each column of what it holds.
const columns = one("#columns");
if (columns) {
  const form = columns.closest("form");
  const records = (text) => {
    const first = text.split("\n", 1)[0];
    const mark = [",", ";", "\t", "|"].reduce((best, next) => (first.split(next).length > first.split(best).length ? next : best));
    const rows = [[""]];
    let quoted = false;
    for (const char of text.replace(/\r\n?/g, "\n")) {
      const row = rows.at(-1);
      if (char === '"') quoted = !quoted;
      else if (char === mark && !quoted) row.push("");
      else if (char === "\n" && !quoted) rows.push([""]);
      else row[row.length - 1] += char;
    }
    return rows.filter((row) => row.some(Boolean));
  };
  const show = async () => {
    const file = one("[name=file]", form).files[0];
    const table = one("table", columns);
    table.replaceChildren();
    keep();
    columns.hidden = !file || one("[data-name=format]", form).value !== "csv";
    if (columns.hidden) return;
    const [heading, ...rows] = records(await file.slice(0, 16384).text());
    const choice = one(`template[data-columns="${one("[data-name=kind]", form).value}"]`, document).content;
    const cells = (kind, row, fill) => {
      const line = table.insertRow();
      for (const text of row) fill(line.appendChild(document.createElement(kind)), text);
    };
    cells("td", heading ?? [], (cell) => cell.append(choice.cloneNode(true)));
    cells("th", heading ?? [], (cell, text) => { cell.scope = "col"; cell.textContent = text; });
    for (const row of rows.slice(0, 3)) cells("td", row, (cell, text) => { cell.textContent = text; });
  };
  const keep = () => {
    one("[data-name=columns]", form).value = all("select", columns).map((field) => field.value).join(",");
  };
  columns.addEventListener("change", keep);
  for (const field of all("[name=file], [data-name=kind], [data-name=format]", form)) field.addEventListener("change", show);
}
