/* Applies the chosen theme before the first paint; a blocking script, so that nothing flashes. */
(() => {
  let theme = null;
  try {
    theme = localStorage.getItem("theme");
  } catch {
    // Storage may be forbidden; the system's theme is then the only one.
  }
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
})();
