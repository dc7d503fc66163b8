import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { oas } from '@stoplight/spectral-rulesets'
import t from 'tap'
import { atPointer, isObject } from '../document.ts'
import type { Json } from '../document.ts'
import type { Finding, Profile } from './finding.ts'
import { editedContract as edited, goodContract as good, lintCases } from './lint-fixture.ts'
import { contractsIn, lintContract, report } from './lint.ts'
import { catalogue } from './rules/catalogue.ts'
import { findFaults } from './rules/rule.ts'
import type { Rule } from './rules/rule.ts'
import { member } from './rules/value.ts'
import { rules } from './rules.ts'

const folder = t.testdir({})
let files = 0
async function lintText (text: string, profile: Profile = 'modi', extension = 'json'): Promise<readonly Finding[]> {
  const file = join(folder, `demo-${files++}.${extension}`)
  await writeFile(file, text)
  return lintContract(file, { profile, rulesUrl: 'https://api.example.it/rules' })
}

t.test('a contract that follows every rule has no finding, in either profile', async (t) => {
  for (const profile of ['pdnd', 'modi'] as const) {
    t.strictSame((await lintText(JSON.stringify(good), profile)).map(({ rule, pointer }) => `${rule} at ${pointer}`), [])
  }
})

// Rules are tried one by one without Spectral, which costs more than all of them: the rest of this file goes through it.
t.test('every rule finds the contract that breaks it, at the place that breaks it, and in no profile that has it not', async (t) => {
  const ids = [...new Set(rules.map(({ id }) => id))]
  t.strictSame(Object.keys(lintCases).toSorted(), ids.toSorted(), 'every rule has its case')
  for (const id of ids) {
    const [edit, value, modi, pdnd = modi] = lintCases[id] ?? t.fail(id) as never
    for (const [profile, at] of [['modi', modi], ['pdnd', pdnd]] as const) {
      const held = rules.filter((rule) => rule.id === id && (rule.only ?? profile) === profile)
      t.equal(held.length, catalogue.find((rule) => rule.id === id)?.[profile] === undefined ? 0 : 1, `${id} is in ${profile} as the catalogue says`)
      const found = held.flatMap((rule) => faultsIn(rule, JSON.parse(edited(edit, value))))
      t.strictSame(found, held.length === 0 || at === null ? [] : [at], `${id}, ${profile}`)
    }
  }
})

/** Where a rule is broken, as pointers into the document as it is written. */
function faultsIn (rule: Rule, written: unknown): string[] {
  const follow = (value: unknown, depth: number): unknown => {
    const reference = member(value, '$ref')
    if (typeof reference === 'string' && reference.startsWith('#') && depth < 8) return follow(atPointer(written as Json, reference.slice(1)), depth + 1)
    if (Array.isArray(value)) return value.map((item) => follow(item, depth))
    return isObject(value) ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, follow(inner, depth)])) : value
  }
  const origin = (path: readonly string[]): string => path.reduce((pointer, token) => {
    const inside = `${pointer}/${token.replaceAll('~', '~0').replaceAll('/', '~1')}`
    const reference = member(atPointer(written as Json, inside), '$ref')
    return typeof reference === 'string' && reference.startsWith('#') ? reference.slice(1) : inside
  }, '')
  return [...new Set(findFaults(rule, { resolved: follow(written, 0), written }).map(({ path }) => origin(path)))]
}

t.test('a finding says all that is known of its rule, with what exactly is wrong', async (t) => {
  const find = async (id: string, profile: Profile) => (await lintText(edited(...lintCases[id]?.slice(0, 2) as [string, unknown]), profile)).filter(({ rule }) => rule === id)
  const says = (id: string) => catalogue.find((rule) => rule.id === id)?.says
  const forbidden = {
    line: 1,
    pointer: '/paths/~1items~1{id}/parameters/1/name',
    severity: 'error',
    rule: 'no-forbidden-headers',
    reference: 'no-forbidden-headers',
    rac: 'RAC_REST_NAME_003',
    message: { it: `authorization: ${says('no-forbidden-headers')?.it}`, en: `authorization: ${says('no-forbidden-headers')?.en}` },
    url: 'https://api.example.it/rules/no-forbidden-headers',
    blocksPublication: true
  }
  t.match(await find('no-forbidden-headers', 'pdnd'), [forbidden])
  t.match(await find('no-forbidden-headers', 'modi'), [forbidden])
  t.match(await find('number-format', 'modi'), [{ pointer: '/components/schemas/Item/properties/weight', severity: 'error', blocksPublication: true, message: { ...says('number-format') } }])
  t.match(await find('ratelimit-429-completeness', 'modi'), [{ severity: 'error', reference: 'ratelimit-429-completeness', blocksPublication: false }])
  t.strictSame(await find('ratelimit-429-completeness', 'pdnd'), [], 'what is dead at the gate is dead')
})

