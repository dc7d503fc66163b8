import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { chromium } from 'playwright-core'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import t from 'tap'
import type { Test } from 'tap'
import { freePort } from '../harness/free-port.ts'
import { launch, temporaryFolder } from '../harness/process.ts'
import { sandboxEnvironment } from '../pdnd-environments.ts'
import { openDemoConsumer } from '../sandbox/demo-voucher.ts'
import { defaultRegistry } from '../sandbox/defaults.ts'
import { clientKeyPath } from '../sandbox/key-store.ts'
import { snippetsOf } from './snippets.ts'

const run = promisify(execFile)
const executablePath = '/usr/bin/chromium'
const noBrowser = existsSync(executablePath) ? false : `there is no ${executablePath}: install chromium to see the catalogue in a real browser`
const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

const [cwd, port] = [await temporaryFolder(t), await freePort()]
const gateway = `http://127.0.0.1:${port}`
const opening: Promise<Browser | undefined> = noBrowser === false ? chromium.launch({ executablePath, args }) : Promise.resolve(undefined)
t.teardown(async () => (await opening)?.close())
await launch(t, ['gateway/start.ts'], { cwd, port }).says(/^curl /m)

let usual: Promise<BrowserContext> | undefined
const newContext = async (options: BrowserContextOptions): Promise<BrowserContext> => (await opening as Browser).newContext({ viewport: { width: 1280, height: 900 }, locale: 'it-IT', ...options })

/** A page that remembers where it asked for something and everything that it complained about. */
async function open (t: Test, path: string, options?: BrowserContextOptions): Promise<{ page: Page, origins: Set<string>, complaints: string[] }> {
  const context = await (options ? newContext(options) : usual ??= newContext({}))
  context.setDefaultTimeout(30_000)
  const page = await context.newPage()
  t.teardown(async () => options ? context.close() : page.close())
  const [origins, complaints] = [new Set<string>(), [] as string[]]
  page.on('request', (request) => { if (!request.url().startsWith('data:')) origins.add(new URL(request.url()).origin) })
  page.on('requestfailed', (request) => { complaints.push(`${request.url()} failed`) })
  page.on('pageerror', (error) => { complaints.push(error.message) })
  page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) complaints.push(message.text()) })
  await page.goto(gateway + path)
  return { page, origins, complaints }
}

/** What is between two looks: whatever is seen of it then depends on when. */
const moving = `document.getAnimations().map(({ effect: { target: { outerHTML } }, transitionProperty }) => transitionProperty + ' of ' + outerHTML)`

for (const path of ['/', '/?lang=en', '/catalogue/surveys', '/rules/paths-status']) {
  t.test(`${path} is accessible, asks nobody else for anything, and nothing of it sticks out`, { skip: noBrowser }, async (t) => {
    const { page, origins, complaints } = await open(t, path)
    t.equal(await page.evaluate('document.documentElement.lang'), path === '/?lang=en' ? 'en' : 'it')
    await page.evaluate(`document.querySelectorAll('details').forEach((details) => { details.removeAttribute('name'); details.open = true })`)
    await page.evaluate(axe)
    for (const width of [1280, 390, 320]) {
      await page.setViewportSize({ width, height: 900 })
      t.strictSame(await page.evaluate(moving), [], `nothing moves at ${width} pixels`)
      t.equal(await page.evaluate('document.scrollingElement.scrollWidth'), width, `at ${width} pixels`)
      if (width === 320) continue
      const violations = await page.evaluate('axe.run({ resultTypes: ["violations"] }).then(({ violations }) => violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`))')
      t.strictSame(violations, [], `axe at ${width} pixels`)
    }
    t.strictSame(complaints, [])
    t.strictSame(origins, new Set([gateway]))
    if (path.startsWith('/rules')) return
    t.equal(await page.evaluate('document.fonts.check("16px \'Titillium Web\'") && getComputedStyle(document.body).fontFamily.includes("Titillium Web")'), true, 'in the font of the kit')
  })
}

