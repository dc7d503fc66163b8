// Draws the charts of the report into their places. Whatever is drawn stands in a table, too: without this file the page lacks nothing but its pictures.
(() => {
  const charts = JSON.parse(document.querySelector('#charts').textContent)
  const { axisOf, colours, dashes, fontOf } = globalThis.chartDress
  const rowHeight = 46
  const lineHeight = 290
  const short = (value) => value >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)))

  /** The longest beginning of a name that fits. */
  function fitted (context, name, width) {
    if (context.measureText(name).width <= width) return name
    let length = name.length
    while (length > 1 && context.measureText(`${name.slice(0, length)}…`).width > width) length--
    return `${name.slice(0, length)}…`
  }

  /** Text that lines behind it do not cross. */
  function write (context, text, x, y, { ground, text: colour }) {
    context.save()
    context.lineWidth *= 3
    context.strokeStyle = ground
    context.fillStyle = colour
    context.strokeText(text, x, y)
    context.fillText(text, x, y)
    context.restore()
  }

  function drawBars (plot, { rows, reference }, palette) {
    const { ctx: context, bbox } = plot
    const ratio = devicePixelRatio
    const at = (value) => plot.valToPos(value, 'y', true)
    context.save()
    context.font = fontOf(ratio)
    context.textBaseline = 'middle'
    context.textAlign = 'left'
    context.lineWidth = 2 * ratio
    if (reference !== undefined) {
      context.setLineDash([5 * ratio, 4 * ratio])
      context.strokeStyle = palette.quiet
      context.beginPath()
      context.moveTo(at(reference), bbox.top)
      context.lineTo(at(reference), bbox.top + bbox.height)
      context.stroke()
      context.setLineDash([])
    }
    rows.forEach(({ name, median, min, max, text: figure }, index) => {
      const middle = plot.valToPos(index, 'x', true)
      const bar = middle + 10 * ratio
      write(context, fitted(context, name, bbox.width + 60 * ratio), bbox.left, middle - 9 * ratio, palette)
      write(context, figure, at(max) + 8 * ratio, bar, palette)
      context.fillStyle = palette.lines[0]
      context.fillRect(at(0), bar - 7 * ratio, Math.max(ratio, at(median) - at(0)), 14 * ratio)
      context.strokeStyle = palette.text
      context.beginPath()
      context.moveTo(at(min), bar)
      context.lineTo(at(max), bar)
      for (const end of [min, max]) {
        context.moveTo(at(end), bar - 5 * ratio)
        context.lineTo(at(end), bar + 5 * ratio)
      }
      context.stroke()
    })
    context.restore()
  }

  function barsOf (chart, palette) {
    const highest = Math.max(chart.reference ?? 0, ...chart.rows.map(({ max }) => max))
    return {
      height: chart.rows.length * rowHeight + 44,
      options: {
        padding: [0, 70, 0, 8],
        scales: { x: { time: false, ori: 1, dir: -1, range: [-0.5, chart.rows.length - 0.5] }, y: { ori: 0, dir: 1, range: [0, highest * 1.02] } },
        axes: [{ show: false, side: 3 }, axisOf(palette, { side: 2, size: 34, space: 60, values: (_plot, ticks) => ticks.map(short) })],
        series: [{}, { paths: () => null, points: { show: false } }],
        cursor: { show: false },
        hooks: { draw: [(plot) => { drawBars(plot, chart, palette) }] }
      },
      data: [chart.rows.map((_row, index) => index), chart.rows.map(({ median }) => median)]
    }
  }

  /** Lines with their points; `names` says where on the x axis the cursor is. */
  function linesOf (chart, palette, readout, { x, xScale, xAxis, yScale, names }) {
    const series = chart.series.map((_one, index) => ({
      stroke: palette.lines[index % 8],
      width: 2,
      dash: dashes[(index + Math.floor(index / 8)) % 4],
      points: { show: true, size: 7, fill: palette.lines[index % 8] },
      spanGaps: true
    }))
    const tell = ({ cursor: { idx } }) => {
      readout.textContent = idx === null || idx === undefined ? '' : `${names(idx)}: ${chart.series.map(({ name, values }) => `${name} ${values[idx] === null ? '–' : short(values[idx])}`).join(' · ')}`
    }
    return {
      height: lineHeight,
      options: {
        padding: [12, 24, 0, 0],
        scales: { x: xScale, y: yScale },
        axes: [axisOf(palette, { size: 36, ...xAxis }), axisOf(palette, { size: 58, values: (_plot, ticks) => ticks.map((tick) => tick === null ? '' : short(tick)) })],
        series: [{}, ...series],
        cursor: { drag: { x: false, y: false } },
        hooks: { setCursor: [tell] }
      },
      data: [x, ...chart.series.map(({ values }) => values)]
    }
  }

  function curvesOf (chart, palette, readout) {
    const last = chart.labels.length - 1
    const places = chart.labels.map((_label, index) => index)
    return linesOf(chart, palette, readout, {
      x: places,
      xScale: { time: false, range: [-0.2, last + 0.2] },
      xAxis: { splits: () => places, values: () => chart.labels },
      yScale: { distr: 3 },
      names: (index) => `${chart.labels[index]}, ms`
    })
  }

  /** So far apart, in minutes, the ticks of a time axis may be. */
  const minutes = [1, 5, 15, 60, 180, 360, 720, 1440, 2880, 7200, 14_400, 43_200, 129_600, 525_600]
  const moment = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ')

  function timesOf (chart, palette, readout) {
    const highest = Math.max(...chart.series.flatMap(({ values }) => values.filter((value) => value !== null)))
    const [first, last] = [chart.dates[0], chart.dates.at(-1)]
    const margin = Math.max(60, (last - first) * 0.04)
    return linesOf(chart, palette, readout, {
      x: chart.dates,
      xScale: { time: true, range: [first - margin, last + margin] },
      xAxis: { space: 80, incrs: minutes.map((count) => count * 60), values: (_plot, ticks) => ticks.map((tick) => moment(tick).slice(...last - first < 2 * 86_400 ? [5, 16] : [0, 10])) },
      yScale: { range: [0, highest * 1.1] },
      names: (index) => moment(chart.dates[index])
    })
  }

  const kinds = { bars: barsOf, curves: curvesOf, times: timesOf }

  function draw (place) {
    place.replaceChildren()
    const chart = charts[Number(place.dataset.chart)]
    const readout = place.parentElement.querySelector('.readout') ?? document.createElement('p')
    if (chart.kind !== 'bars' && !readout.isConnected) {
      readout.className = 'readout'
      readout.setAttribute('aria-hidden', 'true')
      place.after(readout)
    }
    const { height, options, data } = kinds[chart.kind](chart, colours(), readout)
    const plot = new uPlot({ ...options, width: place.clientWidth, height, legend: { show: false }, tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC') }, data, place)
    return () => { if (place.clientWidth !== plot.width) plot.setSize({ width: place.clientWidth, height }) }
  }

  const places = [...document.querySelectorAll('[data-chart]')]
  const fits = new Map(places.map((place) => [place, draw(place)]))
  const watching = new ResizeObserver((entries) => { for (const { target } of entries) fits.get(target)() })
  for (const place of places) watching.observe(place)
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { for (const place of places) fits.set(place, draw(place)) })
})()
