// How charts are dressed in the font and the colours of their page (palette.css), light or dark: for the scripts that draw them with uPlot.
globalThis.chartDress = (() => {
  const fontOf = (ratio) => `${13 * ratio}px ${getComputedStyle(document.body).fontFamily}`
  return {
    fontOf,
    /** Dashes that tell lines apart for whoever does not see their colours. */
    dashes: [[], [8, 4], [3, 3], [9, 3, 3, 3]],
    /** The colours of the page as they are now. */
    colours () {
      const style = getComputedStyle(document.documentElement)
      const of = (name) => style.getPropertyValue(name).trim()
      return { ground: of('--ground'), text: of('--text'), quiet: of('--quiet'), rule: of('--rule'), lines: Array.from({ length: 8 }, (_, index) => of(`--line-${index}`)) }
    },
    /** An axis in these colours. */
    axisOf: ({ quiet, rule }, rest) => ({ stroke: quiet, font: fontOf(1), labelFont: fontOf(1), grid: { stroke: rule, width: 1 }, ticks: { stroke: rule, width: 1 }, ...rest })
  }
})()
