/* How this device's person reads, before the first paint; a blocking script, so that
   nothing moves. The choices are made in display.js and kept under the same key. */
(() => {
  const root = document.documentElement;
  let kept = {};
  try {
    kept = JSON.parse(localStorage.getItem("polyphony:reading")) ?? {};
  } catch {
    // Nothing is kept; the page begins as it is for everybody.
  }
  for (const name of ["layout", "size", "line", "grid", "keys"]) if (kept[name]) root.dataset[name] = kept[name];
  if (kept.text) root.dataset.shownAs = kept.text;
  const isLow = matchMedia("(max-height: 60rem)").matches;
  root.dataset.density = kept.density && kept.density !== "auto" ? kept.density : isLow ? "compact" : "roomy";
})();