t.test('a long table of rules or refusals fits a phone', { skip: noBrowser }, async (t) => {
  const { page } = await open(t, '/rules', { viewport: { width: 320, height: 900 } })
  for (const path of ['/rules', '/problems']) {
    await page.goto(gateway + path)
    t.equal(await page.evaluate('document.scrollingElement.scrollWidth'), 320, path)
  }
})

t.test('on paper there are words and no buttons, and nothing white', { skip: noBrowser }, async (t) => {
  const { page } = await open(t, '/catalogue/surveys', {})
  await page.emulateMedia({ media: 'print' })
  t.strictSame(await page.evaluate(moving), [], 'what is on paper is so at once')
  t.strictSame(await page.evaluate(`[...document.querySelectorAll('.copy, nav, .btn')].filter((one) => one.checkVisibility()).map((one) => one.textContent)`), [])
  t.strictSame(await page.evaluate(`[...document.querySelectorAll('main *')].filter((one) => one.checkVisibility() && getComputedStyle(one).color === 'rgb(255, 255, 255)').map((one) => one.outerHTML)`), [])
})

t.test('it is walked through by keyboard, and where one is can be seen', { skip: noBrowser }, async (t) => {
  const { page } = await open(t, '/')
  const focused = async (): Promise<{ name: string, seen: boolean }> => page.evaluate(`(() => {
    const { activeElement: one } = document
    const { outlineStyle, outlineColor, outlineWidth, outlineOffset, boxShadow } = getComputedStyle(one)
    const { width, height, top } = one.getBoundingClientRect()
    const isOutlined = outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2 && !outlineColor.startsWith('rgba(') && top - parseFloat(outlineOffset) >= 0
    return { name: one.id || one.textContent.trim(), seen: (isOutlined || (boxShadow !== 'none' && top >= 0)) && width > 1 && height > 1 }
  })()`)
  await page.keyboard.press('Tab')
  t.strictSame(await focused(), { name: 'Vai al contenuto', seen: true }, 'first of all one can skip')
  const walked: string[] = []
  for (let step = 0; step < 7; step++) {
    await page.keyboard.press('Tab')
    const { name, seen } = await focused()
    t.ok(seen, name)
    walked.push(name)
  }
  t.match(walked, [/Italiano/, /English/, /Catalogo/, 'Ticket e assistenza ai cittadini', 'Indagini di soddisfazione', 'Utilizzo dei servizi digitali', 'Livelli di servizio'])
  await page.goto(`${gateway}/`)
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  t.equal((await focused()).name, 'content')
  await page.keyboard.press('Tab')
  t.equal((await focused()).name, 'Ticket e assistenza ai cittadini')
})

t.test('it needs no script: language, e-service, examples', { skip: noBrowser }, async (t) => {
  const { page, complaints } = await open(t, '/', { javaScriptEnabled: false, locale: 'en-GB' })
  t.equal(await page.locator('h1').innerText(), 'E-service catalogue', 'the browser prefers English')
  await page.getByRole('link', { name: 'Italiano' }).click()
  await page.getByRole('heading', { level: 1, name: 'Catalogo degli e-service' }).waitFor()
  await page.getByRole('link', { name: 'Indagini di soddisfazione' }).click()
  await page.getByRole('heading', { level: 1, name: 'Indagini di soddisfazione' }).waitFor()
  t.equal(await page.locator('#snippet-java').isVisible(), false)
  await page.locator('summary', { hasText: 'Java' }).click()
  t.equal(await page.locator('#snippet-java').isVisible(), true)
  t.strictSame(complaints, [])
})

