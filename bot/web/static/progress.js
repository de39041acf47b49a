// Keeps the page of a run that is under way up to date: asks for a few bytes, and for the page only
// when they changed. Without scripts the page reloads itself.
"use strict";

const EVERY_MS = 2000;

async function look() {
  const live = document.getElementById("live");
  if (!live || !live.dataset.progress) return;
  try {
    const reply = await fetch(live.dataset.progress, { headers: { Accept: "application/json" } });
    if (reply.ok) {
      const now = await reply.json();
      if (String(now.steps) !== live.dataset.steps || !now.is_live) await renew(live);
    }
  } catch {
    // The server restarts, or the network is away: the next look tells.
  }
  setTimeout(look, EVERY_MS);
}

async function renew(live) {
  const page = await fetch(location.href);
  if (!page.ok) return;
  const found = new DOMParser().parseFromString(await page.text(), "text/html");
  const fresh = found.getElementById("live");
  if (!fresh) return;
  const open = [...live.querySelectorAll(".steps > li")].map((li) => li.querySelector("details")?.open);
  fresh.querySelectorAll(".steps > li").forEach((li, index) => {
    const details = li.querySelector("details");
    if (details && open[index]) details.open = true;
  });
  live.replaceWith(document.adoptNode(fresh));
}

setTimeout(look, EVERY_MS);
