import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { registryOf } from '../adapters/registry-file.ts'
import type { RegistryFile } from '../adapters/registry-file.ts'
import { ids, registryContent } from '../harness/platform.ts'
import { processTracing } from '../sandbox/tracing-processing.ts'
import { TraceCounts } from './trace-counts.ts'
import { writeTraceFile } from './trace-file.ts'
import { validateTrace, validateTraceFile } from './trace-rules.ts'
import type { PurposeStanding } from './trace-rules.ts'

const day = '2026-03-02'
const header = 'date,purpose_id,status,token_id,requests_count'
const token = '20000000-0000-4000-8000-000000000001'
const foreign = '10000000-0000-4000-8000-0000000000f6'
const unknown = '10000000-0000-4000-8000-0000000000ee'
const good = `${day},${ids.purpose},200,${token},7`

/** The platform of the tests, and a purpose between two others. */
const registryFile = (() => {
  const content = registryContent() as unknown as RegistryFile
  const [eservice, purpose] = [content.eservices[0]!, content.purposes[0]!]
  return { ...content, eservices: [eservice, { ...eservice, id: unknown, producerId: foreign }], purposes: [purpose, { ...purpose, id: foreign, eserviceId: unknown, consumerId: foreign }] }
})()
const registry = { ...registryOf(registryFile), current: () => registryFile }
const standingOf = (id: string): PurposeStanding => id === ids.purpose ? 'own' : id === foreign ? 'foreign' : 'unknown'

/** What our own rules say of a file, and what the sandbox says, as `row code`. */
async function judge (text: string, tenantId: string = ids.producer): Promise<{ own: string[], platform: string[], state: string }> {
  const { findings } = await validateTrace(text.replace(/\r?\n$/, '').split(/\r?\n/).slice(0, text === '' ? 0 : undefined), { day, standingOf })
  const { errors, state } = processTracing(Buffer.from(text), { tenantId, date: day, registry })
  return { own: findings.map(({ row, code }) => `${row} ${code}`), platform: errors.map(({ rowNumber, errorCode }) => `${rowNumber} ${errorCode}`), state }
}

const row = (changes: { date?: string, purpose?: string, status?: string, token?: string, count?: string }): string =>
  `${header}\n${good}\n${changes.date ?? day},${changes.purpose ?? ids.purpose},${changes.status ?? '404'},${changes.token ?? token},${changes.count ?? '1'}\n`

const sameForBoth: Record<string, [string, string[], string]> = {
  'a good file': [`${header}\n${good}\n`, [], 'COMPLETED'],
  'the columns in another order': [`status,date,requests_count,token_id,purpose_id\n200,${day},7,${token},${ids.purpose}\n`, [], 'COMPLETED'],
  'a mark in front and CRLF': [`\ufeff${header}\r\n${good}\r\n`, [], 'COMPLETED'],
  'no end of the last line': [`${header}\n${good}`, [], 'COMPLETED'],
  'a header alone': [`${header}\n`, [], 'COMPLETED'],
  'a count of none': [row({ count: '0' }), [], 'COMPLETED'],
  'another day': [row({ date: '2026-03-03' }), ['2 INVALID_DATE'], 'ERROR'],
  'a day in another spelling': [row({ date: '02/03/2026' }), ['2 INVALID_DATE'], 'ERROR'],
  'a purpose that is no UUID': [row({ purpose: 'p' }), ['2 INVALID_PURPOSE'], 'ERROR'],
  'a purpose that is not there': [row({ purpose: unknown }), ['2 PURPOSE_NOT_FOUND'], 'ERROR'],
  'a purpose of others': [row({ purpose: foreign }), ['2 TENANT_IS_NOT_PRODUCER_OR_CONSUMER'], 'WARNING'],
  'a status of nginx': [row({ status: '499' }), ['2 INVALID_STATUS_CODE'], 'ERROR'],
  'a status of Cloudflare': [row({ status: '520' }), ['2 INVALID_STATUS_CODE'], 'ERROR'],
  'no status': [row({ status: '' }), ['2 INVALID_STATUS_CODE'], 'ERROR'],
  'a voucher that is no UUID': [row({ token: 'jti' }), ['2 INVALID_TOKEN'], 'ERROR'],
  'a count below none': [row({ count: '-1' }), ['2 INVALID_REQUEST_COUNT'], 'ERROR'],
  'an empty count': [row({ count: '' }), ['2 INVALID_REQUEST_COUNT'], 'ERROR'],
  'a count in words': [row({ count: 'many' }), ['2 INVALID_REQUEST_COUNT'], 'ERROR'],
  'everything wrong at once': [row({ date: 'd', purpose: 'p', status: 's', token: 't', count: 'c' }), ['2 INVALID_DATE', '2 INVALID_PURPOSE', '2 INVALID_REQUEST_COUNT', '2 INVALID_STATUS_CODE', '2 INVALID_TOKEN'], 'ERROR'],
  'a column more': [`${header},more\n${good},x\n`, ['0 INVALID_CSV_HEADERS'], 'ERROR'],
  'a column less': ['date,purpose_id,status,token_id\n' + good.slice(0, -2) + '\n', ['0 INVALID_CSV_HEADERS'], 'ERROR'],
  'a column in capitals': [`${header.replace('date', 'Date')}\n${good}\n`, ['0 INVALID_CSV_HEADERS'], 'ERROR']
}
for (const [what, [text, codes, state]] of Object.entries(sameForBoth)) {
  t.test(`${what}: our rules and the platform say the same`, async (t) => {
    const told = await judge(text)
    t.strictSame(told.own.toSorted(), codes)
    t.strictSame(told.platform.toSorted(), codes)
    t.equal(told.state, state)
  })
}

