// What is asked stands in the address, so that a link leads to it.

const MENUS = ["left", "right", "counts"];
const LATER_MENUS = ["map-model", "near-left", "near-right"];
const LAST_MENUS = ["left-embedding", "right-embedding", "head"];
const TYPED = ["gapped", "sentence", "word", "first", "second"];

/** The address of the present questions, with these changes. */
function addressOf(changes = {}) {
  const names = ["corpus", ...MENUS, ...LATER_MENUS, ...LAST_MENUS, ...TYPED].filter((name) =>
    $(name).value);
  const now = Object.fromEntries(names.map((name) => [name, $(name).value]));
  if (state.place !== null) now.place = String(state.place);
  if (state.summed.size) now.sum = [...state.summed].join(" ");
  return `#${new URLSearchParams({ ...now, ...changes })}`;
}

function remember() { history.replaceState(null, "", addressOf()); }

/** Ask what the address says. What it names and the page lacks is said. */
function followAddress() {
  const asked = new URLSearchParams(location.hash.slice(1)), missing = [];
  const choose = (name) => {
    const value = asked.get(name);
    if (value === null) return;
    if ([...$(name).options].some((option) => option.value === value)) $(name).value = value;
    else missing.push(`${name} “${short(value)}”`);
  };
  choose("corpus");
  openCorpus();
  MENUS.forEach(choose);
  fillModelMenus();
  LATER_MENUS.forEach(choose);
  fillEmbeddingMenus();
  fillHeadMenu();
  LAST_MENUS.forEach(choose);
  TYPED.filter((name) => asked.has(name)).forEach((name) => { $(name).value = asked.get(name); });
  const place = asked.get("place"), sum = asked.get("sum") || "";
  if (/^\d{1,4}$/.test(place || "")) state.place = +place;
  if (/^\d{1,4}( \d{1,4})*$/.test(sum)) state.summed = new Set(sum.split(" ").map(Number));
  $("link-note").textContent = missing.length
    ? `This page lacks what the link names: ${missing.join(", ")}.` : "";
  showAll();
}
