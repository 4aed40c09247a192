// Members of payloads as chips, drop-downs and bounds, and the filter that they make together.
import { element } from "./element.js";
import { count } from "./words.js";

const place = document.getElementById("filters");
const mostChips = 16;
let chosen = new Map();
let changed = () => {};

export const onFilter = (handler) => (changed = handler);

// The filter as the service takes it; null where nothing was chosen.
export function filter() {
  const must = [];
  for (const [key, choice] of chosen) {
    if (choice.values?.size) must.push({ key, match: { any: [...choice.values] } });
    if (choice.flag !== undefined) must.push({ key, match: { value: choice.flag } });
    if (choice.range && Object.keys(choice.range).length > 0) must.push({ key, range: choice.range });
  }
  return must.length > 0 ? { must } : null;
}

export function clearFilters() {
  chosen = new Map();
  for (const chip of place.querySelectorAll('[aria-pressed="true"]')) chip.setAttribute("aria-pressed", "false");
  for (const field of place.querySelectorAll("select, input")) field.value = "";
  update();
}

// Offers what can be chosen among: [{ name, kind, values: [{ value, count }], least, greatest }].
export function offerFilters(members) {
  chosen = new Map();
  const rank = ({ name, kind }) => (name === "label" ? 0 : kind === "number" ? 2 : 1);
  place.replaceChildren(...[...members].sort((a, b) => rank(a) - rank(b)).map(control).filter(Boolean));
  if (place.childElementCount > 0) {
    place.append(element("button", { type: "button", class: "chip quiet", id: "no-filter", hidden: true, onclick: () => {
      clearFilters();
      changed();
    } }, "Show everything"));
  }
}

function control(member) {
  if (member.kind === "number") return member.least < member.greatest ? bounds(member) : null;
  if (member.kind === "bool") return chips(member, (value) => ({ flag: value }));
  if (member.values.length < 2) return null;
  return member.values.length <= mostChips ? chips(member) : dropDown(member);
}

function chips(member, flag) {
  const buttons = member.values.map(({ value, count: points }) =>
    element("button", {
      type: "button", class: "chip", "aria-pressed": "false", "data-member": member.name, "data-value": String(value),
      onclick: (event) => {
        const isOn = event.currentTarget.getAttribute("aria-pressed") !== "true";
        event.currentTarget.setAttribute("aria-pressed", String(isOn));
        if (flag) {
          for (const other of buttons) if (other !== event.currentTarget) other.setAttribute("aria-pressed", "false");
          choose(member.name, isOn ? flag(value) : {});
        } else {
          const values = new Set(chosen.get(member.name)?.values);
          if (isOn) values.add(value);
          else values.delete(value);
          choose(member.name, { values });
        }
      },
    }, `${value} `, element("small", {}, count(points))));
  return element("fieldset", {}, element("legend", {}, member.name), ...buttons);
}

function dropDown(member) {
  const select = element("select", {
    "data-member": member.name,
    onchange: () => {
      const value = member.values[Number(select.value)]?.value;
      choose(member.name, select.value === "" ? {} : { values: new Set([value]) });
    },
  }, element("option", { value: "" }, "any"), ...member.values.map(({ value, count: points }, index) =>
    element("option", { value: index }, `${value} (${count(points)})`)));
  return element("label", { class: "member" }, member.name, select);
}

function bounds(member) {
  const field = (bound, words, shown) => element("input", {
    type: "number", step: "any", placeholder: shown, "aria-label": `${member.name} ${words}`, "data-member": member.name,
    onchange: (event) => {
      const range = { ...chosen.get(member.name)?.range };
      delete range[bound];
      if (event.target.value !== "") range[bound] = Number(event.target.value);
      choose(member.name, { range });
    },
  });
  return element(
    "span", { class: "member" }, member.name, field("gte", "at least", member.least), "to",
    field("lte", "at most", member.greatest));
}

function choose(name, choice) {
  chosen.set(name, choice);
  update();
  changed();
}

function update() {
  const none = document.getElementById("no-filter");
  if (none) none.hidden = filter() === null;
}
