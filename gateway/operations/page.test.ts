import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { setTimeout as wait } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { chromium } from 'playwright-core'
import type { Page } from 'playwright-core'
import t from 'tap'
import type { Test } from 'tap'
import { buildOperations } from '../operations.ts'
import type { Figures } from '../figures/figures.ts'
import type { Report } from '../report.ts'
import { figuresOf, hostile, noFigures, now, operated, reportWith, timesAround, token, troubled } from './fixture.ts'

const executablePath = '/usr/bin/chromium'
const noBrowser = existsSync(executablePath) ? false : `there is no ${executablePath}: install chromium to see the operations page in a real browser`
const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']
const strict = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

/** A listener of operations; time goes on as the test says. */
async function open (t: Test, reports: () => readonly Report[] = () => [reportWith()]): Promise<{ app: FastifyInstance, url: string, clock: { now: number } }> {
  const clock = { now }
  const app = buildOperations(operated(reports), token, () => clock.now)
  t.teardown(async () => app.close())
  return { app, url: await app.listen({ host: '127.0.0.1', port: 0 }), clock }
}

const get = async (url: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> => fetch(url, { headers, redirect: 'manual' })
/** Sends a form as a page of the listener does, unless told otherwise. */
const post = async (url: string, form: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = { origin: new URL(url).origin }): Promise<Response> => fetch(url, { method: 'POST', body: new URLSearchParams(form), headers, redirect: 'manual' })
const signIn = async (url: string, headers?: Readonly<Record<string, string>>): Promise<string> => (await post(`${url}/-/sign-in`, { token }, headers)).headers.get('set-cookie') ?? ''
const sessionOf = (cookie: string): { cookie: string } => ({ cookie: cookie.split(';')[0] as string })

t.test('whoever is not signed in gets the form and nothing else', async (t) => {
  const { url } = await open(t, troubled)
  const answer = await get(url)
  const form = await answer.text()
  t.match({ status: answer.status, headers: Object.fromEntries(answer.headers) }, { status: 401, headers: { 'content-security-policy': strict, 'x-content-type-options': 'nosniff', 'cache-control': 'no-store', 'www-authenticate': 'Bearer' } })
  t.match(form, /<form method="post" action="\/-\/sign-in">/)
  t.notMatch(form, /<script|tickets|c0ffee|comune\.example/)
  for (const path of ['/-/view', '/-/config', '/metrics', '/-/nothing']) t.equal((await get(url + path)).status, 401, path)
  t.equal((await get(url, { authorization: `Bearer ${token}x` })).status, 401)
  const page = await get(url, { authorization: `Bearer ${token}` })
  const said = await page.text()
  t.match([page.status, said], [200, /Come sta il gateway/], 'the bearer is good everywhere')
  t.match(said, /Finché Redis non risponde [^<]* più di quanto è stato usato/, 'of a share of a quota more seems used')
  t.notMatch(await (await get((await open(t)).url, { authorization: `Bearer ${token}` })).text(), /Finché Redis/)
})

t.test('a sign-in opens what is read, and nothing that changes something', async (t) => {
  const { url } = await open(t)
  const cookie = await signIn(url)
  t.match(cookie, new RegExp(`^varco-operations-${new URL(url).port}=[\\w-]{43}; Path=/; Max-Age=28800; HttpOnly; SameSite=Strict$`))
  t.match(await signIn(url, { 'sec-fetch-site': 'same-origin', 'origin': 'https://operazioni.comune.example.it' }), /; Secure$/, 'behind a proxy that speaks TLS')
  for (const path of ['/', '/-/view', '/-/config', '/-/eservices', '/-/processes']) {
    const answer = await get(url + path, sessionOf(cookie))
    t.equal(answer.status, 200, path)
    t.notOk((await answer.text()).includes(token), 'the token is told nowhere')
  }
  for (const path of ['/-/reload', '/-/restart', '/-/plan']) t.equal((await fetch(url + path, { method: 'POST', headers: { ...sessionOf(cookie), origin: url } })).status, 401, path)
  for (const wrong of ['x', '', `${cookie.split(/[=;]/)[1]}x`]) t.equal((await get(`${url}/-/view`, { cookie: `varco-operations-${new URL(url).port}=${wrong}` })).status, 401)
  const other = await open(t)
  t.equal((await get(`${other.url}/-/view`, { cookie: sessionOf(cookie).cookie.replace(/\d+=/, `${new URL(other.url).port}=`) })).status, 401, 'another process knows nothing of it')
})

t.test('it ends after eight hours, when somebody signs out, and when there are too many', async (t) => {
  const { url, clock } = await open(t)
  const isOpen = async (cookie: string): Promise<boolean> => (await get(`${url}/-/view`, sessionOf(cookie))).status === 200
  const [first, second] = [await signIn(url), await signIn(url)]
  clock.now += 8 * 3_600_000 - 1
  t.equal(await isOpen(first), true)
  const later = await signIn(url)
  clock.now += 1
  t.strictSame([await isOpen(first), await isOpen(second), await isOpen(later)], [false, false, true])
  t.equal((await post(`${url}/-/sign-out`, {}, { ...sessionOf(later), origin: 'https://attacker.example' })).status, 403)
  t.equal(await isOpen(later), true, 'no other page signs anybody out')
  const out = await post(`${url}/-/sign-out`, {}, { ...sessionOf(later), origin: url })
  t.match({ status: out.status, location: out.headers.get('location'), cookie: out.headers.get('set-cookie') }, { status: 303, location: '/', cookie: /=; Path=\/; Max-Age=0;/ })
  t.equal(await isOpen(later), false)
  const oldest = await signIn(url)
  await Promise.all(Array.from({ length: 99 }, async () => signIn(url)))
  t.equal(await isOpen(oldest), true)
  await signIn(url)
  t.equal(await isOpen(oldest), false)
})

t.test('the token cannot be guessed, nor sent by a page elsewhere', async (t) => {
  const { url, clock } = await open(t)
  for (const headers of [{}, { origin: 'https://attacker.example' }, { origin: 'null' }, { 'origin': url, 'sec-fetch-site': 'cross-site' }, { 'origin': url, 'sec-fetch-site': 'same-site' }]) t.equal((await post(`${url}/-/sign-in`, { token }, headers)).status, 403, JSON.stringify(headers))
  const answers = new Set<string>()
  for (const guess of ['', 'x', token.slice(0, -1), `${token}x`, token.toUpperCase()]) {
    const answer = await post(`${url}/-/sign-in`, { token: guess })
    answers.add(`${answer.status} ${await answer.text()}`)
  }
  t.equal(answers.size, 1, 'whatever was wrong, the answer is the same')
  t.match([...answers][0], /^401 .*Il token non è quello di questo gateway/s)
  const blocked = await post(`${url}/-/sign-in`, { token })
  t.match({ status: blocked.status, wait: blocked.headers.get('retry-after'), text: await blocked.text() }, { status: 429, wait: '60', text: /Troppi tentativi/ })
  t.equal(blocked.headers.get('set-cookie'), null, 'the right one neither, now')
  t.equal((await get(url, { authorization: `Bearer ${token}` })).status, 200, 'commands go on')
  clock.now += 60_000
  t.equal((await post(`${url}/-/sign-in`, { token })).status, 303)
  t.equal((await post(`${url}/-/sign-in`, { token: 'x'.repeat(5000) })).status, 413)
})

t.test('calls of a gateway that has just started are told by the minutes that it has served', async (t) => {
  const { url } = await open(t, () => [reportWith({ startedAt: new Date(now - 120_000).toISOString(), figures: { ...noFigures, recent: { ...figuresOf(0).recent as NonNullable<Figures['recent']>, minutes: [{ at: Math.floor(now / 60_000) * 60_000, calls: 300, refused: {}, times: timesAround(900, 300) }] } } })])
  t.match(await (await get(url, { authorization: `Bearer ${token}` })).text(), /Al minuto \(ultimi 5\)<\/dt><dd>150</)
})

t.test('its files may be kept for good, and there are no others', async (t) => {
  const { url } = await open(t)
  const page = await (await get(url, { authorization: `Bearer ${token}` })).text()
  t.notMatch(page, /<script(?! src)|<style|\s(?:on\w+|style)=|(?:src|href|action)="(?!\/|#|data:)/, 'nothing inline, nothing from elsewhere')
  const files = [...page.matchAll(/(?:src|href)="(\/-\/page\/[^"]+)"/g)].map(([, path]) => path as string)
  t.equal(files.length, 6)
  const fonts = ['400', '600', '700'].map((weight) => files[0]?.replace(/[^/]+$/, `titillium-web-${weight}.woff2`) as string)
  for (const path of [...files, ...fonts]) {
    const { status, headers } = await get(url + path)
    t.match({ status, cache: headers.get('cache-control'), policy: headers.get('content-security-policy'), type: headers.get('content-type') }, { status: 200, cache: 'public, max-age=31536000, immutable', policy: strict, type: /^(?:text\/css|text\/javascript|font\/woff2)/ }, path)
  }
  for (const path of ['/-/page/x/operations.css', `${files[0]}x`, '/-/page/..%2F..%2Foperations.ts/x']) t.equal((await get(url + path)).status, 404, path)
})

/** Waits until something is true of a page, whose policy lets it wait for nothing by itself. */
async function until (page: Page, isSo: string): Promise<boolean> {
  for (let tries = 0; tries < 400; tries++) {
    if (await page.evaluate(isSo)) return true
    await wait(20)
  }
  return false
}

/** Has the page ask anew now: by itself it does so every few seconds while it is looked at. */
const refresh = `document.dispatchEvent(new Event('visibilitychange'))`

t.test('in a browser', { skip: noBrowser }, async (t) => {
  let reports: readonly Report[] = troubled()
  const { app, url, clock } = await open(t, () => reports)
  const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
  const browser = await chromium.launch({ executablePath, args })
  t.teardown(async () => browser.close())
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'it-IT' })
  const page = await context.newPage()
  const [origins, complaints] = [new Set<string>(), [] as string[]]
  page.on('request', (request) => { if (!request.url().startsWith('data:')) origins.add(new URL(request.url()).origin) })
  page.on('pageerror', (error) => { complaints.push(error.message) })
  page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) complaints.push(message.text()) })
  page.on('dialog', (dialog) => {
    complaints.push(`dialog ${dialog.message()}`)
    void dialog.dismiss()
  })
  const violations = async (): Promise<unknown> => {
    await page.evaluate(axe)
    return page.evaluate('axe.run({ resultTypes: ["violations"] }).then(({ violations }) => violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`))')
  }

  await t.test('the form takes the token', async (t) => {
    await page.goto(url)
    await page.getByLabel('Token delle operazioni').fill('wrong')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').waitFor()
    t.strictSame(await violations(), [])
    await page.getByLabel('Token delle operazioni').fill(token)
    await page.getByRole('button', { name: 'Entra' }).click()
    await page.getByRole('heading', { level: 1, name: 'Come sta il gateway' }).waitFor()
    t.notOk(page.url().includes(token))
    // That the token was missing, and then wrong.
    t.strictSame(complaints.splice(0).map((text) => text.replace(/.*status of/, '')), [' 401 (Unauthorized)', ' 401 (Unauthorized)'])
  })

  for (const [width, colorScheme] of [[1280, 'light'], [390, 'dark']] as const) {
    await t.test(`${width} pixels wide, ${colorScheme}`, async (t) => {
      await page.setViewportSize({ width, height: 900 })
      await page.emulateMedia({ colorScheme })
      t.ok(await until(page, `[...document.querySelectorAll('[data-chart]')].every((place) => place.querySelector('.uplot')?.clientWidth === place.clientWidth)`), 'every chart is as wide as its place')
      const colours: readonly number[] = await page.evaluate(`[...document.querySelectorAll('[data-chart] canvas')].map((canvas) => new Set(new Uint32Array(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size)`)
      t.ok(colours.length === 3 && colours.every((count) => count > 20), `every chart is drawn: ${colours.join(' ')}`)
      t.strictSame(await violations(), [])
      await page.evaluate(`document.querySelectorAll('details').forEach((details) => { details.open = true })`)
      t.equal(await page.evaluate('document.scrollingElement.scrollWidth'), width, 'nothing sticks out')
      await page.evaluate(`document.querySelectorAll('details').forEach((details) => { details.open = false })`)
    })
  }

  await t.test('names are text, whatever is in them', async (t) => {
    const text = await page.locator('main').innerText()
    for (const place of ['Ripristinare /nowhere/', '(status 500 ', '(exit code 1 ']) t.ok(text.includes(`${place}${hostile}`), place)
    for (const id of ['quote', 'contratti']) t.ok((await page.locator(`#${id}`).innerText()).includes(hostile), id)
    t.equal(await page.locator('main img, main script').count(), 0)
  })

  await t.test('it is kept fresh without losing what is looked at', async (t) => {
    await page.locator('#minuti summary').focus()
    await page.keyboard.press('Enter')
    await page.evaluate(`globalThis.drawn = document.querySelector('[data-chart=calls] canvas'), true`)
    t.match(await page.title(), /^\(8\) Varco/)
    reports = [reportWith({ figures: figuresOf(3) })]
    clock.now += 5000
    await page.evaluate(refresh)
    t.ok(await until(page, `document.querySelector('.well')?.textContent === 'Tutto regolare'`), 'nothing is left to be done')
    t.equal(await page.title(), 'Varco · Operazioni')
    t.equal(await page.evaluate(`document.activeElement.parentElement.id + document.activeElement.parentElement.open`), 'minutitrue', 'what was opened stays open, and keeps the focus')
    t.equal(await page.evaluate('globalThis.drawn.isConnected'), true, 'charts are given new figures')
    t.equal(await page.locator('#quote tbody tr').count(), 3)
    t.equal(await page.locator('[aria-live]').count(), 1, 'only alarms are read aloud')
    t.strictSame(complaints, [])
    t.strictSame(origins, new Set([url]))
  })

  await t.test('without its script it is complete, with every figure of the charts in a table', async (t) => {
    const plain = await browser.newContext({ javaScriptEnabled: false, storageState: await context.storageState() })
    t.teardown(async () => plain.close())
    const page = await plain.newPage()
    await page.goto(url)
    await page.locator('#minuti summary').click()
    const rows = await page.locator('#minuti-table tbody tr').allInnerTexts()
    t.equal(rows.length, 45)
    t.match(rows[0]?.replaceAll(/\s+/g, ' '), /^10:31 100 6 1,\d ms 2,\d ms 3,\d ms voucher-expired 3, agreement-not-active 2, upstream-timeout 1$/)
    t.match(await page.locator('.tiles').first().innerText(), /Chiamate\s+5\.580/)
  })

  await t.test('it says since when it knows nothing new, and asks for the token when the gateway is another one', async (t) => {
    const { port } = new URL(url)
    await app.close()
    await page.evaluate(refresh)
    t.ok(await until(page, `document.querySelector('#lost').checkVisibility()`))
    t.match(await page.getByRole('status').innerText(), /^Contatto con il gateway perso alle \d\d:\d\d: le cifre sono di allora/)
    t.match(await page.title(), /^\(!\) /)
    const next = buildOperations(operated(() => reports), 'another-token-than-before')
    t.teardown(async () => next.close())
    await next.listen({ host: '127.0.0.1', port: Number(port) })
    await page.evaluate(refresh)
    await page.getByRole('heading', { level: 1, name: 'Accesso' }).waitFor()
  })
})