t.test('an operation leads to itself in Swagger UI, an example to the clipboard', { skip: noBrowser }, async (t) => {
  const { page } = await open(t, '/catalogue/tickets', { permissions: ['clipboard-read', 'clipboard-write'] })
  await page.locator('.code-block .copy').first().click()
  await page.getByRole('button', { name: 'Copiato' }).waitFor()
  t.equal(await page.evaluate('navigator.clipboard.readText()'), await page.evaluate('document.querySelector("#snippet-curl").textContent'))
  await page.locator('#op-listTopics').getByRole('link').click()
  await page.locator('.opblock.is-open [data-path="/rest/tickets/v1/topics"]').waitFor()
})

/** Runs a program from a file in a folder of its own, and gives what it printed. */
async function runCode (name: string, { file, run: command, code }: { readonly file: string, readonly run: string, readonly code: string }, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const folder = join(cwd, name)
  await mkdir(folder)
  await writeFile(join(folder, file), code)
  const [program = '', ...rest] = command.split(' ')
  const { PATH = '' } = process.env
  return (await run(program, rest, { cwd: folder, env: { PATH, ...env }, timeout: 60_000 })).stdout
}

t.test('the examples run as they stand on the page', async (t) => {
  await Promise.all((['tickets', 'sla-telemetry'] as const).map(async (name) => {
    const page = await (await fetch(`${gateway}/catalogue/${name}`)).text()
    await Promise.all(snippetsOf({ url: '', accept: undefined }, { kind: 'sandbox', url: '', client: '', purpose: '' }).filter(({ id }) => id !== 'java').map(async (snippet) => {
      const written = new RegExp(`<code id="snippet-${snippet.id}">([^<]*)</code>`).exec(page)?.[1] ?? ''
      const code = written.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&')
      t.match(JSON.parse(await runCode(`${name}-${snippet.id}`, { ...snippet, code })), { items: [{}] }, `${name}: ${snippet.title}`)
    }))
  }))
})

t.test('with a platform the examples sign an assertion, and run', async (t) => {
  const { tokenUrl, clientAssertionAudience: audience } = sandboxEnvironment(port + 1)
  const state = join(cwd, '.varco/sandbox')
  const { clientId, kid, purposeId } = await openDemoConsumer({ eservice: 'tickets', consumer: 'istat', purpose: undefined, registry: defaultRegistry, state })
  const example = { url: `${gateway}/rest/tickets/v1/channels?limit=1`, accept: 'application/json' }
  const env = { CLIENT_ID: clientId, KID: kid, PURPOSE_ID: purposeId, KEY_FILE: clientKeyPath(state, clientId) }
  await Promise.all(snippetsOf(example, { kind: 'platform', tokenUrl, audience }).filter(({ id }) => id !== 'java').map(async (snippet) => {
    t.match(JSON.parse(await runCode(`platform-${snippet.id}`, snippet, env)), { items: [{}] }, snippet.title)
    await t.rejects(runCode(`stranger-${snippet.id}`, snippet, { ...env, KID: 'unknown' }), `${snippet.title}: a refusal is an error`)
  }))
})

