// Runs before the first paint, so a remembered theme does not flash. The rest of the theme is src/app/theme.ts.
try {
  const theme = localStorage.getItem('agorai.theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
} catch {
  // Storage may be forbidden; the system's theme is used.
}
