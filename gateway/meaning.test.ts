import * as fc from 'fast-check'
import t from 'tap'
import type { Test } from 'tap'
import { startGateway } from './harness/gateway.ts'
import type { Harness } from './harness/gateway.ts'
import { basePath as base } from './harness/platform.ts'
import type { WireAnswer } from './harness/wire.ts'

/** The operations by the upstream's own, simple reading of a path; the gateway's router has no part in it. */
function readAsUpstream (method: string, url: string): { operationId: string, values: string[] } | undefined {
  const path = url.split('?', 1)[0] ?? ''
  if (!path.startsWith(`${base}/`)) return undefined
  const segments = path.slice(base.length + 1).split('/').map(decodeURIComponent)
  const [kind, id, parts, part] = segments
  if (kind === 'open' && segments.length === 1) return { operationId: 'getOpen', values: [] }
  if (kind === 'items' && segments.length === 1) return { operationId: method === 'POST' ? 'createItem' : 'listItems', values: [] }
  if (id === undefined || id === '') return undefined
  if (kind === 'items' && segments.length === 2) return { operationId: method === 'DELETE' ? 'deleteItem' : 'getItem', values: [id] }
  if (kind === 'items' && segments.length === 4 && parts === 'parts' && part) return { operationId: 'getPart', values: [id, part] }
  if (kind === 'blobs' && segments.length === 2) return { operationId: method === 'PUT' ? 'putBlob' : 'getBlob', values: [id] }
  return undefined
}

function readPairs (url: string): [string, string][] {
  const [, query = ''] = url.split('?', 2)
  return query === '' ? [] : query.split('&').map((pair) => pair.split('=').map((part) => decodeURIComponent(part.replaceAll('+', ' '))) as [string, string])
}

/** Sends requests one after the other on one connection, a new one whenever the gateway closes it. */
function prepareSend (gateway: Harness): (method: string, target: string) => Promise<WireAnswer> {
  const voucher = gateway.voucher()
  let wire = gateway.connect()
  return async (method, target) => {
    if (wire.isClosed) wire = gateway.connect()
    wire.write(`${method} ${target} HTTP/1.1\r\nHost: ${gateway.host}\r\nAuthorization: Bearer ${voucher}\r\n\r\n`)
    const answer = await wire.answer()
    if (answer.headers['connection'] === 'close') await wire.closed
    return answer
  }
}

/** What must hold of every request that reached the upstream: its operation, its target and its values are the ones that were admitted. */
function checkMeaning (gateway: Harness, method: string): { operationId: string, values: string[], url: string } | undefined {
  const seen = gateway.upstream.requests.splice(0)
  if (seen.length === 0) return undefined
  const [one] = seen
  if (seen.length > 1 || !one) throw new Error('the upstream saw more than one request')
  const claims = JSON.parse(Buffer.from(String(one.headers['varco-call']).split('.')[1] ?? '', 'base64url').toString()) as { operationId: string, htu: string, htm: string }
  const read = readAsUpstream(method, one.url)
  if (!read || read.operationId !== claims.operationId || claims.htu !== one.url || claims.htm !== one.method || one.method !== method) throw new Error(`admitted as ${claims.operationId}, received as ${read?.operationId}: ${one.url}`)
  return { ...read, url: one.url }
}

const check = async <Values>(t: Test, property: fc.IAsyncProperty<Values>, numRuns: number): Promise<void> => fc.assert(property, {
  numRuns, reporter: (details) => { t.notOk(details.failed, fc.defaultReportMessage(details) ?? `holds ${numRuns} times`) }
})

const plain = /[A-Za-z0-9\-._~!$'()*,=:@]/
/** One text in one of its many spellings: each plain character as it is or encoded, in capitals or not. */
const spelled = (text: fc.Arbitrary<string>) => fc.tuple(text, fc.infiniteStream(fc.nat(5))).map(([value, choices]) => ({
  value,
  written: Array.from(value, (character) => {
    const choice = choices.next().value as number
    if (plain.test(character) && choice > 1) return character
    return Array.from(Buffer.from(character), (byte) => `%${byte.toString(16).padStart(2, '0')}`).map((escape) => choice % 2 ? escape : escape.toUpperCase()).join('')
  }).join('')
}))
const text = fc.string({ unit: fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...Array.from('aZ09-._~!$\'()*,=:@&+? "<>#[]{}|^`')) }, { weight: 1, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }) }), maxLength: 12 })
const segment = spelled(text.filter((value) => value !== '' && value !== '.' && value !== '..' && !/[\u0000-\u001f\u007f/\\%;]/.test(value)))
const word = spelled(text)

