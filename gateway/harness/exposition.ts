/** One line of values: the name of its metric, which for histograms has an ending of its own, its labels and its value. */
export interface ExposedSample { readonly name: string, readonly labels: Readonly<Record<string, string>>, readonly value: number }

/** A metric as it is exposed. */
export interface ExposedMetric { readonly name: string, readonly type: string, readonly help: string, readonly samples: readonly ExposedSample[] }

const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const sampleLine = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/
const labelPart = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\n"])*)"(?:,|$)/
const number = /^(?:[+-]?Inf|NaN|[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)$/i

/**
 * Reads Prometheus' text form (0.0.4) and holds it to its rules as strictly as a server could: HELP and TYPE once and before the values, each series once, labels well written, counters not negative and called
 * `_total`, histograms cumulative with the same buckets in each series, their last one (+Inf) what they count. Throws an Error that names the line. Used by tests only.
 */
export function readExposition (text: string): ReadonlyMap<string, ExposedMetric> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end')
  const metrics = new Map<string, ExposedMetric & { readonly samples: ExposedSample[] }>()
  const seen = new Set<string>()
  let current: { name: string, help: string } | undefined
  for (const line of text.split('\n')) {
    const fail = (why: string): never => { throw new Error(`${why}: ${line}`) }
    if (line === '') continue
    const [, keyword, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? []
    if (keyword === 'HELP') {
      if (!metricName.test(name) || metrics.has(name)) fail('the name is not good, or was told of before')
      current = { name, help: rest }
    } else if (keyword === 'TYPE') {
      if (current?.name !== name || !['counter', 'gauge', 'histogram'].includes(rest)) fail('it does not follow its HELP, or is of an unknown type')
      if ((rest === 'counter') !== name.endsWith('_total')) fail('counters, and only they, are called _total')
      metrics.set(name, { name, type: rest, help: current?.help ?? '', samples: [] })
    } else {
      const sample = readSample(line) ?? fail('it is no sample')
      const metric = metrics.get(current?.name ?? '') ?? fail('it belongs to nothing')
      const key = `${sample.name} ${keyOf(sample.labels)}`
      if (seen.has(key)) fail('the series was told of before')
      seen.add(key)
      if (!belongs(metric, sample)) fail(`it does not belong to ${metric.name}`)
      metric.samples.push(sample)
    }
  }
  for (const metric of metrics.values()) if (metric.type === 'histogram') checkHistogram(metric)
  return metrics
}

function readSample (line: string): ExposedSample | undefined {
  const [, name, written = '', value] = sampleLine.exec(line) ?? []
  const labels: Record<string, string> = {}
  for (let rest = written; rest !== '';) {
    const [part, label, text] = labelPart.exec(rest) ?? []
    if (part === undefined || label === undefined || text === undefined || label in labels) return undefined
    labels[label] = text.replaceAll(/\\([\\n"])/g, (_escape, one: string) => one === 'n' ? '\n' : one)
    rest = rest.slice(part.length)
  }
  return name === undefined || value === undefined || !number.test(value) ? undefined : { name, labels, value: Number(value.replace(/Inf$/i, 'Infinity')) }
}

function keyOf (labels: ExposedSample['labels']): string {
  return Object.keys(labels).toSorted().map((name) => `${name}=${JSON.stringify(labels[name])}`).join()
}

function belongs ({ name, type }: ExposedMetric, sample: ExposedSample): boolean {
  if (type === 'histogram') return ['_bucket', '_sum', '_count'].some((ending) => sample.name === name + ending) && sample.name.endsWith('_bucket') === 'le' in sample.labels
  return sample.name === name && !(type === 'counter' && !(sample.value >= 0))
}

function checkHistogram ({ name, samples }: ExposedMetric): void {
  const series = Map.groupBy(samples, ({ labels: { le: _le, ...labels } }) => keyOf(labels))
  const bounds = new Set<string>()
  for (const [labels, parts] of series) {
    const buckets = parts.filter((part) => part.name === `${name}_bucket`)
    const upTo = buckets.map((part) => Number(part.labels['le']?.replace('Inf', 'Infinity')))
    bounds.add(upTo.join(' '))
    const counted = parts.find((part) => part.name === `${name}_count`)?.value
    const isCumulative = buckets.every(({ value }, index) => index === 0 || (value >= (buckets[index - 1]?.value as number) && (upTo[index] as number) > (upTo[index - 1] as number)))
    if (!isCumulative || upTo.at(-1) !== Infinity || buckets.at(-1)?.value !== counted || parts.length !== buckets.length + 2) throw new Error(`${name} is no histogram: ${labels}`)
  }
  if (bounds.size > 1) throw new Error(`the buckets of ${name} are not the same everywhere`)
}