t.test('the rules have stable names, the guidelines\' ids and a way to mend, in two languages', async (t) => {
  t.strictSame(catalogue.map(({ id }) => id), [...new Set(catalogue.map(({ id }) => id))])
  for (const { id, rac, pdnd, modi, reference, says, why, bad, good } of catalogue) {
    t.match(id, /^[a-z0-9]+(-[a-z0-9]+)*$/)
    if (rac !== undefined) t.match(rac, /^RAC_(GEN|REST|ROBUSTEZZA)(_[A-Z]+)?_\d{3}$/)
    t.ok(pdnd !== undefined || modi !== undefined, id)
    if (pdnd !== undefined) t.ok(reference, `${id}: the gate has a name for it`)
    for (const text of [says.it, says.en, why.it, why.en]) t.ok(text.length > 20, `${id}: ${text}`)
    t.not(bad, good, id)
  }
})

t.test('every rule that Spectral recommends for OpenAPI 3 is in the catalogue, as severe as Spectral has it', async (t) => {
  const spectrals = (oas as { readonly rules: Record<string, { readonly recommended?: boolean, readonly severity?: unknown }> }).rules
  for (const [name, { recommended, severity = 'warn' }] of Object.entries(spectrals)) {
    if (recommended === false || name.startsWith('oas2-')) continue
    const text = catalogue.find(({ reference }) => reference === name)
    t.equal(text?.modi, severity === 0 ? 'error' : severity, name)
  }
})

const corpus = join(import.meta.dirname, '../../../shared/corpus')
t.test('the profile pdnd gives the verdict of the publication gate, finding for finding', { skip: !existsSync(corpus) && 'the contracts are not here' }, async (t) => {
  const expected = JSON.parse(readFileSync(join(corpus, 'expected-findings.json'), 'utf8')) as Record<string, { readonly spectral: Record<string, number> }>
  // All of them: npm run corpus.
  for (const [name, { spectral }] of Object.entries(expected).filter(([name]) => statSync(join(corpus, name)).size < 10_000)) {
    const counts: Record<string, number> = {}
    for (const { reference = '' } of await lintContract(join(corpus, name), { profile: 'pdnd' })) counts[reference] = (counts[reference] ?? 0) + 1
    t.same(counts, spectral, name)
  }
})

t.test('a malformed contract is judged, not thrown at', async (t) => {
  const malformed = [
    ...[['/paths', null], ['/info', []], ['/paths/~1status', 'x'], ['/components/schemas', 1], ['/paths/~1items/get/responses', []], ['/paths/~1items/get/parameters', [null]]]
      .map(([pointer, value]) => edited(pointer as string, value)),
    '[]', '', 'openapi: [', '{ "openapi": "3.0.3", "paths": { "__proto__": { "get": null } } }'
  ]
  for (const text of malformed) {
    for (const profile of ['pdnd', 'modi'] as const) {
      const findings = await lintText(text, profile, 'yaml')
      t.ok(findings.length > 0, `${profile}: ${text.slice(0, 60)}`)
    }
  }
})

