import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { chromium } from 'playwright-core'
import type { Page } from 'playwright-core'
import t from 'tap'
import type { Test } from 'tap'
import { temporaryFolder } from '../../gateway/harness/process.ts'
import type { Measured } from '../measure.ts'
import { around, circumstances, measured, measuredAt } from './fixture.ts'
import { htmlReport } from './html.ts'
import type { Run } from './json.ts'

const executablePath = '/usr/bin/chromium'
const noBrowser = existsSync(executablePath) ? false : `there is no ${executablePath}: install chromium to see the report in a real browser`
const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']

const hostile = '</script><script>alert(1)</script><img src=x onerror=alert(2)> "\'&amp;'
const scenarios: readonly Measured[] = [...measured, measuredAt(hostile, 3000, { group: `group ${hostile}`, ratioTo: 'admitted', ratio: around(0.3), cpuMicros: undefined })]
/** A run so many days before the one that is reported. */
const earlier = (days: number, rest: Partial<Run> = {}): Run => ({ ...circumstances, date: new Date(Date.parse(circumstances.date) - days * 86_400_000).toISOString(), scenarios: scenarios.map((one) => ({ ...one, ratio: around(one.ratio.median / (1 + days)) })), ...rest })
const report = htmlReport(scenarios, { ...circumstances, skipped: [{ name: hostile, why: hostile }] }, [earlier(3, { cpuModel: hostile }), earlier(2, { commit: hostile }), earlier(1, { scenarios: measured }), earlier(0)])

