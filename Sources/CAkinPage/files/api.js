// Talks to the service: addresses, the key, and errors in words.
import { askForKey, currentKey } from "./key.js";

// Something went wrong; `message` says what in words for people.
export class Problem extends Error {
  constructor(message, status, details = {}) {
    super(message);
    this.status = status;
    this.code = details.code;
  }
}

export const address = (path) => new URL(path, document.baseURI).href;

const at = (collection, rest = "") => `v1/collections/${encodeURIComponent(collection)}${rest}`;

// Sends a request, with the key where there is one; asks for a key where it is refused without.
export async function send(path, options = {}) {
  for (;;) {
    const key = currentKey();
    const headers = { ...options.headers, ...(key ? { "api-key": key } : {}) };
    let reply;
    try {
      reply = await fetch(address(path), { ...options, headers });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Problem("The service does not answer. Is it still running, and are you connected to it?", 0);
    }
    if (reply.ok) return reply;
    const problem = await problemOf(reply);
    if (reply.status === 401 && (await askForKey(problem.message))) continue;
    throw problem;
  }
}

async function problemOf(reply) {
  let details = {};
  try {
    details = (await reply.json()).status ?? {};
  } catch {
    // Not the service's own words: something between it and here answered.
  }
  const said = typeof details.error === "string" ? details.error : "";
  const sentence = said ? said[0].toUpperCase() + said.slice(1) : "";
  switch (reply.status) {
    case 401:
      return new Problem(sentence || "The service asks for a key.", 401, details);
    case 413:
      return new Problem(sentence || "The picture is larger than this service takes.", 413, details);
    case 429:
    case 503: {
      const wait = reply.headers.get("retry-after");
      const when = wait ? `again in ${wait} s` : "again in a moment";
      return new Problem(`The service has too much to do. Try ${when}.`, reply.status, details);
    }
    default:
      return new Problem(sentence || `The service answered with an error (${reply.status}).`, reply.status, details);
  }
}

// A point's name may be a number of 64 bits, more than numbers hold here: then its digits are kept, as text.
const exactNames = (key, value, context) =>
  (key === "id" || key === "next") && typeof value === "number" && !Number.isSafeInteger(value)
    ? (context?.source ?? value) : value;

const json = async (path, options) => JSON.parse(await (await send(path, options)).text(), exactNames).result;

function query(values) {
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== null);
  return "?" + given.map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join("&");
}

const filterText = (filter) => (filter ? JSON.stringify(filter) : undefined);

export const collections = (signal) => json("v1/collections", { signal });
export const collection = (name, signal) => json(at(name), { signal });
export const members = (name, signal) => json(at(name, "/members"), { signal });

export const browse = (name, { limit, after, filter }, signal) =>
  json(at(name, "/points") + query({ limit, offset: after, filter: filterText(filter) }), { signal });

export const similar = (name, id, { limit, offset, filter }, signal) =>
  json(
    at(name, `/points/${encodeURIComponent(id)}/similar`) +
      query({ limit, offset, filter: filterText(filter), with_payload: true }), { signal });

export const point = (name, id, signal) => json(at(name, `/points/${encodeURIComponent(id)}`), { signal });

export const searchImage = (name, file, { limit, offset, filter }, signal) =>
  json(at(name, "/search/image") + query({ limit, offset, filter: filterText(filter), with_payload: true }), {
    method: "POST", body: file, headers: { "content-type": file.type || "application/octet-stream" }, signal,
  });

export const measureRecall = (name, signal) => json(at(name, "/recall"), { method: "POST", signal });

export const thumbnail = (name, id, size = 256) =>
  at(name, `/points/${encodeURIComponent(id)}/thumbnail`) + query({ size });