t.test('whatever the spelling, the upstream gets the operation and the values that were admitted', async (t) => {
  const gateway = await startGateway(t)
  const send = prepareSend(gateway)
  const path = fc.oneof(
    fc.record({ method: fc.constantFrom('GET', 'DELETE'), operation: fc.constant('items'), parts: fc.tuple(segment) }),
    fc.record({ method: fc.constant('GET'), operation: fc.constant('blobs'), parts: fc.tuple(segment) }),
    fc.record({ method: fc.constant('GET'), operation: fc.constant('items'), parts: fc.tuple(segment, segment) })
  )
  await check(t, fc.asyncProperty(path, async ({ method, operation, parts }) => {
    const answer = await send(method, `${base}/${operation}/${parts.map(({ written }) => written).join('/parts/')}`)
    const meaning = checkMeaning(gateway, method)
    return answer.status === 200 && JSON.stringify(meaning?.values) === JSON.stringify(parts.map(({ value }) => value)) &&
      meaning?.url === `${base}/${operation}/${parts.map(({ value }) => encodeURIComponent(value)).join('/parts/')}`
  }), 1500)
})

t.test('whatever the spelling, the upstream reads the query that was checked', async (t) => {
  const gateway = await startGateway(t)
  const send = prepareSend(gateway)
  const pair = fc.oneof(fc.tuple(fc.constant('tag'), word), fc.tuple(fc.constantFrom('q', 'ids', '__proto__', 'constructor'), word))
  const once = (pairs: readonly (readonly [string, unknown])[]): boolean => new Set(pairs.map(([name]) => name).filter((name) => name !== 'tag')).size === pairs.filter(([name]) => name !== 'tag').length
  await check(t, fc.asyncProperty(fc.array(pair, { maxLength: 6 }).filter(once), async (pairs) => {
    const answer = await send('GET', `${base}/items?${pairs.map(([name, { written }]) => `${name}=${written}`).join('&')}`)
    const meaning = checkMeaning(gateway, 'GET')
    return answer.status === 200 && meaning?.operationId === 'listItems' && JSON.stringify(readPairs(meaning.url)) === JSON.stringify(pairs.map(([name, { value }]) => [name, value]))
  }), 700)
})

t.test('whatever the target, it is refused or means the same on both sides', async (t) => {
  const gateway = await startGateway(t)
  const send = prepareSend(gateway)
  const piece = fc.constantFrom('/', '//', '.', '..', '%2e', '%2E%2e', '%2f', '%5c', '\\', ';', '%3b', ';a=b', '%25', '%2525', '%00', '%0d%0a', '#', '%23', '?', '%3f', '&', '=', 'items', '%69tems', 'ITEMS', 'open', 'parts', 'blobs', 'a', '1', '@', ':', '*', '%C3%A9', '%c0%ae', '%', '%zz', '+', ' ', '\t', 'tag=', 'q=1', base)
  let served = 0
  await check(t, fc.asyncProperty(fc.constantFrom('GET', 'GET', 'DELETE', 'OPTIONS', 'HEAD'), fc.array(piece, { maxLength: 6 }), fc.constantFrom(`${base}/items/`, `${base}/items`, `${base}/`, base, `${base}/blobs/a`, ''), async (method, pieces, start) => {
    const target = start + pieces.join('')
    // The catalogue is the gateway's own and no operation of a contract.
    fc.pre(!/^\/(?:\?[^#]*)?$/.test(target))
    const { status } = await send(method, target)
    const meaning = checkMeaning(gateway, method)
    if (meaning) served++
    return meaning ? status === 200 : (status >= 300 && status < 500) || status === 501
  }), 2500)
  t.ok(served > 100, 'some of them are served')
})
