import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { importKey } from '../policies/jwk.ts'
import type { Jwk } from '../policies/jwk.ts'
import { readJws, verifyJws } from '../policies/jws.ts'
import { digestOf } from '../policies/signature-fixture.ts'
import { runCommandLine } from './command-line.ts'
import type { Config } from './config.ts'
import { placeOf } from './custody.ts'
import { searchEvidence } from './evidence-search.ts'
import type { EvidenceQuery, FoundEvidence } from './evidence-search.ts'
import { checkSignature, custodyOptions, evidenceKey, keeping, keychainOf, signedCall, signing, withCustody } from './harness/custody.ts'
import { startGateway, until } from './harness/gateway.ts'
import type { Harness, HarnessOptions } from './harness/gateway.ts'
import { audience, basePath, ids } from './harness/platform.ts'
import { checkProblem } from './harness/refusal.ts'
import { answerOk } from './harness/upstream.ts'

const item = Buffer.from('{"name":"Ciao mondo"}')
const person = 'RSSMRA80A01H501U'
const canary = 'canary9f3e7c51'

const start = async (t: Test, options: HarnessOptions = {}): Promise<Harness> => startGateway(t, { ...custodyOptions, contract: keeping(), ...options })
const post = async (gateway: Harness, body: Buffer = item, path = '/items'): ReturnType<Harness['call']> => gateway.call(path, signedCall(gateway, { method: 'POST', body }))
const folderOf = ({ state }: Pick<Config, 'state'>): string => join(state, 'evidence', ids.eservice)

async function kept ({ config }: Pick<Harness, 'config'>, query: EvidenceQuery = {}): Promise<readonly FoundEvidence[]> {
  const found: FoundEvidence[] = []
  const faults = await searchEvidence(placeOf(config.state, ids.eservice, [evidenceKey]), query, { bodies: true }, (one) => { found.push(one) })
  if (faults.length > 0) throw new Error(faults.join('; '))
  return found
}

t.test('the signed request is on the disk before the upstream sees the call, its answer before the caller has it', async (t) => {
  const gateway = await start(t)
  const seen: (readonly FoundEvidence[])[] = []
  gateway.upstream.answer = (request, response, one) => {
    void kept(gateway).then((found) => {
      seen.push(found)
      return answerOk(request, response, one)
    })
  }
  const sent = signedCall(gateway, { method: 'POST', body: item })
  const answer = await gateway.call('/items', sent)
  t.equal(answer.status, 200, 'a signed request: admitted')
  const [record] = await gateway.takeRecords(1)
  const [[request] = []] = seen
  t.match(request, { answer: undefined, entry: { hash: record?.['evidence'], facts: {
    kind: 'request', receivedAt: '2026-03-02T10:00:00.000Z', correlationId: record?.['correlationId'], method: 'POST', target: `${basePath}/items`, operationId: 'createItem',
    eserviceId: ids.eservice, descriptorId: ids.descriptor, clientId: ids.client, consumerId: ids.consumer, purposeId: ids.purpose, voucher: { jti: record?.['voucherId'] }
  } } })
  t.ok(request?.entry.body?.equals(item))
  t.strictSame(new Map(request?.entry.facts.headers), new Map(Object.entries({ 'Content-Type': 'application/json', 'Content-Length': String(item.length), ...sent.headers })))
  const [whole] = await kept(gateway)
  t.match(whole?.answer, { kind: 'answer', request: record?.['evidence'], status: 200, digest: answer.headers['digest'], signature: answer.headers['agid-jwt-signature'], correlationId: record?.['correlationId'] })
  t.equal(checkSignature(t, gateway, answer)['request_digest'], digestOf(item))
})

t.test('nothing of what is kept is in the log but its hash', async (t) => {
  const gateway = await start(t)
  await post(gateway)
  const [record] = await gateway.takeRecords(1)
  t.match(record?.['evidence'], /^[0-9a-f]{64}$/)
  t.notMatch(JSON.stringify(record), /Ciao|SHA-256=|eyJ/)
})