t.test('both find a row that is there twice; the platform in all of them, ours in the later ones', async (t) => {
  const told = await judge(`${header}\n${good}\n${good.replace(',7', ',8')}\n`)
  t.strictSame(told.own, ['2 PURPOSE_AND_STATUS_AND_TOKEN_NOT_UNIQUE'])
  t.strictSame(told.platform, ['1 PURPOSE_AND_STATUS_AND_TOKEN_NOT_UNIQUE', '2 PURPOSE_AND_STATUS_AND_TOKEN_NOT_UNIQUE'])
})

t.test('the platform looks for them within 5000 rows, ours in the whole file', async (t) => {
  const rows = Array.from({ length: 5000 }, () => `${day},${ids.purpose},200,${randomUUID()},1`)
  const told = await judge([header, ...rows, rows[0], ''].join('\n'))
  t.strictSame(told.own, ['5001 PURPOSE_AND_STATUS_AND_TOKEN_NOT_UNIQUE'])
  t.strictSame(told.platform, [])
})

t.test('semicolons are told as what they are; the platform sees wrong columns', async (t) => {
  const told = await judge(`${header}\n${good}\n`.replaceAll(',', ';'))
  t.strictSame(told.own, ['0 INVALID_DELIMITER'])
  t.strictSame(told.platform, ['0 INVALID_CSV_HEADERS'])
})

const stricter: Record<string, [string, string[], string[]]> = {
  'a fraction': [row({ count: '1.5' }), ['2 INVALID_REQUEST_COUNT'], []],
  'a power of ten': [row({ count: '1e3' }), ['2 INVALID_REQUEST_COUNT'], []],
  'a count of spaces': [row({ count: ' ' }), ['2 INVALID_REQUEST_COUNT'], []],
  'a status with a space': [row({ status: ' 404' }), ['2 INVALID_STATUS_CODE'], []],
  'quotes': [row({ status: '"404"' }), ['2 INVALID_ROW_SCHEMA'], []],
  'a cell more in a later row': [row({ count: '1,2' }), ['2 INVALID_ROW_SCHEMA'], []],
  'a cell less in a later row': [`${header}\n${good}\n${good.slice(0, -2)}\n`, ['2 INVALID_ROW_SCHEMA'], ['2 INVALID_REQUEST_COUNT', '1 PURPOSE_AND_STATUS_AND_TOKEN_NOT_UNIQUE', '2 PURPOSE_AND_STATUS_AND_TOKEN_NOT_UNIQUE']],
  'nothing at all': ['', ['0 INVALID_CSV'], []],
  'columns that are wrong without a row': ['a,b\n', ['0 INVALID_CSV_HEADERS'], []]
}
for (const [what, [text, own, platform]] of Object.entries(stricter)) {
  t.test(`${what}: ours is stricter`, async (t) => {
    const told = await judge(text)
    t.strictSame(told.own.toSorted(), own.toSorted())
    t.strictSame(told.platform.toSorted(), platform.toSorted())
  })
}

t.test('a consumer and an active delegate may report, others are warned', async (t) => {
  t.equal((await judge(`${header}\n${good}\n`, ids.consumer)).state, 'COMPLETED')
  t.equal((await judge(`${header}\n${good}\n`, unknown)).state, 'WARNING')
  const delegated = { ...registryFile, delegations: [{ id: token, kind: 'DelegatedProducer', delegatorId: ids.producer, delegateId: unknown, eserviceId: ids.eservice, state: 'Active' }] } as RegistryFile
  for (const [state, verdict] of [['Active', 'COMPLETED'], ['Revoked', 'WARNING']] as const) {
    const file = { ...delegated, delegations: delegated.delegations!.map((one) => ({ ...one, state })) }
    t.equal(processTracing(Buffer.from(`${header}\n${good}\n`), { tenantId: unknown, date: day, registry: { ...registryOf(file), current: () => file } }).state, verdict)
  }
})

t.test('100000 rows are written and found good by both', async (t) => {
  const folder = t.testdir()
  const counts = new TraceCounts()
  counts.merge({ rows: Array.from({ length: 100_000 }, (_one, index) => ({ purposeId: ids.purpose, status: 200, voucherId: `20000000-0000-4000-8000-${String(index).padStart(12, '0')}`, count: 1 + index % 9 })), unreadable: 0 })
  const file = await writeTraceFile(join(folder, 'big.csv'), day, counts)
  t.match(file, { rows: 100_000, calls: counts.calls, sha256: /^[0-9a-f]{64}$/ })
  t.match(await validateTraceFile(file.path, { standingOf }), { day, rows: 100_000, calls: counts.calls, invalid: 0, warnings: 0 })
  await writeFile(join(folder, 'bad.csv'), `${header}\n${`${good}\n`.repeat(3000)}`)
  t.match(await validateTraceFile(join(folder, 'bad.csv'), {}, 10), { invalid: 2999, findings: { length: 10 } })
})
