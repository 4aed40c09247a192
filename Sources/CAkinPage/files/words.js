// Numbers, sizes and scores in words.
const whole = new Intl.NumberFormat("en");

export const count = (number) => whole.format(number);

export const counted = (number, noun, plural = noun + "s") => `${count(number)} ${number === 1 ? noun : plural}`;

export function bytes(number) {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  while (number >= 1024 && unit < units.length - 1) [number, unit] = [number / 1024, unit + 1];
  return `${unit && number < 10 ? number.toFixed(1) : Math.round(number)} ${units[unit]}`;
}

// A share as a percentage that is never rounded up to "all of it".
export const percent = (share) =>
  share >= 1 ? "100 %" : `${(Math.floor(share * 1000) / 10).toFixed(1)} %`;

export function score(value) {
  const size = Math.abs(value);
  return size >= 100 ? value.toFixed(0) : size >= 10 ? value.toFixed(1) : value.toFixed(size >= 1 ? 2 : 3);
}

const metrics = {
  cosine: { name: "cosine", means: "similarity: 1 is the same" },
  ip: { name: "inner product", means: "similarity: more is nearer" },
  l2: { name: "squared L2", means: "distance: 0 is the same" },
};
export const metric = (name) => metrics[name] ?? { name, means: "score" };

// What a point is called where there is little room.
export function title(point) {
  const payload = point.payload ?? {};
  for (const member of ["label", "title", "name"]) {
    if (typeof payload[member] === "string" && payload[member]) return payload[member];
  }
  return typeof payload.path === "string" ? payload.path.split("/").pop() : String(point.id);
}
