// Takes a picture that is dropped anywhere on the page, pasted, or chosen from a file.
const file = document.getElementById("file");
const veil = document.getElementById("veil");
let depth = 0;

export function onPicture(take, refuse) {
  const offer = (files) => {
    const chosen = [...files].find((one) => one.type.startsWith("image/")) ?? files[0];
    if (!chosen) return refuse("There was no picture in that. Drop a JPEG, PNG or WebP file.");
    if (chosen.type && !["image/jpeg", "image/png", "image/webp"].includes(chosen.type)) {
      return refuse(`${chosen.name || "That"} is ${chosen.type}; JPEG, PNG and WebP are read.`);
    }
    take(chosen);
  };

  document.getElementById("pick").addEventListener("click", () => file.click());
  file.addEventListener("change", () => {
    if (file.files.length > 0) offer(file.files);
    // Lets the same file be chosen again.
    file.value = "";
  });

  const carriesFile = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  addEventListener("dragenter", (event) => {
    if (!carriesFile(event)) return;
    depth += 1;
    veil.hidden = false;
  });
  addEventListener("dragleave", () => {
    depth = Math.max(0, depth - 1);
    if (depth === 0) veil.hidden = true;
  });
  addEventListener("dragover", (event) => carriesFile(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    depth = 0;
    veil.hidden = true;
    if (!carriesFile(event)) return;
    event.preventDefault();
    offer(event.dataTransfer.files);
  });
  addEventListener("paste", (event) => {
    const files = event.clipboardData?.files ?? [];
    if (files.length > 0) {
      event.preventDefault();
      offer(files);
    }
  });
}