t.test('what was sent and kept lies in clear nowhere, and no key', async (t) => {
  const gateway = await start(t)
  const voucher = gateway.voucher({ claims: { [canary]: canary } })
  const body = Buffer.from(JSON.stringify({ name: canary, notes: person }))
  const answer = await gateway.call(`/items?q=${person}`, { ...signedCall(gateway, { method: 'POST', body }), voucher })
  t.equal(answer.status, 400, 'the operation has no such parameter')
  t.equal((await kept(gateway)).length, 0, 'what the contract refuses is not kept')
  const { headers } = signedCall(gateway, { method: 'POST', body })
  t.equal((await gateway.call('/items', { method: 'POST', body, voucher, headers: { ...headers, Cookie: `session=${canary}`, 'X-Api-Key': canary } })).status, 200)
  await gateway.takeRecords(2)
  const secrets = [canary, person, voucher, evidenceKey, Buffer.from(evidenceKey, 'base64').toString('latin1'), headers?.['Agid-JWT-Signature'] ?? '', ids.client, ids.consumer, ids.purpose]
  const files = readdirSync(folderOf(gateway.config)).map((name) => readFileSync(join(folderOf(gateway.config), name)).toString('latin1'))
  t.ok(files.length > 0)
  for (const secret of secrets) t.notOk(files.some((text) => text.includes(secret)))
  const logs = JSON.stringify(gateway.logs)
  for (const secret of secrets.slice(0, 6)) t.notOk(logs.includes(secret))
  const [found] = await kept(gateway)
  const whole = JSON.stringify(found?.entry.facts)
  t.notOk(whole.includes(voucher) || whole.includes(canary), 'nor is the voucher, a cookie or another credential kept at all')
  t.equal(found?.entry.facts.voucher.sha256, createHash('sha256').update(voucher).digest('hex'))
})

t.test('an answer without a body is signed too: it confirms the request', async (t) => {
  const gateway = await start(t)
  gateway.upstream.answer = (request, response) => {
    if (request.method === 'DELETE') response.writeHead(204).end()
    else response.writeHead(304, { etag: '"1"' }).end()
  }
  for (const [method, status] of [['DELETE', 204], ['GET', 304]] as const) {
    const answer = await gateway.call('/items/a', signedCall(gateway, { method }))
    t.equal(answer.status, status)
    t.equal(answer.headers['digest'], 'SHA-256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=')
    t.match(checkSignature(t, gateway, answer), { request_digest: 'SHA-256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=' })
  }
  t.strictSame((await kept(gateway)).map(({ answer }) => answer?.status), [204, 304])
})

t.test('a call that the upstream does not answer well is kept with what the caller was told', async (t) => {
  const gateway = await start(t)
  gateway.upstream.answer = (_request, response) => { response.destroy() }
  const answer = await post(gateway)
  t.equal(answer.json.code, 'upstream-unreachable', 'kept, and never answered: upstream-unreachable')
  checkSignature(t, gateway, answer)
  t.match(await kept(gateway), [{ answer: { status: 502, digest: answer.headers['digest'] } }])
})

t.test('calls at the same time are all kept, each with its answer', async (t) => {
  const gateway = await start(t)
  const answers = await Promise.all(Array.from({ length: 200 }, async (_, n) => post(gateway, Buffer.from(`{"name":"${n}"}`))))
  t.ok(answers.every(({ status }) => status === 200))
  const found = await kept(gateway)
  t.equal(new Set(found.map(({ entry }) => entry.body?.toString())).size, 200)
  const signatures = new Set(answers.map(({ headers }) => headers['agid-jwt-signature']))
  t.ok(found.every(({ answer }) => signatures.has(answer?.signature)))
})

/** What a caller has left of its quota. */
const remaining = async (gateway: Harness): Promise<number> => Number((await post(gateway)).headers['x-ratelimit-remaining'])
const fewCalls: NonNullable<HarnessOptions['registry']> = (content) => ({ ...content, purposes: content.purposes.map((purpose) => ({ ...purpose, versions: [{ ...purpose.versions[0], dailyCalls: 5 }] })) })

