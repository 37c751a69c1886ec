// Theme and language before the first paint. Plain, small and blocking on purpose; the page takes over from here
// (src/state/settings.ts), with the same keys.
(function () {
  var root = document.documentElement;
  var read = function (key) {
    try { return localStorage.getItem(key); } catch (_) { return null; }
  };
  var lang = read('charsu.lang') || (/^fa\b/i.test(navigator.language) ? 'fa' : 'en');
  root.lang = lang === 'fa' ? 'fa' : 'en';
  root.dir = lang === 'fa' ? 'rtl' : 'ltr';
  var theme = read('charsu.theme');
  root.dataset.theme = theme === 'dark' || theme === 'light' ? theme
    : matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
})();
