// The panel: what a collection holds, how it is indexed, how good its answers are.
import * as api from "./api.js";
import { element } from "./element.js";
import { bytes, count, counted, metric, percent } from "./words.js";

const panel = document.getElementById("about");
const button = document.getElementById("about-button");
let shown = "";

export const isOpen = () => !panel.hidden;

export function closeAbout() {
  if (panel.hidden) return false;
  panel.hidden = true;
  button.setAttribute("aria-expanded", "false");
  button.focus();
  return true;
}

export function offerAbout(collection) {
  shown = collection;
  button.hidden = collection === "";
  if (collection === "") panel.hidden = true;
  else if (isOpen()) fill();
}

button.addEventListener("click", () => {
  if (closeAbout()) return;
  panel.hidden = false;
  button.setAttribute("aria-expanded", "true");
  fill().then(() => panel.focus({ preventScroll: innerWidth > 860 }));
});

async function fill() {
  const name = shown;
  try {
    const facts = await api.collection(name);
    if (name === shown) panel.replaceChildren(...parts(facts));
  } catch (error) {
    panel.replaceChildren(head(name), element("p", { class: "wrong", role: "alert" }, error.message));
  }
}

const head = (name) => element(
  "header", {}, element("h2", {}, name),
  element("button", { type: "button", class: "quiet", onclick: closeAbout, "aria-label": "Close" }, "Close"));

function parts(facts) {
  return [head(facts.name), ...warnings(facts), size(facts), recall(facts), segments(facts), members(facts)].filter(Boolean);
}

const fact = (name, value) => [element("dt", {}, name), element("dd", {}, value)];

function warnings(facts) {
  return (facts.damage ?? []).map((damage) =>
    element("p", { class: "wrong", role: "alert" }, `Set aside, the rest is served: ${damage}`));
}

function size(facts) {
  return element(
    "dl", {},
    ...fact("points", count(facts.points)),
    ...fact("indexed", facts.points > 0 ? percent(facts.indexed / facts.points) : "nothing yet"),
    ...fact("index", facts.index),
    ...fact("compared by", metric(facts.metric).name),
    ...fact("vectors", `${count(facts.dimension)} numbers`),
    ...fact("made by", facts.space ? facts.space.name : "not known"),
    ...fact("on disk", bytes(facts.bytes)),
    ...(facts.indexing ? fact("now", "being indexed") : []),
    ...(facts.read_only ? fact("writing", "read-only") : []));
}

function recall(facts) {
  const place = element("section", { "aria-label": "Recall" }, element("h3", {}, "Recall"));
  const result = element("div", { role: "status" });
  const measure = element("button", { type: "button", id: "measure", disabled: facts.points < 2, onclick: async () => {
    measure.disabled = true;
    result.replaceChildren(element("p", { class: "soft" }, "Comparing with exact search…"));
    try {
      tell(await api.measureRecall(facts.name));
    } catch (error) {
      result.replaceChildren(element("p", { class: "wrong", role: "alert" }, error.message));
    }
    measure.disabled = false;
  } });
  const tell = (measured) => {
    measure.textContent = measured ? "Measure again" : "Measure it";
    if (!measured) {
      result.replaceChildren(element("p", { class: "soft" }, "How many of the true nearest a search finds; not measured yet."));
      return;
    }
    const bar = element("i");
    bar.style.width = `${measured.recall * 100}%`;
    result.replaceChildren(
      element("p", { class: "figure", id: "recall" }, percent(measured.recall)),
      element("div", { class: "meter", "aria-hidden": "true" }, bar),
      element("p", { class: "soft" },
        `of the true ${measured.k} nearest were found, ` +
        `asking for ${counted(measured.sample, "stored point")}`));
  };
  tell(facts.recall);
  place.append(result, element("p", { class: "actions" }, measure));
  return place;
}

function segments(facts) {
  if (!facts.segments?.length) return null;
  const rows = facts.segments.map((segment) => element(
    "tr", {}, element("td", {}, segment.index === "Flat" ? "compared one by one" : segment.index),
    element("td", { class: "number" }, count(segment.points)),
    element("td", { class: "number" }, count(segment.deleted))));
  return element(
    "section", {}, element("h3", {}, counted(facts.segments.length, "segment")),
    element("table", {}, element("thead", {}, element(
      "tr", {}, element("th", { scope: "col" }, "index"), element("th", { scope: "col", class: "number" }, "points"),
      element("th", { scope: "col", class: "number" }, "deleted"))), element("tbody", {}, ...rows)));
}

function members(facts) {
  const indexed = Object.entries(facts.payload_indexes ?? {});
  if (indexed.length === 0) return null;
  return element(
    "section", {}, element("h3", {}, "Indexed for filters"),
    element("dl", {}, ...indexed.flatMap(([name, kind]) => fact(name, kind))));
}