t.test('130: where nothing can be kept nothing is forwarded and no quota taken, and it goes on by itself', async (t) => {
  const gateway = await start(t, { registry: fewCalls })
  t.equal(await remaining(gateway), 4)
  await gateway.takeRecords(1)
  await rm(folderOf(gateway.config), { recursive: true })
  await writeFile(folderOf(gateway.config), 'a file where the folder should be')
  gateway.upstream.requests.length = 0
  for (let n = 0; n < 8; n++) {
    const refused = await post(gateway)
    t.equal(refused.headers['retry-after'], '5')
    checkSignature(t, gateway, refused)
    t.equal(refused.json.code, 'evidence-store-unavailable', 'where nothing can be kept: evidence-store-unavailable')
    await checkProblem(t, gateway, refused, { status: 503, code: 'evidence-store-unavailable' })
  }
  t.equal(gateway.upstream.requests.length, 0)
  t.equal((await gateway.call('/open', { voucher: null })).status, 200, 'what need not be kept is served')
  await rm(folderOf(gateway.config))
  t.equal(await remaining(gateway), 3)
  t.equal((await kept(gateway)).length, 1)
})

t.test('130: a disk that is really full', async (t) => {
  let disk = ''
  const gateway = await start(t, { config: (config) => {
    disk = folderOf(config)
    mkdirSync(config.state, { mode: 0o700 })
    mkdirSync(disk, { recursive: true })
    return withCustody(config)
  } })
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', disk]).status !== 0) return t.comment('only who may mount can try')
  t.teardown(() => { spawnSync('umount', ['-l', disk]) })
  const big = (n: number): Buffer => Buffer.from(JSON.stringify({ name: String(n), notes: 'x'.repeat(60_000) }))
  const statuses: number[] = []
  for (let n = 0; n < 20; n++) statuses.push((await post(gateway, big(n))).status)
  const served = statuses.filter((status) => status === 200).length
  t.strictSame(new Set(statuses), new Set([200, 503]))
  t.ok(served >= 3 && served <= 8, `${served} served`)
  t.equal(gateway.upstream.requests.length, served, 'exactly what was kept went on')
  t.equal((await kept(gateway)).length, served)
  spawnSync('mount', ['-o', 'remount,size=4m', disk])
  t.equal((await post(gateway, big(21))).status, 200, 'with room it goes on')
  t.equal((await kept(gateway)).length, served + 1)
  t.equal((await varco(gateway, 'verify')).code, 0)
  return undefined
})

t.test('a caller without quota fills no disk', async (t) => {
  const gateway = await start(t, { registry: fewCalls })
  for (let n = 0; n < 5; n++) await post(gateway)
  const { size } = await stat(join(folderOf(gateway.config), '2026-03-02.0001.evidence'))
  const refused = await post(gateway)
  t.match(refused, { status: 429, json: { code: 'quota-exceeded' }, headers: { 'x-ratelimit-remaining': '0' } }, 'without quota: quota-exceeded')
  checkSignature(t, gateway, refused)
  t.equal((await stat(join(folderOf(gateway.config), '2026-03-02.0001.evidence'))).size, size)
  t.equal(gateway.upstream.requests.length, 5)
})

/** A gateway that takes over what another one left. */
const after = async (t: Test, first: Harness): Promise<Harness> => {
  await first.gateway.close()
  return start(t, { now: first.clock.now, config: (config) => ({ ...withCustody(config), state: first.config.state }) })
}

