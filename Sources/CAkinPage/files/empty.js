// What is said where there is nothing to show, and what to do about it.
import { element } from "./element.js";

const place = document.getElementById("empty");

export function hideEmpty() {
  place.hidden = true;
  place.replaceChildren();
}

function say(...parts) {
  place.replaceChildren(...parts);
  place.hidden = false;
}

function command(text) {
  const copy = element("button", { type: "button", class: "quiet", onclick: async () => {
    try {
      await navigator.clipboard.writeText(text);
      copy.textContent = "Copied";
    } catch {
      // Not on a page without TLS: the text is marked instead, for the keyboard to copy.
      getSelection().selectAllChildren(code);
    }
  } }, "Copy");
  const code = element("code", { tabindex: 0 }, text);
  return element("div", { class: "command" }, code, copy);
}

const here = () => new URL(".", document.baseURI).href.replace(/\/$/, "");

export const noCollections = () => say(
  element("h2", {}, "Nothing is stored here yet"),
  element("p", {}, "Load a folder of pictures; its sub-folders become labels. Run this where the pictures are, then come back:"),
  command(`akin load --url ${here()} --collection photos photos/`),
  element("p", {}, "Vectors that you have already can be loaded too:"),
  command(`akin load --url ${here()} --collection vectors vectors.npy`),
  element("button", { type: "button", class: "main", onclick: () => location.reload() }, "Look again"));

export const noPoints = (collection) => say(
  element("h2", {}, "This collection is empty"),
  element("p", {}, "Fill it with a folder of pictures:"),
  command(`akin load --url ${here()} --collection ${collection} photos/`),
  element("button", { type: "button", class: "main", onclick: () => location.reload() }, "Look again"));

export const noMatches = (clear) => say(
  element("h2", {}, "Nothing matches these filters"),
  element("button", { type: "button", class: "main", onclick: clear }, "Show everything"));

export const noSuch = (collection, first) => say(
  element("h2", {}, `There is no collection “${collection}”`),
  element("p", {}, "It may have been deleted, or its name is spelt another way."),
  first ? element("a", { href: `#/${encodeURIComponent(first)}` }, `Show ${first}`) : null);