t.test('the page keeps what it contains to itself, in one file', async (t) => {
  t.match(report, /<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src (?:'sha256-[^']+' ?){3}; style-src (?:'sha256-[^']+' ?){3}; base-uri 'none'; form-action 'none'">/)
  const outside = report.replaceAll(/<(script|style)[^>]*>.*?<\/\1>/gs, '')
  t.notMatch(outside, /<script|<img|<link|\s(?:on\w+|style|src)=(?!.*&#39;)/i, 'nothing from elsewhere, no handler and no style in the markup')
  t.match(outside, '&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;')
  const data = /<script type="application\/json" id="charts">(.*?)<\/script>/s.exec(report)?.[1] ?? ''
  t.match(JSON.parse(data).at(3), { kind: 'bars', rows: [{ name: 'voucher expired', median: 20_000, min: 19_000, max: 21_000 }] })
})

t.test('a first run has no chart of earlier ones', async (t) => {
  const page = htmlReport(measured, circumstances, [])
  t.match(page, 'There is no earlier run under the same circumstances: Example CPU, 2 cores, Node 26.10.0, 64 connections, pinned.')
  t.equal([...page.matchAll(/data-chart=/g)].length, 6, 'throughput, ratios and latency of two groups')
  t.notMatch(page, 'Elsewhere')
})

/** What a table says: its rows by their first cell, each cell as the exact value of its figure or as its text. */
const readTable = `(region) => Object.fromEntries(Array.from(region.querySelectorAll('tbody tr'), (row) => [row.children[0].textContent,
  Array.from(row.children).slice(1).map((cell) => cell.querySelector('data') ? Number(cell.querySelector('data').value) : cell.textContent)]))`
/** How many colours each chart has. */
const countColours = `Array.from(document.querySelectorAll('[data-chart] canvas'), (canvas) => new Set(new Uint32Array(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size)`
/** True once every chart is as wide as its place. */
const areFitted = `Array.from(document.querySelectorAll('[data-chart]')).every((place) => place.querySelector('.uplot')?.clientWidth === place.clientWidth && place.clientWidth <= innerWidth)`

/** Waits until something is true of a page, whose policy lets it wait for nothing by itself. */
async function until (page: Page, isSo: string): Promise<boolean> {
  for (let tries = 0; tries < 250; tries++) {
    if (await page.evaluate(isSo)) return true
    await wait(20)
  }
  return false
}

async function rowsOf (page: Page, caption: string): Promise<Readonly<Record<string, readonly (number | string)[]>>> {
  return page.evaluate(`(${readTable})(Array.from(document.querySelectorAll('[role=region]')).find((region) => region.ariaLabel === ${JSON.stringify(caption)}))`)
}

t.test('in a browser', { skip: noBrowser }, async (t: Test) => {
  const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
  const path = join(await temporaryFolder(t), 'report.html')
  await writeFile(path, report)
  const browser = await chromium.launch({ executablePath, args })
  t.teardown(async () => browser.close())
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, bypassCSP: false })
  const [asked, complaints] = [[] as string[], [] as string[]]
  page.on('request', (request) => { asked.push(request.url()) })
  page.on('pageerror', (error) => { complaints.push(error.message) })
  page.on('console', (message) => { complaints.push(message.text()) })
  page.on('dialog', (dialog) => {
    complaints.push(`dialog ${dialog.message()}`)
    void dialog.dismiss()
  })
  const url = pathToFileURL(path).href
  await page.goto(url)
  // By the debugger, which no policy of the page holds for.
  await page.evaluate(axe)

  for (const [width, colorScheme] of [[1280, 'light'], [390, 'dark']] as const) {
    await page.setViewportSize({ width, height: 900 })
    await page.emulateMedia({ colorScheme })
    await t.test(`${width} pixels wide, ${colorScheme}`, async (t) => {
      const charts = page.getByRole('img')
      t.equal(await charts.count(), 12, 'three of each group, and its history')
      t.ok(await until(page, areFitted), 'every chart is as wide as its place')
      const colours: readonly number[] = await page.evaluate(countColours)
      t.equal(colours.length, 12)
      t.ok(colours.every((count) => count > 20), `every chart is drawn: ${colours.join(' ')}`)
      t.equal(await page.evaluate('document.scrollingElement.scrollWidth'), width, 'nothing sticks out')
      t.strictSame(await page.evaluate('axe.run({ resultTypes: ["violations"] }).then(({ violations }) => violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`))'), [])
    })
  }

  await t.test('the tables say what was measured', async (t) => {
    const summary = await rowsOf(page, 'All scenarios, medians of the rounds')
    for (const one of scenarios) {
      const cpu = one.cpuMicros?.median ?? '–'
      const compared = one.name === one.ratioTo ? ['–', 'itself the reference'] : [one.ratio.median, one.ratioTo]
      t.strictSame(summary[one.name], [one.requestsPerSecond.median, one.latency.p50.median, one.latency.p99.median, cpu, one.rssBytes?.median ?? '–', ...compared], one.name)
      const { p50, p90, p99, p999, max } = one.latency
      const detail = await rowsOf(page, `${one.group}: medians of the rounds, with the lowest and the highest`)
      t.strictSame(detail[one.name]?.slice(0, 8), [one.requestsPerSecond.median, ...compared, ...[p50, p90, p99, p999, max].map(({ median }) => median)], one.name)
    }
    const text = await page.getByRole('row', { name: /^voucher expired/ }).last().innerText()
    for (const figure of ['20,000', '19,000–21,000', '2.00', '1.50–2.50', '3.20']) t.match(text, figure)
  })

  await t.test('the ratios of earlier runs are there, and those of another machine apart', async (t) => {
    const history = await rowsOf(page, 'refused: ratios of the runs, the latest first')
    t.strictSame(Object.values(history), [['be2e2c9f0a1b+', '3 × 5 s', 2], ['be2e2c9f0a1b+', '3 × 5 s', 2], [hostile, '3 × 5 s', 2 / 3]])
    t.strictSame(Object.values(await rowsOf(page, `group ${hostile}: ratios of the runs, the latest first`)).map((cells) => cells.at(-1)), [0.3, '–', 0.3 / 3])
    t.strictSame(await rowsOf(page, 'Runs under other circumstances, which are not in the charts'), { [`${hostile}, 2 cores, Node 26.10.0, 64 connections, pinned`]: ['1', '2026-11-19 10:55 UTC'] })
  })

  await t.test('whatever is wider than the page can be scrolled by keyboard', async (t) => {
    const table = page.getByRole('region', { name: 'All scenarios, medians of the rounds' })
    await table.focus()
    await page.keyboard.press('ArrowRight')
    t.ok(await until(page, 'document.activeElement.scrollLeft > 0'))
  })

  t.strictSame(complaints, [])
  t.strictSame(asked, [url], 'it asks nobody for anything')
})
