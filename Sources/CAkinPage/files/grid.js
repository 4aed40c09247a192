// Pictures in rows: filled from pages as they are scrolled to, walked with the arrow keys.
import { element } from "./element.js";
import { forgetPictures, picture } from "./pictures.js";
import { likeAddress } from "./route.js";
import { score, title } from "./words.js";

const list = document.getElementById("grid");
const more = document.getElementById("more");
let source = null;
let generation = 0;
let isLoading = false;

// Shows what `next` gives, page by page: { points, isLast }. It is asked again whenever the end comes into view.
export async function show(collection, next) {
  generation += 1;
  source = { collection, next, isDone: false };
  isLoading = false;
  list.replaceChildren();
  forgetPictures();
  more.hidden = true;
  return loadMore();
}

export const clear = () => show("", async () => ({ points: [], isLast: true }));

async function loadMore() {
  if (!source || source.isDone || isLoading) return null;
  const mine = generation;
  isLoading = true;
  try {
    const page = await source.next();
    if (mine !== generation) return null;
    append(source.collection, page.points);
    source.isDone = page.isLast;
    return page;
  } catch (error) {
    if (mine === generation) source.isDone = true;
    throw error;
  } finally {
    if (mine === generation) {
      isLoading = false;
      more.hidden = source.isDone;
    }
  }
}

function append(collection, points) {
  const isFirst = list.childElementCount === 0;
  list.append(...points.map((point) => card(collection, point)));
  if (isFirst && list.firstElementChild) list.firstElementChild.firstElementChild.tabIndex = 0;
}

function card(collection, point) {
  const name = title(point);
  const shown = element("span", { class: "shown" });
  const none = () => {
    shown.classList.add("none");
    shown.replaceChildren(String(point.payload?.path ?? point.id));
  };
  if (point.image) shown.append(picture(collection, point.id, "", none));
  else none();
  const near = point.score === undefined ? "" : `, score ${score(point.score)}`;
  const link = element(
    "a",
    {
      class: "card", href: likeAddress(collection, point.id), tabindex: -1, title: String(point.payload?.path ?? point.id),
      "aria-label": `${name}${near}: show what looks like it`, "data-id": String(point.id),
    },
    shown,
    element(
      "span", { class: "caption" }, element("span", { class: "label" }, name),
      point.score === undefined ? null : element("span", { class: "score" }, score(point.score))));
  return element("li", {}, link);
}

const cards = () => [...list.querySelectorAll(".card")];

function columns() {
  const all = list.children;
  if (all.length === 0) return 1;
  const top = all[0].offsetTop;
  let across = 1;
  while (across < all.length && all[across].offsetTop === top) across += 1;
  return across;
}

function focus(link) {
  for (const other of list.querySelectorAll('.card[tabindex="0"]')) other.tabIndex = -1;
  link.tabIndex = 0;
  link.focus();
  link.scrollIntoView({ block: "nearest" });
}

export function focusFirst() {
  const first = list.querySelector(".card");
  if (first) focus(first);
}

list.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const all = cards();
  const now = all.indexOf(document.activeElement);
  if (now < 0) return;
  const steps = {
    ArrowLeft: now - 1, ArrowRight: now + 1, ArrowUp: now - columns(), ArrowDown: now + columns(), Home: 0,
    End: all.length - 1,
  };
  let next = steps[event.key];
  if (next === undefined) return;
  event.preventDefault();
  // Below the last full row there is still a last picture.
  if (event.key === "ArrowDown" && next >= all.length && columnsLeft(now, all.length)) next = all.length - 1;
  if (next >= 0 && next < all.length) focus(all[next]);
  if (now + 3 * columns() >= all.length) quietlyLoadMore();
});

function columnsLeft(now, total) {
  const across = columns();
  return Math.floor(now / across) < Math.floor((total - 1) / across);
}

let problem = () => {};
export const onProblem = (handler) => (problem = handler);

const quietlyLoadMore = () => loadMore().catch((error) => problem(error));

new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && quietlyLoadMore(), {
  rootMargin: "600px",
}).observe(more);
// A screen that is not filled by one page asks for the next; the observer only tells of changes.
new ResizeObserver(() => {
  if (!more.hidden && more.getBoundingClientRect().top < innerHeight + 600) quietlyLoadMore();
}).observe(list);