t.test('a finding has the line and column at which to mend it: in the file referred to, through anchors and merge keys', async (t) => {
  const folder = t.testdir({
    'demo.v1.yaml': `openapi: 3.0.3
x-parts:
  - &answer
    description: OK
    content: &content
      text/html:
        schema: { type: string }
info: { title: a, version: '1' }
paths:
  /items:
    get:
      responses:
        '404': *answer
        '500':
          <<: { content: *content }
          description: KO
        '200':
          description: OK
          content:
            application/json:
              schema: { $ref: './parts/shared.yaml#/components/schemas/Item' }
`,
    parts: { 'shared.yaml': 'components:\n  schemas:\n    Item:\n      type: object\n      properties:\n        size: { type: integer }\n' }
  })
  for (const profile of ['modi', 'pdnd'] as const) {
    const findings = await lintContract(join(folder, 'demo.v1.yaml'), { profile })
    const where = (id: string) => findings.filter(({ rule }) => rule === id).map(({ file, line, column, pointer }) => [file.slice(folder.length + 1), line, column, pointer])
    t.strictSame(where('use-semver'), profile === 'modi' ? [['demo.v1.yaml', 8, 1, '/info']] : [['demo.v1.yaml', 8, 1, '/info']])
    t.strictSame(where('use-problem-json-for-errors'), [
      ['demo.v1.yaml', 6, 7, '/paths/~1items/get/responses/404/content/text~1html'],
      ['demo.v1.yaml', 6, 7, '/paths/~1items/get/responses/500/content/text~1html']
    ])
    t.strictSame(where('integer-format'), [['parts/shared.yaml', 6, 9, '/components/schemas/Item/properties/size']])
  }
})

t.test('nothing outside the folder of a contract is read, nor fetched', async (t) => {
  const folder = t.testdir({ inside: { 'far.v1.yaml': edited('/components/schemas/Item', { $ref: '../secret.yaml#/it' }), 'net.v1.yaml': edited('/components/schemas/Item', { $ref: 'http://127.0.0.1:9/item.yaml' }) }, 'secret.yaml': 'it: { type: integer }' })
  for (const name of ['far', 'net']) {
    const findings = await lintContract(join(folder, 'inside', `${name}.v1.yaml`), { profile: 'modi' })
    t.ok(findings.some(({ rule }) => rule === 'invalid-ref'), name)
    t.ok(findings.some(({ rule, pointer }) => rule === 'no-external-reference' && pointer === '/components/schemas/Item/$ref'), name)
    t.notOk(findings.some(({ file }) => file.endsWith('secret.yaml')))
  }
})

t.test('files in the folder are found whatever they are called, and what is vendored for a URL', async (t) => {
  const shared = 'Item: { type: integer }\n'
  const folder = t.testdir({
    'il contratto è.v1.yaml': edited('/components/schemas/Item', { allOf: [{ $ref: './le%20parti/l\u2019elemento.yaml#/Item' }, { $ref: 'https://example.it/item.yaml#/Item' }] }),
    'le parti': { 'l\u2019elemento.yaml': shared },
    refs: { 'item.yaml': `\n${shared}` },
    'refs.lock.yaml': `https://example.it/item.yaml: { file: refs/item.yaml, sha256: ${createHash('sha256').update(`\n${shared}`).digest('hex')} }`
  })
  const findings = await lintContract(join(folder, 'il contratto è.v1.yaml'), { profile: 'modi' })
  t.notOk(findings.some(({ rule }) => rule === 'invalid-ref'))
  t.strictSame(findings.filter(({ rule }) => rule === 'integer-format').map(({ file, line }) => [file.slice(folder.length + 1), line]), [['le parti/l\u2019elemento.yaml', 1], ['refs/item.yaml', 2]])
  t.match(findings.filter(({ rule }) => rule === 'no-external-reference'), [{ pointer: '/components/schemas/Item/allOf/1/$ref', file: join(folder, 'il contratto è.v1.yaml') }])
})


t.test('what only looks like a schema is none for the guidelines; the gate looks there too', async (t) => {
  const text = edited('/components/schemas/Item/example', { weight: 1.5, next: { type: 'integer' } })
  const rulesOf = async (profile: Profile) => (await lintText(text, profile)).map(({ rule }) => rule).filter((rule) => rule === 'integer-format')
  t.strictSame(await rulesOf('modi'), [])
  t.strictSame(await rulesOf('pdnd'), ['integer-format'])
})

