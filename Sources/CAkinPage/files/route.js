// The address of what is shown: #/COLLECTION, #/COLLECTION/like/POINT, #/COLLECTION/file for a picture of one's own.
const part = encodeURIComponent;

export const allAddress = (collection) => `#/${part(collection)}`;
export const likeAddress = (collection, id) => `#/${part(collection)}/like/${part(id)}`;
export const fileAddress = (collection) => `#/${part(collection)}/file`;

export function route() {
  let parts;
  try {
    parts = location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  } catch {
    parts = [""];
  }
  const [collection = "", view = "", id = ""] = parts;
  if (view === "like" && id) return { collection, view: "like", id };
  return { collection, view: view === "file" ? "file" : "all" };
}

export const onRoute = (handler) => addEventListener("hashchange", handler);

// Goes there; where the page is there already, it is shown anew.
export function go(address, handler) {
  if (location.hash === address) handler();
  else location.hash = address;
}