t.test('open data are described as DCAT-AP_IT asks, and every address answers', async (t) => {
  const answer = await fetch(`${gateway}/catalog.jsonld`)
  t.match(answer.headers.get('content-type'), /^application\/ld\+json/)
  const { '@context': context, '@graph': graph } = await answer.json() as { '@context': Record<string, string>, '@graph': Record<string, any>[] }
  const mandatory: Readonly<Record<string, readonly string[]>> = {
    'dcatapit:Catalog': ['dct:title', 'dct:description', 'dct:publisher', 'dct:modified', 'dcat:dataset'],
    'dcatapit:Dataset': ['dct:identifier', 'dct:title', 'dct:description', 'dct:modified', 'dcat:theme', 'dct:rightsHolder', 'dct:accrualPeriodicity', 'dcat:distribution', 'dct:accessRights'],
    'dcatapit:Distribution': ['dct:format', 'dcat:accessURL', 'dct:license', 'dct:rights'],
    'dcatapit:Agent': ['dct:identifier', 'foaf:name'],
    'dcatapit:LicenseDocument': ['foaf:name', 'dct:type'],
    'dcatapit:Organization': ['vcard:fn', 'vcard:hasEmail'],
    'dct:PeriodOfTime': ['dcatapit:startDate']
  }
  const typesOf = (node: Record<string, any>): readonly string[] => [node['@type']].flat() as string[]
  for (const [type, properties] of Object.entries(mandatory)) {
    const nodes = graph.filter((node) => typesOf(node).includes(type))
    t.ok(nodes.length > 0, type)
    t.strictSame(nodes.flatMap((node) => properties.filter((property) => [node[property] ?? []].flat().length === 0).map((property) => `${node['@id']}: ${property}`)), [], `${type} has what it must have`)
  }
  const ids = new Set(graph.map((node) => node['@id'] as string))
  t.equal(ids.size, graph.length, 'everything has one name')
  const within = ['dcat:dataset', 'dcat:distribution', 'dct:publisher', 'dct:rightsHolder', 'dct:license', 'dcat:contactPoint', 'dct:temporal', 'dct:spatial', 'dcat:accessService']
  const referred = graph.flatMap((node) => within.flatMap((property) => [node[property] ?? []].flat())) as { '@id': string }[]
  t.strictSame(referred.filter(({ '@id': id }) => !ids.has(id)), [], 'whatever is referred to is there')
  t.strictSame(graph.flatMap((node) => Object.keys(node)).filter((name) => !name.startsWith('@') && !context[name.split(':')[0] ?? '']), [], 'every prefix is declared')
  t.strictSame(new Set(graph.filter((node) => typesOf(node).includes('dcatapit:Dataset')).map((node) => node['dct:identifier'])), new Set([
    'c_f205:surveys-voice-of-customer', 'c_f205:surveys-istat-customer-experience', 'c_f205:surveys-results', 'cmfi:service-usage-firenze-2017', 'cmfi:service-usage-milano-2022',
    'cmfi:service-usage-milano-2025', 'cmfi:service-usage-live-usages', 'cmfi:sla-telemetry-service-levels-2017', 'cmfi:sla-telemetry-measurements'
  ]))
  const minted = await Promise.all(['surveys', 'service-usage', 'sla-telemetry'].map(async (name) => {
    const { access_token: voucher } = await (await fetch(`http://127.0.0.1:${port + 1}/debug/vouchers`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ client: 'istat', purpose: `istat-${name}` }) })).json() as { access_token: string }
    return [name, voucher] as const
  }))
  const vouchers = new Map(minted)
  const downloads = graph.filter((node) => node['dcat:downloadURL'])
  t.ok(downloads.length > 40)
  const wrong = await Promise.all(downloads.map(async (node) => {
    const url = node['dcat:downloadURL']['@id'] as string
    const accept = String(node['dcat:mediaType']['@id']).replace('http://www.iana.org/assignments/media-types/', '')
    const voucher = vouchers.get(/\/rest\/([a-z-]+)\//.exec(url)?.[1] ?? '')
    const [without, download] = await Promise.all([fetch(url, { headers: { accept } }), fetch(url, { headers: { accept, authorization: `Bearer ${voucher}` } })])
    await Promise.all([without.text(), download.text()])
    return without.status === 401 && download.status === 200 && download.headers.get('content-type')?.startsWith(accept) ? [] : [node['@id'], without.status, download.status]
  }))
  t.strictSame(wrong.flat(), [], 'everything that is offered is there, and only with a voucher (RESTRICTED is the truth)')
  const pages = new Set(graph.flatMap((node) => ['dcat:accessURL', 'dcat:landingPage', 'foaf:homepage', 'dcat:endpointDescription'].flatMap((property) => node[property]?.['@id'] ?? [])) as string[])
  t.strictSame(await Promise.all([...pages].map(async (url) => (await fetch(url)).status === 200 ? '' : url)).then((all) => all.filter(Boolean)), [], 'every page answers')
})