t.test('a start after a crash notes the torn entry, and keeps on', async (t) => {
  const first = await start(t)
  await post(first)
  await post(first)
  const path = join(folderOf(first.config), '2026-03-02.0001.evidence')
  await truncate(path, (await stat(path)).size - 50)
  const second = await after(t, first)
  t.match(second.logs.filter(({ event }) => event === 'custody'), [{ message: /^evidence 2026-03-02\.0001\.evidence: its last \d+ bytes are of an entry that was never whole$/ }])
  t.equal((await post(second)).status, 200)
  t.strictSame((await kept(second)).map(({ answer }) => answer?.status), [200, 200, undefined], 'the torn one was an answer')
  const { code, out } = await varco(second, 'verify')
  t.equal(code, 0)
  t.match(out, /^archive: note: 2026-03-02\.0001\.evidence: its last \d+ bytes/)
})

t.test('a reload goes on in the same file, whoever still writes to it', async (t) => {
  const gateway = await start(t)
  const reload = async (how: 'commit' | 'discard', retentionDays = 30): Promise<void> => {
    const { config } = gateway
    await (await gateway.gateway.prepare({ ...config, eservices: config.eservices.map((one) => ({ ...one, evidence: { keys: [evidenceKey], retentionDays } })) }))[how]()
  }
  let answer = (): void => undefined
  const usual = gateway.upstream.answer
  gateway.upstream.answer = (request, response, seen) => { answer = () => { answerOk(request, response, seen) } }
  const slow = post(gateway)
  await until(() => gateway.upstream.requests.length === 1)
  gateway.upstream.answer = usual
  for (const how of ['commit', 'discard', 'commit'] as const) {
    await reload(how)
    t.equal((await post(gateway)).status, 200, 'a call after a reload: admitted')
  }
  answer()
  t.equal((await slow).status, 200)
  t.strictSame(readdirSync(folderOf(gateway.config)), ['2026-03-02.0001.evidence'])
  t.equal((await kept(gateway)).length, 4)
  t.strictSame(gateway.logs.filter(({ event }) => event === 'custody'), [])
  await reload('commit', 31)
  t.equal((await post(gateway)).status, 200, 'with another configuration: admitted')
  t.equal(readdirSync(folderOf(gateway.config)).length, 2, 'what is kept otherwise has a file of its own')
})

t.test('evidence whose time is over is gone with the next start, and not missed', async (t) => {
  const first = await start(t)
  await post(first)
  first.clock.now += 25 * 86_400_000
  await post(first)
  first.clock.now += 10 * 86_400_000
  const second = await after(t, first)
  await post(second)
  t.strictSame(readdirSync(folderOf(first.config)).toSorted((left, right) => left < right ? -1 : 1), ['2026-03-27.0001.evidence', '2026-04-06.0001.evidence'])
  t.equal((await varco(second, 'verify')).code, 0)
})

/** Runs `varco evidence` with the configuration of a gateway, written to a file. */
async function varco ({ config, clock }: Pick<Harness, 'config' | 'clock'>, ...args: readonly string[]): Promise<{ code: number, out: string, err: string }> {
  const file = join(config.state, '..', 'gateway.yaml')
  const { contract, upstream, eserviceId, descriptorIds, producer } = config.eservices[0]!
  await writeFile(file, JSON.stringify({
    pdnd: { environment: 'sandbox' }, publicUrl: 'http://127.0.0.1:8080', registry: config.registry, state: config.state, keychain: keychainOf(config.registry), producer,
    eservices: {
      archive: { contract, upstream: { url: upstream.url, secret: '${NOT_SET}' }, eserviceId, descriptorIds, audience: [audience], evidence: { keys: ['${EVIDENCE_KEY}'], retentionDays: 30 } },
      other: { contract, upstream: { url: upstream.url, secret: '${NOT_SET}' }, eserviceId: ids.client, descriptorIds: [ids.client], audience: [audience] }
    }
  }))
  const told = { out: '', err: '' }
  const code = await runCommandLine(['evidence', ...args, '--config', file], {
    out: (text) => { told.out += text }, err: (text) => { told.err += text }, stdin: async () => Buffer.alloc(0), env: args.includes('unset') ? {} : { EVIDENCE_KEY: evidenceKey }, now: () => clock.now
  })
  return { code, ...told }
}

