// Sets the colour scheme before the first paint; a file, because the Content-Security-Policy forbids inline scripts.
(() => {
  let choice = "auto";
  try {
    choice = new URLSearchParams(location.search).get("theme") || localStorage.getItem("pharos-theme") || "auto";
  } catch (_) {
    // Storage may be forbidden: the system's scheme is used.
  }
  const dark = choice === "dark" || (choice !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.setAttribute("data-mantine-color-scheme", dark ? "dark" : "light");
})();
