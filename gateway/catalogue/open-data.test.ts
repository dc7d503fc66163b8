import { join } from 'node:path'
import t from 'tap'
import { loadContract, toContract } from '../../openapi/contract.ts'
import type { JsonObject } from '../../openapi/document.ts'
import { startGateway } from '../harness/gateway.ts'
import { archiveContract } from '../harness/platform.ts'
import { root } from '../harness/process.ts'
import { readOpenData } from './open-data.ts'

const answers = (...types: readonly string[]) => ({ 200: { description: 'Fatto', content: Object.fromEntries(types.map((type) => [type, { schema: { type: 'object' } }])) } })
const good = {
  id: 'figures', title: { it: 'Cifre', en: 'Figures' }, description: { it: 'Le cifre' }, themes: ['GOVE'], frequency: 'ANNUAL', operations: ['listFigures'], rightsHolder: { name: 'Comune', identifier: 'c_f205' },
  issued: '2026', modified: '2026-03-02', temporal: { start: '2024', end: '2025' }, spatial: ['http://data.europa.eu/nuts/code/ITC4C'], keywords: ['cifre'], licenseName: 'CC BY 4.0'
}
const license = 'https://creativecommons.org/licenses/by/4.0/'

function read (said: unknown) {
  return readOpenData(toContract({
    openapi: '3.0.3', info: { title: 'x', version: '1.0.0', 'x-open-data': said },
    paths: { '/figures': { get: { operationId: 'listFigures', responses: answers('text/csv', 'image/png') }, post: { operationId: 'addFigure', responses: answers('application/json') } }, '/picture': { get: { operationId: 'showPicture', responses: answers('image/png') } } }
  } as unknown as JsonObject, 'contract.yaml'))
}
const told = (said: unknown): readonly string[] => read(said).leftOut.map(({ pointer, message }) => `${pointer.replace('/info/x-open-data', '…')} ${message}`)
const ofOne = (changes: object): readonly string[] => told({ license, datasets: [{ ...good, ...changes }] })

t.test('what is good is offered whole, and nothing is said of it', async (t) => {
  t.match(read({ license, datasets: [good] }), { leftOut: [], datasets: [{ id: 'figures', license: { url: license, name: 'CC BY 4.0' }, holder: good.rightsHolder, temporal: good.temporal, distributions: [{ format: 'CSV' }] }] })
  const { title, description, themes, frequency, operations, id } = good
  t.match(read({ license, frequency, themes, datasets: [{ id, title, description, operations }] }), { leftOut: [], datasets: [{ license: { name: license }, holder: undefined, issued: undefined, spatial: [] }] }, 'what holds for all may stand above')
  t.match(readOpenData(toContract(archiveContract, 'x')), { datasets: [], leftOut: [] })
  for (const name of ['tickets', 'surveys', 'service-usage', 'sla-telemetry']) t.strictSame(readOpenData(await loadContract(join(root, `openapi/${name}.v1.yaml`))).leftOut, [], name)
})

t.test('of a dataset that is not offered everything that is wrong is told: where, and what to put there', async (t) => {
  const needed: Readonly<Record<string, readonly [value: unknown, message: RegExp]>> = {
    id: ['Cifre 2026', /id must be up to 60 lower-case letters/], title: ['Cifre', /title must be an object with a text in Italian \(it\)/], description: [{ en: 'Figures' }, /description must be an object/],
    frequency: ['yearly', /frequency must be a code of the EU’s frequencies/], themes: ['GOVE', /themes must be a list, each one a code/], operations: [['showPicture'], /operations must name at least one GET operation that answers 200 in one of text\/csv, /]
  }
  for (const [name, [value, message]] of Object.entries(needed)) {
    const [first] = ofOne({ [name]: value })
    t.match(first, message)
    t.ok(first?.startsWith(`…/datasets/0/${name} the dataset is not offered: `), name)
    t.match(ofOne({ [name]: undefined })[0], new RegExp(`the dataset is not offered: ${name} (?:is missing|must)`))
    t.strictSame(read({ license, datasets: [{ ...good, [name]: value }, { ...good, id: 'other' }] }).datasets.map(({ id }) => id), ['other'], 'the others are offered')
  }
  t.match(ofOne({ operations: ['addFigure', 'nowhere', 7] }), [/datasets\/0\/operations\/0 .*operations: number 1 must be the operationId of a GET operation/, /number 2/, /number 3/, /at least one/])
  t.strictSame(told({ license: 'javascript:alert(1)', datasets: [good, good] }), ['…/license the dataset is not offered: license must be the web address of a licence'], 'once, where it stands for all')
  t.match(told({ datasets: [good] }), [/^…\/datasets\/0 .*license is missing/])
  t.match(told({ license, datasets: [null, 'x'] }), [/^…\/datasets\/0 the dataset is not offered: it must be an object/, /^…\/datasets\/1 /])
  for (const said of [null, [], 'yes', {}, { license, datasets: { figures: good } }]) t.match(told(said), [/^… no data are offered: it must be an object with license and a list of datasets$/])
})

t.test('what a dataset is offered without is told, too', async (t) => {
  const optional: Readonly<Record<string, readonly [value: unknown, at: string, message: RegExp]>> = {
    issued: [2026, 'issued', /issued must be a day in quotes/], modified: ['2026-02-31x', 'modified', /a day in quotes/], temporal: [{ start: '2024', end: 'now' }, 'temporal', /temporal must be an object with start/], licenseName: [4, 'licenseName', /must be a text/],
    rightsHolder: ['Comune', 'rightsHolder', /must be an object with name and identifier/], spatial: [['Milano'], 'spatial/0', /spatial: number 1 must be the web address of a place/], keywords: [['a', 7], 'keywords/1', /keywords: number 2 must be a text/]
  }
  for (const [name, [value, at, message]] of Object.entries(optional)) {
    const { datasets, leftOut } = read({ license, datasets: [{ ...good, [name]: value }] })
    t.equal(datasets.length, 1, name)
    t.match(leftOut, [{ pointer: `/info/x-open-data/datasets/0/${at}`, message }])
    t.match(leftOut[0]?.message, /^not told of the dataset: /)
  }
  t.match(ofOne({ themes: ['GOVE', 'tech'] }), [/themes\/1 not told of the dataset: themes: number 2 must be a code/])
})

t.test('the gateway says so when it starts, in one line, and serves', async (t) => {
  const start = async (said: unknown) => {
    const gateway = await startGateway(t, { contract: { ...archiveContract, info: { ...archiveContract['info'] as object, 'x-open-data': said } } as unknown as JsonObject })
    return gateway.logs.filter(({ event }) => event === 'contract')
  }
  t.match(await start({ license, datasets: [{ ...good, operations: ['listItems'], title: 'canary', issued: 2026 }] }), [{ level: 40, eservice: 'archive', message: /^\/info\/x-open-data\/datasets\/0\/title: the dataset is not offered: .*; and 1 more: npx varco check .*contract\.json says where/ }])
  t.notMatch(JSON.stringify(await start({ license, datasets: [{ title: 'canary' }] })), 'canary')
  t.strictSame(await start({ license, datasets: [{ ...good, operations: ['listItems'] }] }), [])
})
