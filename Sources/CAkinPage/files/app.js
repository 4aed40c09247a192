// Puts the page together: follows the address, asks the service, shows the answer.
import * as about from "./about.js";
import * as api from "./api.js";
import { element } from "./element.js";
import * as empty from "./empty.js";
import { clearFilters, filter, offerFilters, onFilter } from "./filters.js";
import * as grid from "./grid.js";
import { picture } from "./pictures.js";
import { onPicture } from "./picker.js";
import { allAddress, fileAddress, go, onRoute, route } from "./route.js";
import { counted, metric, title } from "./words.js";

const byID = (id) => document.getElementById(id);
const pageSize = 60;
const mostHits = 600;

let known = []; // collections, as the service lists them
let current = null; // the one that is shown
let own = null; // a picture of one's own: { file, name, address }
let abort = new AbortController();

function notice(words) {
  byID("notice").textContent = words;
  byID("notice").hidden = words === "";
}

function tell(error) {
  if (error.name === "AbortError") return;
  byID("summary").textContent = "";
  notice(error.message);
}

// Collections

function offerCollections() {
  byID("collections").replaceChildren(...known.map(({ name }) => new Option(name, name)));
  byID("chooser").hidden = known.length === 0;
}

async function choose(name) {
  if (current?.name === name) return true;
  const found = known.find((one) => one.name === name);
  current = found ?? null;
  byID("ask").hidden = !found;
  about.offerAbout(found ? name : "");
  offerFilters([]);
  if (!found) return false;
  byID("collections").value = name;
  document.title = `${name} – Akin`;
  api.members(name).then((answer) => {
    if (current?.name === name) offerFilters(answer.members);
  }, tell);
  return true;
}

// What is asked

function ask({ heading, hint, isSearch, image }) {
  byID("title").textContent = heading;
  byID("hint").textContent = hint;
  byID("back").hidden = !isSearch;
  byID("pick").textContent = isSearch ? "Choose another" : "Choose a picture";
  byID("drop").classList.toggle("asked", isSearch);
  const query = byID("query");
  if (image) {
    image.id = "query";
    image.className = "query";
    query.replaceWith(image);
  } else {
    query.hidden = true;
  }
}

const invitation = () => current.embeds
  ? "Drop a picture anywhere, paste one, or choose a file. Or click any picture below."
  : "These vectors come from elsewhere, so new pictures cannot be compared with them. Click any point below.";

// What is answered

const scores = () => `The number is the ${metric(current.metric).means}.`;

function summarize(answer) {
  const votes = new Map();
  for (const { payload } of answer.hits.slice(0, 10)) {
    if (typeof payload?.label === "string") votes.set(payload.label, (votes.get(payload.label) ?? 0) + 1);
  }
  const [best] = [...votes].sort((a, b) => b[1] - a[1]);
  const summary = byID("summary");
  summary.replaceChildren();
  if (best) {
    const nearest = Math.min(answer.hits.length, 10);
    summary.append(`${best[1]} of the nearest ${nearest} are labelled `, element("b", {}, best[0]), ". ");
  }
  const how = answer.exact ? "These are the true nearest. " : "Found through the index, which may miss a few. ";
  summary.append(how, scores());
}

// Pages of an answer, the first of which also says how it was found.
function pages(search) {
  let offset = 0;
  return async () => {
    const answer = await search({ limit: pageSize, offset, filter: filter() }, abort.signal);
    if (offset === 0 && answer.hits.length > 0) summarize(answer);
    offset += answer.hits.length;
    return { points: answer.hits, isLast: answer.hits.length < pageSize || offset >= mostHits };
  };
}

function listing(name) {
  let after;
  return async () => {
    const answer = await api.browse(name, { limit: pageSize, after, filter: filter() }, abort.signal);
    after = answer.next ?? undefined;
    return { points: answer.points, isLast: after === undefined };
  };
}

async function view() {
  abort.abort();
  abort = new AbortController();
  notice("");
  empty.hideEmpty();
  byID("summary").textContent = "";
  const here = route();
  const name = here.collection || known[0]?.name || "";
  if (!(await choose(name))) {
    grid.clear();
    if (known.length === 0) empty.noCollections();
    else empty.noSuch(name, known[0].name);
    return;
  }
  byID("pick").hidden = !current.embeds;
  try {
    const first = await grid.show(name, await question(here, name));
    if (first && first.points.length === 0) {
      if (filter()) empty.noMatches(() => { clearFilters(); view(); });
      else if (here.view === "all") empty.noPoints(name);
      else byID("summary").textContent = "Nothing else is stored here.";
    } else if (first && here.view === "all" && !filter()) {
      byID("summary").textContent = `${counted(current.points, current.embeds ? "picture" : "point")} stored.`;
    }
  } catch (error) {
    tell(error);
  }
}

// Says what is asked and gives the pages of its answer.
async function question(here, name) {
  if (here.view === "file" && own) {
    const image = new Image();
    image.alt = "Your picture";
    image.src = own.address;
    ask({ heading: "Looks like your picture", hint: own.name || "A pasted picture", isSearch: true, image });
    return pages((options, signal) => api.searchImage(name, own.file, options, signal));
  }
  if (here.view === "like") {
    const point = await api.point(name, here.id, abort.signal);
    const image = point.image ? picture(name, point.id, "", () => (byID("query").hidden = true)) : null;
    ask({ heading: `Looks like this ${title(point)}`, hint: described(point), isSearch: true, image });
    scrollTo({ top: 0 });
    return pages((options, signal) => api.similar(name, here.id, options, signal));
  }
  ask({ heading: "What looks alike?", hint: invitation(), isSearch: false });
  return listing(name);
}

function described(point) {
  const members = Object.entries(point.payload ?? {}).filter(
    ([, value]) => value !== null && typeof value !== "object" && value !== title(point));
  const words = members.slice(0, 6).map(([name, value]) => `${name}: ${value}`);
  return words.join(" · ") || `point ${point.id}`;
}

// What people do

onPicture(async (given) => {
  if (!current) return notice("There is no collection to search in yet.");
  if (!current.embeds) return notice(invitation());
  let file;
  try {
    // Read at once: the file may be gone when the next page of answers is asked for.
    file = new Blob([await given.arrayBuffer()], { type: given.type });
  } catch {
    return notice("The file cannot be read.");
  }
  if (own) URL.revokeObjectURL(own.address);
  own = { file, name: given.name, address: URL.createObjectURL(file) };
  go(fileAddress(current.name), view);
}, notice);

const back = () => current && go(allAddress(current.name), view);
byID("back").addEventListener("click", back);
byID("collections").addEventListener("change", (event) => go(allAddress(event.target.value), view));
document.querySelector(".name").addEventListener("click", (event) => {
  event.preventDefault();
  if (current) back();
  else location.reload();
});
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  grid.focusFirst();
});
addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog[open]")) return;
  if (about.isOpen()) about.closeAbout();
  else if (route().view !== "all") back();
});
onRoute(view);
onFilter(view);
grid.onProblem(tell);

try {
  known = (await api.collections()).collections;
  offerCollections();
  await view();
} catch (error) {
  tell(error);
}
