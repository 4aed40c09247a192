// The API key: kept in this tab, asked for when the service wants one.
const name = "akin.key";
const dialog = document.getElementById("key");
const form = document.getElementById("key-form");
const field = document.getElementById("key-field");
const problem = document.getElementById("key-problem");
const button = document.getElementById("key-button");
let asking = null;

export const currentKey = () => sessionStorage.getItem(name) ?? "";

function keep(key) {
  if (key) sessionStorage.setItem(name, key);
  else sessionStorage.removeItem(name);
}

// Asks once, however many requests were refused at the same time. Gives false where the question was left.
export function askForKey(words) {
  asking ??= new Promise((answer) => {
    problem.textContent = currentKey() ? words : "";
    button.hidden = false;
    field.value = "";
    form.onsubmit = () => keep(field.value.trim());
    dialog.onclose = () => {
      asking = null;
      answer(dialog.returnValue === "given" && currentKey() !== "");
    };
    dialog.returnValue = "";
    dialog.showModal();
    field.focus();
  });
  return asking;
}

form.addEventListener("submit", () => (dialog.returnValue = "given"));
document.getElementById("key-forget").addEventListener("click", () => {
  keep("");
  dialog.close();
  location.reload();
});
button.addEventListener("click", () => askForKey("").then((given) => given && location.reload()));
if (currentKey()) button.hidden = false;
