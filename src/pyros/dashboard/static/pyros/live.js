// Keeps a page true: ticks its clocks and refreshes the parts that the journal says have changed.
// Everything works without it; it only saves pressing "reload".
//
// An element with data-live="run. image." and an id is fetched anew when an entry's verb begins with one of those
// prefixes; data-every="5" fetches it also every 5 s. It is fetched from data-src, or from the page itself.
"use strict";

const LEAST_PAUSE_MS = 1000; // between two fetches of one address, however fast the observatory's clock runs
const SIDEREAL_DEG_S = 360.98564736629 / 86400;

// ── Clocks ──────────────────────────────────────────────────────────────────────────────────────────────────────
const two = (n) => String(Math.floor(n)).padStart(2, "0");

function tickClock(clock, loadedMs) {
  const passedS = ((performance.now() - loadedMs) / 1000) * Number(clock.dataset.speed);
  const unixS = Number(clock.dataset.unix) + passedS;
  const iso = new Date(unixS * 1000).toISOString();
  const put = (name, text) => {
    const place = clock.querySelector(`[data-part="${name}"]`);
    if (place && place.textContent !== text) place.textContent = text;
  };
  put("date", iso.slice(0, 10));
  put("utc", iso.slice(11, 19));
  put("jd", (unixS / 86400 + 2440587.5).toFixed(5));
  if (clock.dataset.lst) {
    const hours = ((((Number(clock.dataset.lst) + passedS * SIDEREAL_DEG_S) % 360) + 360) % 360) / 15;
    put("lst", `${two(hours)}:${two((hours * 60) % 60)}:${two((hours * 3600) % 60)}`);
  }
}

const loadedMs = performance.now();
for (const clock of document.querySelectorAll("[data-clock]")) {
  setInterval(() => tickClock(clock, loadedMs), 250);
}

// ── Live parts ──────────────────────────────────────────────────────────────────────────────────────────────────
const stale = new Set();
let lastFetchMs = 0;
let timer = 0;

function parts() {
  return [...document.querySelectorAll("[data-live][id]")];
}

function concerns(part, verb) {
  return part.dataset.live.split(/\s+/).some((prefix) => prefix && verb.startsWith(prefix));
}

function isBeingUsed(part) {
  const active = document.activeElement;
  return active && part.contains(active) && /^(INPUT|SELECT|TEXTAREA|BUTTON)$/.test(active.tagName);
}

async function refresh() {
  timer = 0;
  if (document.hidden) return; // what is stale stays so until somebody looks
  lastFetchMs = performance.now();
  const wanted = [...stale].map((id) => document.getElementById(id)).filter((part) => part && !isBeingUsed(part));
  stale.clear();
  const addresses = new Map();
  for (const part of wanted) {
    const address = part.dataset.src || location.href;
    addresses.set(address, [...(addresses.get(address) || []), part]);
  }
  for (const [address, group] of addresses) {
    const answer = await fetch(address, { credentials: "same-origin", headers: { "X-Live": "1" } });
    if (!answer.ok || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of group) {
      const next = fresh.getElementById(part.id);
      if (next && next.innerHTML !== part.innerHTML) {
        part.className = `${next.className} fresh`;
        part.replaceChildren(...next.childNodes);
      }
    }
  }
}

function soon() {
  if (timer || !stale.size) return;
  timer = setTimeout(() => refresh().catch(() => undefined), Math.max(50, LEAST_PAUSE_MS - (performance.now() - lastFetchMs)));
}

function markStale(test) {
  for (const part of parts()) if (test(part)) stale.add(part.id);
  soon();
}

document.addEventListener("visibilitychange", soon);
setInterval(() => {
  const nowS = Math.floor(performance.now() / 1000);
  markStale((part) => part.dataset.every && nowS % Number(part.dataset.every) === 0);
}, 1000);

const address = document.body.dataset.stream;
if (address && window.EventSource && parts().length) {
  const source = new EventSource(address);
  source.addEventListener("entry", (event) => {
    const { verb } = JSON.parse(event.data);
    markStale((part) => concerns(part, verb));
  });
  source.addEventListener("reset", () => markStale(() => true));
  source.addEventListener("open", () => document.body.classList.add("is-live"));
  source.addEventListener("error", () => document.body.classList.remove("is-live"));
}
