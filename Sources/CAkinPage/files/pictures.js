// Shows stored pictures. Without a key the browser loads and keeps them itself; with one they are fetched, a few at a
// time and only when they come into view, because an <img> cannot carry the key.
import { address, send, thumbnail } from "./api.js";
import { currentKey } from "./key.js";
import { element } from "./element.js";

const atOnce = 6;
let running = 0;
const waiting = [];
const addresses = new Set();

const seen = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    seen.unobserve(target);
    waiting.push(target);
  }
  pump();
}, { rootMargin: "400px" });

function pump() {
  while (running < atOnce && waiting.length > 0) {
    const image = waiting.shift();
    if (!image.isConnected) continue;
    running += 1;
    load(image).finally(() => {
      running -= 1;
      pump();
    });
  }
}

async function load(image) {
  try {
    const blob = await (await send(image.dataset.path)).blob();
    const made = URL.createObjectURL(blob);
    addresses.add(made);
    image.src = made;
  } catch {
    image.dispatchEvent(new Event("error"));
  }
}

// An image of a point; `missing` is called where there is none or it cannot be read.
export function picture(collection, id, alt, missing, size = 256) {
  const path = thumbnail(collection, id, size);
  const image = element("img", { alt, loading: "lazy", decoding: "async", width: size, height: size });
  image.addEventListener("error", missing, { once: true });
  if (currentKey()) {
    image.dataset.path = path;
    seen.observe(image);
  } else {
    image.src = address(path);
  }
  return image;
}

// Gives back the memory of pictures that are no longer shown.
export function forgetPictures() {
  for (const made of addresses) URL.revokeObjectURL(made);
  addresses.clear();
  waiting.length = 0;
}