t.test('varco evidence finds what was kept', async (t) => {
  const gateway = await start(t)
  await post(gateway)
  const [first] = await gateway.takeRecords(1)
  gateway.clock.now += 86_400_000
  await gateway.call('/items/a', signedCall(gateway, { method: 'DELETE' }))
  const [second] = await gateway.takeRecords(1)
  const found = async (...args: readonly string[]): Promise<readonly (string | undefined)[]> => {
    const { code, out, err } = await varco(gateway, ...args)
    t.equal(code, 0, err)
    return out.split('\n').filter((line) => line !== '').map((line) => /(?<=  )(?:createItem|deleteItem)/.exec(line)?.[0])
  }
  t.strictSame(await found(), ['createItem', 'deleteItem'])
  t.strictSame(await found('--from', '2026-03-03'), ['deleteItem'])
  t.strictSame(await found('--to', '2026-03-02'), ['createItem'])
  t.strictSame(await found('--from', '2026-03-02', '--to', '2026-03-03', '--eservice', 'archive'), ['createItem', 'deleteItem'])
  t.strictSame(await found('--correlationId', String(second?.['correlationId'])), ['deleteItem'])
  t.strictSame(await found('--jti', String(first?.['voucherId'])), ['createItem'])
  const [{ entry } = { entry: undefined }] = await kept(gateway)
  t.strictSame(await found('--jti', entry?.facts.signer?.jti ?? ''), ['createItem'])
  t.strictSame(await found('--consumer', ids.consumer, '--client', ids.client, '--purpose', ids.purpose), ['createItem', 'deleteItem'])
  for (const option of ['--consumer', '--client', '--purpose', '--jti', '--correlationId']) t.strictSame(await found(option, ids.producer), [])
  t.match((await varco(gateway)).out, `correlationId ${first?.['correlationId']}  jti ${entry?.facts.signer?.jti}  sha256 ${first?.['evidence']}`)
})

t.test('every worker keeps its own, and varco evidence looks into all of them, whoever runs', async (t) => {
  const alone = await start(t)
  const { state } = alone.config
  const beside = async (worker?: number, now?: number): Promise<Harness> => start(t, { ...worker !== undefined && { worker }, ...now !== undefined && { now }, config: (config) => ({ ...withCustody(config), state }) })
  const [first, second] = [await beside(1), await beside(2)]
  await Promise.all([alone, first, first, second].map(async (gateway) => post(gateway)))
  const segment = '2026-03-02.0001.evidence'
  const { out } = await varco(alone, '--export', '-')
  t.strictSame(out.trimEnd().split('\n').map((line) => JSON.parse(line).entry.segment), [segment, `worker-1/${segment}`, `worker-1/${segment}`, `worker-2/${segment}`])
  t.equal((await varco(alone)).out.trimEnd().split('\n').length, 4)
  t.match(await varco(alone, 'verify'), { code: 0, out: 'archive: 11 entries in 3 files are good\n', err: '' })
  const path = join(state, 'worker-1', 'evidence', ids.eservice, segment)
  const bytes = await readFile(path)
  await writeFile(path, bytes.fill(7, bytes.length - 3000, bytes.length - 2900))
  t.match(await varco(alone, 'verify'), { code: 1, out: /^archive: \d+ entries in 3 files are good, 1 files are not\n$/, err: /^archive: BROKEN: worker-1\/2026-03-02\.0001\.evidence, entry/ })
  await beside(3, alone.clock.now + 40 * 86_400_000)
  t.match(await varco(alone, 'verify'), { code: 0, out: 'archive: 0 entries in 0 files are good\n' }, 'what any of them kept goes when its time is over')
})

t.test('an answer that came after midnight is found with its request', async (t) => {
  const gateway = await start(t)
  gateway.upstream.answer = (request, response, seen) => { gateway.clock.now += 86_400_000; answerOk(request, response, seen) }
  await post(gateway)
  t.match(await kept(gateway, { to: '2026-03-02' }), [{ answer: { status: 200, answeredAt: '2026-03-03T10:00:00.000Z' } }])
})

