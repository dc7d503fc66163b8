// Keeps the page fresh and draws its charts. Without this file it lacks nothing but these: it is as complete as when it was loaded.
(() => {
  const everyMs = 5000
  const live = document.querySelector('#live')
  const lost = document.querySelector('#lost')
  const { colours, axisOf, dashes } = globalThis.chartDress
  const height = 200
  let seen
  let timer
  let lostAt

  /** Makes what is shown what it should be, and leaves alone whatever is right already: what has the focus keeps it, what was opened stays open, and only what changed is read aloud. */
  function adjust (is, should) {
    if (is.nodeType !== should.nodeType || is.nodeName !== should.nodeName || is.dataset?.key !== should.dataset?.key) is.replaceWith(should)
    else if (is.nodeType === Node.ELEMENT_NODE) adjustElement(is, should)
    else if (is.data !== should.data) is.data = should.data
  }

  function adjustElement (is, should) {
    const surplus = Array.from(is.attributes, ({ name }) => name).filter((name) => !should.hasAttribute(name) && !(is.nodeName === 'DETAILS' && name === 'open'))
    for (const name of surplus) is.removeAttribute(name)
    for (const { name, value } of should.attributes) if (is.getAttribute(name) !== value) is.setAttribute(name, value)
    if (is.dataset.chart === undefined) adjustAll(is, should)
  }

  function adjustAll (is, should) {
    const keyed = new Map([...is.children].flatMap((child) => child.dataset.key === undefined ? [] : [[child.dataset.key, child]]))
    let at = is.firstChild
    // What is taken over leaves the list.
    for (const next of Array.from(should.childNodes)) {
      const known = keyed.get(next.dataset?.key)
      if (known && known !== at && known.parentNode === is) is.insertBefore(known, at)
      const current = known?.parentNode === is ? known : at
      if (!current) is.append(next)
      else {
        const following = current.nextSibling
        adjust(current, next)
        at = following
      }
    }
    while (at) {
      const following = at.nextSibling
      at.remove()
      at = following
    }
  }

  const written = (value, unit) => value === null || value === undefined ? '–' : `${value.toLocaleString('it-IT', { maximumSignificantDigits: 3 })}${unit}`
  const clock = new Intl.DateTimeFormat('it-IT', { timeZone: 'Europe/Rome', hour: '2-digit', minute: '2-digit' })
  const timeOf = (seconds) => clock.format(seconds * 1000)

  /** Layers lie on each other: each is drawn as the sum of all up to it, the highest first. */
  function layersOf (series) {
    const sums = []
    for (const { values } of series) sums.push(values.map((value, index) => value + (sums.at(-1)?.[index] ?? 0)))
    return sums.toReversed()
  }

  function optionsOf ({ kind, series }, palette, tell) {
    const line = (index) => ({ stroke: palette.lines[index % 8], width: 2, dash: dashes[index % 4], points: { show: true, size: 5, fill: palette.lines[index % 8] } })
    const layer = (index) => ({ stroke: palette.ground, fill: palette.lines[index % 8], width: 1, paths: uPlot.paths.bars({ size: [1, 40] }), points: { show: false } })
    const own = series.map((_one, index) => kind === 'layers' ? layer(series.length - 1 - index) : line(index))
    return {
      height,
      padding: [8, 12, 0, 0],
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Europe/Rome'),
      scales: { x: { time: true, range: (plot) => [plot.data[0][0] - 30, plot.data[0].at(-1) + 30] }, y: { range: (_plot, _low, high) => [0, Math.max(high * 1.1, kind === 'layers' ? 4 : 1)] } },
      axes: [
        axisOf(palette, { size: 32, space: 56, incrs: [300, 600, 900, 1200, 1800], values: (_plot, ticks) => ticks.map(timeOf) }),
        axisOf(palette, { size: 56, incrs: kind === 'layers' ? [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 1e7] : undefined, values: (_plot, ticks) => ticks.map((tick) => written(tick, '')) })
      ],
      series: [{}, ...own],
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, points: { show: false } },
      hooks: { setCursor: [({ cursor: { idx } }) => { tell(idx) }] }
    }
  }

  const drawings = new Map()

  /** Draws a chart into its place, or gives the one that is there new figures. */
  function draw (place, at, chart) {
    const key = JSON.stringify([chart.kind, chart.series.map(({ name }) => name)])
    const data = [at, ...chart.kind === 'layers' ? layersOf(chart.series) : chart.series.map(({ values }) => values)]
    const known = drawings.get(place)
    if (known?.key === key) {
      known.chart = chart
      known.plot.setData(data)
      return
    }
    known?.plot.destroy()
    drawings.delete(place)
    place.replaceChildren()
    if (chart.series.length === 0) return
    const palette = colours()
    const legend = document.createElement('ul')
    legend.className = 'legend'
    legend.append(...chart.series.map(({ name }, index) => {
      const item = document.createElement('li')
      const [colour, figure] = [document.createElement('i'), document.createElement('b')]
      colour.className = `line-${index % 8}${chart.kind === 'lines' ? ` dash-${index % 4}` : ''}`
      item.append(colour, name, ' ', figure)
      return item
    }))
    const when = document.createElement('li')
    when.className = 'when'
    legend.prepend(when)
    const drawing = { key, chart }
    const tell = (index) => {
      const isThere = index !== null && index !== undefined
      when.textContent = isThere ? timeOf(drawing.plot.data[0][index]) : ''
      legend.querySelectorAll('b').forEach((figure, place) => { figure.textContent = isThere ? written(drawing.chart.series[place]?.values[index], drawing.chart.unit) : '' })
    }
    drawing.plot = new uPlot({ ...optionsOf(chart, palette, tell), width: place.clientWidth }, data, place)
    place.append(legend)
    drawings.set(place, drawing)
  }

  function drawAll ({ at, charts }) {
    for (const [name, chart] of Object.entries(charts)) {
      const place = live.querySelector(`[data-chart="${name}"]`)
      if (place) {
        watching.observe(place)
        draw(place, at, chart)
      }
    }
  }

  const watching = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const plot = drawings.get(target)?.plot
      if (plot && plot.width !== target.clientWidth) plot.setSize({ width: target.clientWidth, height })
    }
  })

  function show (view) {
    seen = view
    document.title = view.title
    const template = document.createElement('template')
    template.innerHTML = view.html
    adjustAll(live, template.content)
    drawAll(view)
  }

  /** Says since when nobody answers, once: whoever listens is not told of every try. */
  function setLost (isLost) {
    if (!isLost) {
      lost.hidden = true
      lostAt = undefined
      return
    }
    if (lostAt !== undefined) return
    lostAt = Date.now()
    lost.textContent = `Contatto con il gateway perso alle ${timeOf(lostAt / 1000)}: le cifre sono di allora. Si riprova ogni ${everyMs / 1000} secondi.`
    lost.hidden = false
    document.title = `(!) ${seen?.title ?? document.title}`
  }

  async function refresh () {
    clearTimeout(timer)
    try {
      const answer = await fetch(live.dataset.view, { signal: AbortSignal.timeout(everyMs * 2), cache: 'no-store' })
      if (answer.status === 401) return location.reload()
      if (!answer.ok) throw new Error(`status ${answer.status}`)
      show(await answer.json())
      setLost(false)
    } catch {
      setLost(true)
    }
    clearTimeout(timer)
    if (!document.hidden) timer = setTimeout(refresh, everyMs)
  }

  document.addEventListener('visibilitychange', () => {
    clearTimeout(timer)
    if (!document.hidden) void refresh()
  })
  matchMedia('screen and (prefers-color-scheme: dark)').addEventListener('change', () => {
    for (const { plot } of drawings.values()) plot.destroy()
    drawings.clear()
    if (seen) drawAll(seen)
  })
  void refresh()
})()