t.test('a contract that cannot be judged is an error that says why', async (t) => {
  const file = join(t.testdir({ 'demo.v1.yaml': JSON.stringify(good), 'large.v1.yaml': `# ${'x'.repeat(6 * 1024 * 1024)}` }), 'demo.v1.yaml')
  await t.rejects(lintContract(file, { profile: 'modi', deadlineMs: 0 }), { name: 'DocumentError', message: /demo\.v1\.yaml: could not be judged within 0 ms/ })
  t.strictSame(await lintContract(file, { profile: 'modi' }), [], 'and the next one is judged')
  await t.rejects(lintContract(`${file}.missing`, { profile: 'pdnd' }), { name: 'DocumentError', message: /cannot be read/ })
  await t.rejects(lintContract(file.replace('demo', 'large'), { profile: 'pdnd' }), { name: 'DocumentError', message: /larger than 5 MiB/ })
})

t.test('a contract made to take forever is given up, and holds nothing up meanwhile', async (t) => {
  const slow = edited('/components/schemas/Item', { type: 'string', pattern: '^(a+)+$', example: `${'a'.repeat(60)}!` })
  const file = join(t.testdir({ 'slow.v1.yaml': slow }), 'slow.v1.yaml')
  let ticks = 0
  const timer = setInterval(() => { ticks++ }, 10)
  t.teardown(() => { clearInterval(timer) })
  await t.rejects(lintContract(file, { profile: 'pdnd', deadlineMs: 700 }), { name: 'DocumentError', message: /within 700 ms/ })
  t.ok(ticks > 5)
})

t.test('a bomb of aliases is told, not written out', async (t) => {
  const levels = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
  const bomb = levels.map((name, index) => `${name}: &${name} [${Array(9).fill(index === 0 ? '1' : `*${levels[index - 1]}`).join(',')}]`)
  for (const profile of ['pdnd', 'modi'] as const) {
    t.match(await lintText([...bomb, 'openapi: 3.0.3'].join('\n'), profile, 'yaml'), [{ rule: 'parser', severity: 'error', message: { en: /cannot be read: it holds more than/ } }])
  }
})

// What the guidelines say of them is asked by npm run lint:openapi.
t.test('the contracts of this repository would be published: the gate has no error and no warning', async (t) => {
  const contracts = await contractsIn([join(import.meta.dirname, '..')])
  t.ok(contracts.length > 0)
  for (const contract of contracts) t.strictSame((await lintContract(contract, { profile: 'pdnd' })).filter(({ severity }) => severity === 'error' || severity === 'warn'), [], contract)
})

t.test('the report says file, line, severity, rule, place and totals, once for a shared component', async (t) => {
  const document = edited('/components/schemas/Item', { $ref: './shared.yaml#/components/schemas/Item' })
  const folder = t.testdir({ 'a.v1.yaml': document, 'b.v2.yml': document, 'shared.yaml': JSON.stringify({ components: { schemas: { Item: { type: 'integer' } } } }) })
  const lines: string[] = []
  t.equal(await report([folder], (line) => lines.push(line)), 1)
  const found = lines.filter((line) => line.includes('integer-format'))
  t.match(found, [/shared\.yaml:1:\d+: error integer-format \(RAC_REST_FORMAT_004\) at \/components\/schemas\/Item: the integer/])
  t.equal(found.length, 1)
  t.match(lines.at(-1), /^contracts: 2, errors: [1-9]\d*, warnings: \d+, unreadable: 0$/)
})

t.test('what cannot be read is told, and the rest is linted all the same', async (t) => {
  const folder = t.testdir({ 'bad.v1.yaml': 'openapi: [', 'good.v1.yaml': JSON.stringify(good) })
  const lines: string[] = []
  t.equal(await report([folder], (line) => lines.push(line)), 1)
  t.match(lines, [/bad\.v1\.yaml:1:\d+: error parser at \/: /, 'contracts: 2, errors: 1, warnings: 0, unreadable: 0'])
  t.equal(await report([join(folder, 'missing.yaml')], (line) => lines.push(line)), 2)
  t.match(lines.at(-2), /missing\.yaml: there is no such file or folder/)
  t.equal(await report([t.testdir({})], () => {}), 2, 'a folder without contracts')
})

t.test('the command exits with what the report returns', async (t) => {
  const folder = t.testdir({ 'bad.v1.yaml': edited('/info/contact', undefined) })
  await t.rejects(promisify(execFile)(process.execPath, [join(import.meta.dirname, 'lint.ts'), join(folder, 'bad.v1.yaml')]), { code: 1, stdout: /error has-contact at \/info: info\.contact/ })
})