t.test('what is exported is enough to verify both signatures without anybody\'s help', async (t) => {
  const gateway = await start(t)
  await post(gateway)
  const target = join(gateway.folder, 'export.jsonl')
  t.match(await varco(gateway, '--export', target), { code: 0, out: '', err: '' })
  t.equal((await stat(target)).mode & 0o777, 0o600)
  const text = await readFile(target, 'utf8')
  t.equal((await varco(gateway, '--export', '-')).out, text)
  const { eservice, request, answer } = JSON.parse(text)
  t.equal(eservice, 'archive')
  const header = (name: string): string => request.headers.find(([one]: [string]) => one.toLowerCase() === name)?.[1]
  const verifies = (token: string, publicJwk: Jwk): unknown => {
    const read = readJws(token)
    return typeof read !== 'string' && verifyJws(read, 'RS256', importKey(publicJwk) as KeyObject) && read.claims
  }
  t.equal(header('digest'), digestOf(Buffer.from(request.body, 'base64')))
  t.match(verifies(header('agid-jwt-signature'), request.signer.publicJwk), { iss: ids.client, signed_headers: [{ 'content-type': 'application/json' }, { digest: header('digest') }] })
  t.match(verifies(answer.signature, answer.publicJwk), { aud: ids.client, request_digest: header('digest'), signed_headers: [{ digest: answer.digest }, { 'content-type': 'application/json' }] })
  t.match(await varco(gateway, '--export', target), { code: 2, err: /is there already/ })
})

t.test('varco evidence verify names the first broken entry', async (t) => {
  const gateway = await start(t)
  for (let n = 0; n < 3; n++) await post(gateway)
  t.match(await varco(gateway, 'verify'), { code: 0, out: 'archive: 7 entries in 1 files are good\n', err: '' })
  const path = join(folderOf(gateway.config), '2026-03-02.0001.evidence')
  const bytes = await readFile(path)
  bytes[bytes.length - 3000]! ^= 1
  await writeFile(path, bytes)
  const broken = await varco(gateway, 'verify')
  t.match(broken, { code: 1, err: /^archive: BROKEN: 2026-03-02\.0001\.evidence, entry [3-5]: it is not what was written at this place/ })
  t.match(await varco(gateway), { code: 1, err: /^archive: 2026-03-02\.0001\.evidence, entry/ })
})

t.test('wrong words and a missing key are told of', async (t) => {
  const gateway = await start(t)
  await post(gateway)
  t.match(await varco(gateway, 'verfy'), { code: 2, err: /there is only verify/ })
  t.match(await varco(gateway, 'verify', '--from', '2026-03-02'), { code: 2, err: /give --eservice at most/ })
  t.match(await varco(gateway, '--from', '2026-02-30'), { code: 2, err: /"2026-02-30" is no day/ })
  t.match(await varco(gateway, '--eservice', 'other'), { code: 2, err: /no e-service "other" that keeps evidence\. There are: archive/ })
  t.match(await varco(gateway, '--key', evidenceKey), { code: 2 })
  t.match(await varco(gateway, '--client', 'unset', '--eservice', 'archive'), { code: 78, err: /eservices\.archive\.evidence\.keys: a variable that is named there is not set/ })
})

t.test('where a contract demands evidence a start without keys for it is refused', async (t) => {
  await t.rejects(start(t, { config: (config) => ({ ...withCustody(config), eservices: withCustody(config).eservices.map((one) => ({ ...one, evidence: undefined })) }) }), { message: /operation "listItems" demands that requests are kept as evidence \(PROFILE_NON_REPUDIATION_01\): configure evidence/ })
})

t.test('an e-service that demands none keeps none', async (t) => {
  const gateway = await start(t, { contract: signing() })
  t.equal((await gateway.call('/items')).status, 200, 'unsigned, where no evidence is demanded: admitted')
  t.match(await gateway.takeRecords(1), [{ evidence: undefined }])
  t.notOk(existsSync(join(gateway.config.state, 'evidence')))
})
