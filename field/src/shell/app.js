// The page opens; Khula begins: the language, a link that enrols, the lock, and the worker that keeps the program here.
import { begin, busy, lockNow, updateReady } from "../screens/start.js";
import { only } from "../screens/router.js";
import { SCREENS } from "./screens.js";
import { speak } from "../words/words.js";

/** The link is a key: it goes from the address bar and from the history before anything else is done.
 * @param {string} address */
function takeToken(address) {
  const token = /#k=([\w-]{16,})$/.exec(address)?.[1];
  if (location.hash) history.replaceState(0, "", location.pathname);
  return token;
}

let token = takeToken(location.href);
let begun = false;
addEventListener("hashchange", (event) => {
  // A second person's link, opened while Khula is. By the time this is told, a screen may have put its own name there.
  const { newURL } = /** @type {HashChangeEvent} */ (event);
  if (!newURL.includes("#k=")) return;
  token = takeToken(newURL);
  if (token && begun) void lockNow().then(() => only("enrol", { token }));
});
await speak(localStorage.getItem("language") ?? navigator.language.slice(0, 2));
begin(SCREENS);
begun = true;
await (token ? only("enrol", { token }) : only("lock"));
if (document.readyState === "complete") void keepProgram();
else addEventListener("load", () => void keepProgram());

async function keepProgram() {
  if (!("serviceWorker" in navigator)) return;
  const had = Boolean(navigator.serviceWorker.controller);
  let asked = false;
  /** @param {ServiceWorker | null} waiting */
  const offer = (waiting) => {
    if (!waiting || !had) return;
    updateReady(() => {
      asked = true;
      waiting.postMessage("now");
    });
  };
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    // The new program begins with a new page; never under an interview.
    if (asked && !busy()) location.reload();
  });
  try {
    const registration = await navigator.serviceWorker.register("sw.js", { scope: "./", updateViaCache: "none" });
    offer(registration.waiting);
    registration.addEventListener("updatefound", () => {
      const worker = registration.installing;
      worker?.addEventListener("statechange", () => worker.state === "installed" && offer(registration.waiting));
    });
    setInterval(() => navigator.onLine && void registration.update().catch(() => {}), 3_600_000);
  } catch {
    // Without a worker Khula works as long as the page stays open; the device check says so.
  }
}
