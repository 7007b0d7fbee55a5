/* The analytics page: where the browser is, and where a mark of a chart leads. */
(function (root) {
  "use strict";
  const RyxDash = (root.RyxDash = root.RyxDash || {});

  /** The address behind a mark that was clicked; only the list of runs is one. */
  function behind(click) {
    const point = click && click.points && click.points[0];
    const data = point && point.customdata;
    const address = Array.isArray(data) ? data[0] : data;
    return typeof address === "string" && address.startsWith("/runs") ? address : null;
  }

  RyxDash.analytics = Object.freeze({
    behind,
    callbacks: () => ({
      browserZone: () => Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC",
      analyticsPick(click) {
        const address = behind(click);
        if (address) root.location.assign(address);
      },
    }),
  });
})(globalThis);
