import { generateKeyPairSync } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { JsonObject } from '../../openapi/document.ts'
import { archiveContract, basePath, mintVoucher } from './platform.ts'

/** What no log, record, metric, page or answer may ever have in it, and requests that have it wherever something can be put. Used by tests and by loadtest/ only. */
export const canary = 'canary9f3e7c51'
/** A codice fiscale as it could stand in a path or a body. */
export const person = 'RSSMRA80A01H501U'

const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey

/** Headers that go with a request to an operation, each with the canary somewhere; beside them a good voucher unless they bring their own. */
const headers = (now: number): Readonly<Record<string, readonly string[]>> => ({
  'Authorization with a broken voucher': [`Authorization: Bearer ${canary}`],
  'authorization in lower case': [`authorization: bearer ${canary}`],
  'AUTHORIZATION in upper case': [`AUTHORIZATION: BEARER ${canary}`],
  'aUtHoRiZaTiOn in mixed case': [`aUtHoRiZaTiOn: Basic ${canary}`],
  'Authorization without a scheme': [`Authorization: ${canary}`],
  'Authorization twice': [`Authorization: Bearer ${canary}`, `authorization: Bearer ${canary}`],
  'Authorization with two credentials': [`Authorization: Bearer ${canary}, Bearer ${canary}`],
  'Authorization with two spaces': [`Authorization: Bearer  ${canary}`],
  'Proxy-Authorization': [`Proxy-Authorization: Basic ${canary}`],
  'X-Api-Key': [`X-Api-Key: ${canary}`],
  'DPoP': [`DPoP: ${canary}`],
  'the scheme DPoP': [`Authorization: DPoP ${canary}`, `DPoP: ${canary}`],
  'Agid-JWT-Signature': [`Agid-JWT-Signature: ${canary}`],
  'AGID-JWT-SIGNATURE twice': [`AGID-JWT-SIGNATURE: ${canary}`, `agid-jwt-signature: ${canary}`],
  'Agid-JWT-TrackingEvidence': [`Agid-JWT-TrackingEvidence: ${canary}`],
  'Digest': [`Digest: SHA-256=${canary}`],
  'Cookie': [`Cookie: session=${canary}`],
  'Varco-Call': [`Varco-Call: ${canary}`],
  'X-Request-ID': [`X-Request-ID: ${canary}`],
  'X-Forwarded-For': [`X-Forwarded-For: ${canary}`],
  'User-Agent and Referer': [`User-Agent: ${canary}`, `Referer: https://example.it/?token=${canary}`],
  'traceparent': [`traceparent: 00-${canary}-1-01`],
  'Accept': [`Accept: text/${canary}`],
  'Expect': [`Expect: ${canary}`],
  'Connection': [`Connection: ${canary}`],
  'Transfer-Encoding': [`Transfer-Encoding: ${canary}`],
  'Content-Length': [`Content-Length: ${canary}`],
  'a header of the contract': [`X-Trace-Note: ${canary}${'x'.repeat(600)}`],
  'a header name': [`X-${canary}: 1`],
  'a broken header name': [`X ${canary}: 1`],
  'a header that is too long': [`X-Long: ${canary}${'x'.repeat(9000)}`],
  'kid of no key': [`Authorization: Bearer ${mintVoucher(now, { header: { kid: canary } })}`],
  'kid of another form': [`Authorization: Bearer ${mintVoucher(now, { header: { kid: `${canary} ` } })}`],
  'kid that is an object': [`Authorization: Bearer ${mintVoucher(now, { header: { kid: { canary } } })}`],
  'jku': [`Authorization: Bearer ${mintVoucher(now, { header: { jku: `https://${canary}.example` } })}`],
  'a voucher by a stranger': [`Authorization: Bearer ${mintVoucher(now, { key: stranger, claims: { [canary]: canary, sub: canary, purposeId: canary } })}`],
  'claims that are not read': [`Authorization: Bearer ${mintVoucher(now, { claims: { [canary]: canary, exp: 1 } })}`],
  'claims of another form': [`Authorization: Bearer ${mintVoucher(now, { claims: { purposeId: canary, exp: canary, aud: [7, canary] } })}`]
})

const json = 'Content-Type: application/json'
/** Requests with the canary elsewhere than in a header. */
const requests: Readonly<Record<string, (host: string) => readonly string[]>> = {
  'a query that is forwarded': (host) => [`GET ${basePath}/items?q=${canary}&tag=${person} HTTP/1.1`, host],
  'a query that is refused': (host) => [`GET ${basePath}/items?access_token=${canary} HTTP/1.1`, host],
  'a query name': (host) => [`GET ${basePath}/items?${canary}=1 HTTP/1.1`, host],
  'a value of another type': (host) => [`GET ${basePath}/items?limit=${canary} HTTP/1.1`, host],
  'a value that comes twice': (host) => [`GET ${basePath}/items?q=${canary}&q=${canary} HTTP/1.1`, host],
  'a broken query': (host) => [`GET ${basePath}/items?q=${canary}%zz HTTP/1.1`, host],
  'a path value': (host) => [`GET ${basePath}/items/${person} HTTP/1.1`, host],
  'a path value that is not allowed': (host) => [`GET ${basePath}/items/${canary}%2f HTTP/1.1`, host],
  'a path that is not there': (host) => [`GET /${canary}/${person} HTTP/1.1`, host],
  'a path in absolute form': (host) => [`GET http://${canary}/ HTTP/1.1`, host],
  'a method that the path does not have': (host) => [`DELETE ${basePath}/blobs/${canary} HTTP/1.1`, host],
  'a method that nobody has': (host) => [`${canary.toUpperCase()} ${basePath}/items HTTP/1.1`, host],
  'a protocol': (host) => [`GET ${basePath}/items ${canary}/1.1`, host],
  'a Host': () => [`GET ${basePath}/items HTTP/1.1`, `Host: ${canary}`],
  'no request at all': () => [canary],
  'a body that is forwarded': (host) => post(host, JSON.stringify({ name: canary, notes: person })),
  'a body of another type': (host) => post(host, JSON.stringify({ name: [canary] })),
  'a body with an unknown member': (host) => post(host, JSON.stringify({ name: 'x', [canary]: 1 })),
  'a body that is no JSON': (host) => post(host, `{"name":"${canary}`),
  'a body with a member twice': (host) => post(host, `{"${canary}":1,"${canary}":2}`),
  'a body with members that the contract leaves open': (host) => [`PUT ${basePath}/notes HTTP/1.1`, host, json, `Content-Length: ${person.length + 7}`, '', `{"${person}":[]}`],
  'a form': (host) => [`POST ${basePath}/items HTTP/1.1`, host, 'Content-Type: application/x-www-form-urlencoded', `Content-Length: ${canary.length + 6}`, '', `token=${canary}`],
  'a media type': (host) => [`POST ${basePath}/items HTTP/1.1`, host, `Content-Type: application/${canary}`, 'Content-Length: 2', '', '{}'],
  'a body where none belongs': (host) => [`GET ${basePath}/items HTTP/1.1`, host, json, `Content-Length: ${canary.length}`, '', canary]
}

function post (host: string, body: string): readonly string[] {
  return [`POST ${basePath}/items HTTP/1.1`, host, json, `Content-Length: ${body.length}`, '', body]
}

/** The contract of the tests, and one operation whose body may have members of any name. */
export const canaryContract: JsonObject = { ...archiveContract, paths: { ...archiveContract['paths'] as object, '/notes': { put: {
  operationId: 'putNotes',
  requestBody: { required: true, content: { 'application/json': { schema: { type: 'object', additionalProperties: { type: 'string', maxLength: 100 } } } } },
  responses: { 200: { description: 'Fatto', content: { 'application/json': { schema: { type: 'object' } } } } }
} } } }

const bytesOf = (lines: readonly string[]): string => lines.includes('') ? lines.join('\r\n') : [...lines, '', ''].join('\r\n')

/** The bytes of every such request to a host (host:port), by what is wrong with it; beside the canary they have the voucher, unless they bring their own. `now` in epoch ms. */
export function hostileRequests (host: string, voucher: string, now: number): ReadonlyMap<string, string> {
  const hostLine = `Host: ${host}`
  const withHeaders = Object.entries(headers(now)).map(([name, lines]) => {
    const own = lines.some((line) => /^authorization:/i.test(line))
    return [name, bytesOf([`GET ${basePath}/items HTTP/1.1`, hostLine, ...own ? [] : [`Authorization: Bearer ${voucher}`], ...lines])] as const
  })
  const elsewhere = Object.entries(requests).map(([name, linesFor]) => {
    const [line = '', ...rest] = linesFor(hostLine)
    return [name, bytesOf(line === canary ? [line] : [line, `Authorization: Bearer ${voucher}`, ...rest])] as const
  })
  return new Map([...withHeaders, ...elsewhere])
}

/** Which of all that is secret, or of a person, is found in a text: the canary, the codice fiscale, what follows the claims in the voucher, and whatever else is given. */
export function secretsIn (text: string, voucher: string, more: readonly string[] = []): readonly string[] {
  return [canary, canary.toUpperCase(), person, (voucher.split('.')[2] as string).slice(0, 24), ...more].filter((secret) => text.includes(secret))
}

/** What a process left in a folder: every file below it, by its name, with its bytes as Latin-1. */
export async function filesBelow (folder: string): Promise<readonly (readonly [name: string, text: string])[]> {
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((file) => file.isFile())
  return Promise.all(files.map(async ({ name, parentPath }) => [name, await readFile(join(parentPath, name), 'latin1')] as const))
}
