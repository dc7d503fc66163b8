import t from 'tap'
import type { Test } from 'tap'
import type { DenialCode } from '../policies/denials.ts'
import { startGateway, until } from './harness/gateway.ts'
import type { Harness } from './harness/gateway.ts'
import { basePath as base } from './harness/platform.ts'
import { checkRefused } from './harness/refusal.ts'

/** A request in lines, made for a gateway, and what must come of it. */
type Case = readonly [name: string, lines: (gateway: Harness) => readonly string[] | string, status: number, code: DenialCode]

const get = (target: string, ...headers: string[]) => ({ host, voucher }: Sender) => [`GET ${target} HTTP/1.1`, host, voucher, ...headers]
const post = (body: string, ...headers: string[]) => ({ host, voucher }: Sender) => [`POST ${base}/items HTTP/1.1`, host, voucher, 'Content-Type: application/json', ...headers, '', body].join('\r\n')
interface Sender { readonly host: string, readonly voucher: string }
const as = (lines: (sender: Sender) => readonly string[] | string) => (gateway: Harness) => lines({ host: `Host: ${gateway.host}`, voucher: `Authorization: Bearer ${gateway.voucher()}` })
const name = '{"name":"x"}'
const chunked = `c\r\n${name}\r\n0\r\n\r\n`

async function refuseAll (t: Test, cases: readonly Case[]): Promise<void> {
  const gateway = await startGateway(t)
  for (const [name, lines, status, code] of cases) {
    await t.test(JSON.stringify(name), async (t) => checkRefused(t, gateway, { name, bytes: lines(gateway), status, code }))
  }
}

const badPath = (target: string): Case => [target, as(get(target)), 400, 'malformed-request']

t.test('a path that two readers could resolve differently is refused', async (t) => refuseAll(t, [
  ...[
    `${base}/items/../items`, `${base}/items/%2e%2e/items`, `${base}/items/.%2e/x`, `${base}/items/%2E./x`, `${base}/./items`, `/.${base}/items`, `${base}/items/.`, `${base}/items/..`,
    `${base}/items/%2e`, `/${base}/items`, `${base}//items`, `${base}/items//parts/2`
  ].map(badPath),
  ...[
    '%2F', '%2f', '..%2f..%2fopen', '%5C', '\\', '..\\', '%00', '%0d%0aX-A:1', '%0D', '%0a', '%09', '%7F', '%1b', '\xc3\xa0', '\xe0', '%C0%AE', '%E0%A4%A', '%ED%A0%80', '%', '%2', '%zz', '%u002e',
    '%252e%252e%252f', '%2525', '%252F', ';x=y', ';', '%3b', ';/open', '#frag', '"', '<', '^', '`', '|', '{'
  ].map((part) => badPath(`${base}/items/a${part}x`)),
  ...['a%25', '..;', '%2e%2e%2f', '%2e%2e;'].map((part) => badPath(`${base}/items/${part}/parts/1`)),
  badPath(`${base}/items?q=a#frag`),
  badPath(`${base}/items?q="`),
  badPath(`${base}/items?q=\\`)
]))

t.test('a path that names no operation is not found', async (t) => refuseAll(t, [
  ['another case', as(get(`${base}/Items`)), 404, 'route-not-found'],
  ['above the base path', as(get('/items')), 404, 'route-not-found'],
  ['a segment too many', as(get(`${base}/items/1/parts/2/3`)), 404, 'route-not-found'],
  ...['items/', 'items/1/', 'items/1/parts/', 'items/1/parts/2/'].map((path): Case => [path, as(get(`${base}/${path}`)), 404, 'route-not-found']),
  ['an empty parameter with another method', as(({ host }) => [`PUT ${base}/items/ HTTP/1.1`, host]), 404, 'route-not-found'],
  ['a parameter longer than 500 characters', as(get(`${base}/items/${'a'.repeat(501)}`)), 414, 'uri-too-long'],
  ['a name of the prototype', as(get('/__proto__')), 404, 'route-not-found']
]))

t.test('a target in another form than origin form is refused', async (t) => refuseAll(t, [
  ...['http://evil.example/admin', 'http://evil.example/admin/keys', 'evil.example:80', 'evil.example', '@evil.example', '//evil.example/x', `//evil.example${base}/items`, 'http://user:word@evil.example/', '*'].map(badPath),
  ['own authority in absolute form', (gateway) => as(get(`http://${gateway.host}${base}/items`))(gateway), 400, 'malformed-request'],
  ['authority form', ({ host }) => ['CONNECT evil.example:443 HTTP/1.1', `Host: ${host}`], 501, 'method-not-implemented'],
  ['OPTIONS *', ({ host }) => ['OPTIONS * HTTP/1.1', `Host: ${host}`], 400, 'malformed-request'],
  ['65 KiB', as(get(`${base}/items?q=${'a'.repeat(65 * 1024)}`)), 431, 'headers-too-large'],
  ['8 KiB and a byte', as(get(`${base}/items?q=`.padEnd(8193, 'a'))), 414, 'uri-too-long']
]))

const badHost = (...hosts: string[]): Case => [hosts.join(' + ') || 'none', () => [`GET ${base}/open HTTP/1.1`, ...hosts.map((host) => `Host: ${host}`)], 400, 'malformed-request']

t.test('a Host that does not name this gateway exactly once is refused', async (t) => {
  const gateway = await startGateway(t)
  const { host, port } = gateway
  const cases = [
    badHost(), badHost(''), badHost('evil.example'), badHost(`evil.example:${port}`), badHost(host, host), badHost(host, 'evil.example'), badHost('evil.example', host), badHost('127.0.0.1'),
    badHost(`127.0.0.1:${port - 1}`), badHost(`a@${host}`), badHost(`${host}, evil.example`), badHost(`${host}/`), badHost(`${host}\0`), badHost(`${host}#`), badHost(`[::1`), badHost(`[::ffff:127.0.0.1]:${port}`),
    badHost(`127.1:${port}`), badHost(`2130706433:${port}`), badHost(`0x7f.1:${port}`), badHost(`localhost.:${port}`), badHost('a'.repeat(300)), badHost(`127.0.0.1:0${port}`), badHost(`http://${host}`)
  ]
  for (const [name, lines, status, code] of cases) await t.test(JSON.stringify(name), async (t) => checkRefused(t, gateway, { name, bytes: lines(gateway), status, code }))
  for (const own of [host, `localhost:${port}`, `LOCALHOST:${port}`, `[::1]:${port}`]) {
    t.equal((await gateway.raw([`GET ${base}/open HTTP/1.1`, `Host: ${own}`])).status, 200, own)
  }
})

t.test('no Host is refused in HTTP/1.0 too', async (t) => refuseAll(t, [['1.0', () => [`GET ${base}/open HTTP/1.0`], 400, 'malformed-request']]))

t.test('a method that the operation does not have is refused, and the ones it has are told', async (t) => {
  const gateway = await startGateway(t)
  const withMethod = (method: string) => ({ host }: Harness): string[] => [`${method} ${base}/items HTTP/1.1`, `Host: ${host}`]
  for (const method of ['DELETE', 'PUT', 'PATCH', 'HEAD', 'OPTIONS', 'TRACE']) {
    await t.test(method, async (t) => {
      t.equal((await gateway.raw(withMethod(method)(gateway))).headers['allow'], 'GET, POST')
      await gateway.takeRecords(1)
      await checkRefused(t, gateway, { name: method, bytes: withMethod(method)(gateway), status: 405, code: 'method-not-allowed' })
    })
  }
  for (const method of ['get', 'Get', 'FOO', 'PROPFIND', 'QUERY', 'LINK', 'PURGE', 'SOURCE', 'GET\t', '\x16\x03\x01']) {
    await t.test(JSON.stringify(method), async (t) => checkRefused(t, gateway, { name: method, bytes: withMethod(method)(gateway), status: 501, code: 'method-not-implemented' }))
  }
})

const singletons = ['Authorization', 'Content-Type', 'Digest', 'Content-Digest', 'Agid-JWT-Signature', 'Agid-JWT-TrackingEvidence', 'X-ReplyTo', 'X-Correlation-ID', 'Idempotency-Key', 'Expect', 'Content-Encoding', 'If-Modified-Since', 'If-Unmodified-Since', 'Traceparent', 'Varco-Call']

t.test('a second header where only one can be meant is refused', async (t) => refuseAll(t, singletons.map((header): Case => [
  header, as(({ host, voucher }) => [`POST ${base}/items HTTP/1.1`, host, ...header === 'Authorization' ? [] : [voucher], `${header}: a`, `${header.toLowerCase()}: b`, 'Content-Length: 0']), 400, 'malformed-request'
])))

const framing = (...headers: string[]): Case => [headers.join(' | '), as(post(chunked, ...headers)), 400, 'malformed-request']

t.test('framing that two readers could understand differently is refused and the connection closed', async (t) => refuseAll(t, [
  framing('Content-Length: 12', 'Transfer-Encoding: chunked'), framing('Transfer-Encoding: chunked', 'Content-Length: 12'), framing('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'),
  framing('Transfer-Encoding: chunked', 'Transfer-Encoding: identity'), framing('Transfer-Encoding: identity', 'Transfer-Encoding: chunked'),
  ...[',chunked', 'chunked,', 'xchunked', 'chunkedx', 'chunked, chunked', 'gzip, chunked', 'chunked, gzip', 'identity', 'identity, chunked', '\x0bchunked', 'chunked\x0b', '"chunked"', 'chunked;q=1', ''].map((coding) => framing(`Transfer-Encoding: ${coding}`)),
  framing('Transfer-Encoding : chunked'), framing('Transfer-Encoding\t: chunked'), framing('Transfer-Encoding:\r\n chunked'), framing('X: y\r\n Transfer-Encoding: chunked', 'Content-Length: 22'),
  framing('Content-Length: 12', 'Content-Length: 12'), framing('Content-Length: 12', 'Content-Length: 3'),
  ...['+12', '0xc', '12, 12', '12,', '', '-0', '-12', '12 2', '1e1', '12.0', '٣', '9'.repeat(30), '18446744073709551628', '"12"', '12;'].map((length) => framing(`Content-Length: ${length}`))
]))

t.test('a chunk that is not written plainly is refused', async (t) => refuseAll(t, [
  ['not hexadecimal', as(post('zz\r\n', 'Transfer-Encoding: chunked')), 400, 'malformed-request'],
  ['0x before the size', as(post('0xc\r\n', 'Transfer-Encoding: chunked')), 400, 'malformed-request'],
  ['a sign before the size', as(post('+c\r\n', 'Transfer-Encoding: chunked')), 400, 'malformed-request'],
  ['a negative size', as(post('-1\r\n', 'Transfer-Encoding: chunked')), 400, 'malformed-request'],
  ['an empty size', as(post('\r\n\r\n', 'Transfer-Encoding: chunked')), 400, 'malformed-request'],
  ['a size beyond 64 bits', as(post('10000000000000000c\r\n', 'Transfer-Encoding: chunked')), 400, 'malformed-request'],
  ['data longer than the size', as(post(`3\r\n${name}\r\n0\r\n\r\n`, 'Transfer-Encoding: chunked')), 400, 'malformed-request'],
  ['line feeds alone', as(post(`c\n${name}\n0\n\n`, 'Transfer-Encoding: chunked')), 400, 'malformed-request'],
  ['a line feed in an extension', as(post(`c;a\n=b\r\n${name}\r\n0\r\n\r\n`, 'Transfer-Encoding: chunked')), 400, 'malformed-request'],
  ['20 KiB of extensions', as(post(`c;${'a'.repeat(20_000)}\r\n${name}\r\n0\r\n\r\n`, 'Transfer-Encoding: chunked')), 413, 'content-too-large']
]))

const head = (...lines: string[]): Case => [lines.join(' | '), ({ host }) => [`GET ${base}/open HTTP/1.1`, `Host: ${host}`, ...lines], 400, 'malformed-request']

t.test('a head that is not written plainly is refused', async (t) => refuseAll(t, [
  head('X-A: b', ' folded'), head('X-A: b', '\tfolded'), head('X-A: b\nX-B: c'), head('X-A: b\rX-B: c'), head('X-A: b\0c'), head('no colon'), head('X-A : b'), head(': empty'), head('X\x80: b'), head('X\0A: b'), head('X(A): b'), head('X-A: b\x7fc'), head('X-A: b\x01'),
  ['folded first line', ({ host }) => [`GET ${base}/open HTTP/1.1`, ` Host: ${host}`], 400, 'malformed-request'],
  ['line feeds alone', ({ host }) => `GET ${base}/open HTTP/1.1\nHost: ${host}\n\n`, 400, 'malformed-request'],
  ['a space in the target', ({ host }) => [`GET ${base}/open x HTTP/1.1`, `Host: ${host}`], 400, 'malformed-request'],
  ['a tab as separator', ({ host }) => [`GET\t${base}/open HTTP/1.1`, `Host: ${host}`], 501, 'method-not-implemented'],
  ['only a method', () => ['GET'], 501, 'method-not-implemented']
]))

t.test('a protocol other than HTTP/1.1 or HTTP/1.0 is refused', async (t) => refuseAll(t, [
  ...['HTTP/0.9', 'HTTP/1.9', 'HTTP/1.2', 'HTTP/2.0', 'HTTP/2', 'HTTP/3.0', 'http/1.1', 'HTTP/1.01', 'HTTP/01.1', 'HTTP/1,1', 'HTTX/1.1', 'ICE/1.0'].map((version): Case => [version, ({ host }) => [`GET ${base}/open ${version}`, `Host: ${host}`], 400, 'malformed-request']),
  ['no version', () => `GET ${base}/open\r\n\r\n`, 400, 'malformed-request'],
  ['the preface of HTTP/2', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 400, 'malformed-request'],
  ['a TLS hello', () => '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03', 501, 'method-not-implemented'],
  ['HTTP/1.0 with Transfer-Encoding', as(({ host, voucher }) => [`POST ${base}/items HTTP/1.0`, host, voucher, 'Content-Type: application/json', 'Transfer-Encoding: chunked', '', chunked].join('\r\n')), 400, 'malformed-request']
]))

const smuggled = (sender: Sender): string => [...get(`${base}/items/smuggled`)(sender), '', ''].join('\r\n')
const withBody = (method: string, target: string, ...headers: string[]) => as((sender) => [`${method} ${target} HTTP/1.1`, sender.host, sender.voucher, ...headers, `Content-Length: ${smuggled(sender).length}`, '', smuggled(sender)].join('\r\n'))

t.test('a request hidden in the body of another never reaches the upstream', async (t) => refuseAll(t, [
  ['GET with Content-Length', withBody('GET', `${base}/items`), 400, 'malformed-request'],
  ['DELETE with Content-Length', withBody('DELETE', `${base}/items/1`), 400, 'malformed-request'],
  ['public GET with Content-Length', withBody('GET', `${base}/open`), 400, 'malformed-request'],
  ['GET with chunks', as((sender) => [...get(`${base}/items`, 'Transfer-Encoding: chunked')(sender), '', `0\r\n\r\n${smuggled(sender)}`].join('\r\n')), 400, 'malformed-request'],
  ['POST refused for its Host', as((sender) => [`POST ${base}/items HTTP/1.1`, 'Host: evil.example', 'Content-Length: 0', '', smuggled(sender)].join('\r\n')), 400, 'malformed-request'],
  ['GET with Content-Length: 0 and Connection: close', as((sender) => [...get('/nowhere', 'Content-Length: 0', 'Connection: close')(sender), '', smuggled(sender)].join('\r\n')), 404, 'route-not-found'],
  ['a body that is no JSON', withBody('POST', `${base}/items`, 'Content-Type: application/json'), 400, 'invalid-body'],
  ['a body of another media type', withBody('POST', `${base}/items`, 'Content-Type: text/plain'), 415, 'unsupported-media-type']
]))

t.test('Connection may not name header fields', async (t) => refuseAll(t, ['authorization', 'x-forwarded-for', 'agid-jwt-signature', 'x-consumer-id', 'keep-alive, Authorization', 'close, host', 'varco-call', 'content-type', 'transfer-encoding', 'te, trailer'].map((names): Case => [
  names, as(get(`${base}/items`, `Connection: ${names}`)), 400, 'malformed-request'
])))

const media = (...types: string[]): Case => [types.join(' + ') || 'none', as(({ host, voucher }) => [`POST ${base}/items HTTP/1.1`, host, voucher, ...types.map((type) => `Content-Type: ${type}`), `Content-Length: ${name.length}`, '', name].join('\r\n')), types.length > 1 ? 400 : 415, types.length > 1 ? 'malformed-request' : 'unsupported-media-type']

t.test('a body that the contract does not take is refused', async (t) => refuseAll(t, [
  media(), media(''), media('text/plain'), media('application/json;charset=utf-7'), media('application/json; charset="utf-16"'), media('application/json;charset=utf-8;charset=utf-7'), media('application/json', 'application/json'), media('application/json', 'text/plain'),
  media('application/x-www-form-urlencoded'), media('multipart/form-data; boundary=a'), media('application/json, text/plain'), media('application/jsonx'), media('application/json\xa0'), media('*/*'), media('application/merge-patch+json'),
  ['a content coding', as(post(name, 'Content-Length: 12', 'Content-Encoding: gzip')), 415, 'unsupported-media-type'],
  ['an undeclared member', as(post('{"name":"x","a":1}', 'Content-Length: 18')), 400, 'invalid-body'],
  ['nothing', as(post('', 'Content-Length: 0')), 400, 'invalid-body']
]))

t.test('a query that the contract does not take is refused', async (t) => refuseAll(t, [
  'nope=1', 'limit=0x10', 'limit=1e1', 'limit=%205', 'limit=1&limit=2', 'limit=05', 'limit=', 'limit=101', 'q=%zz', 'q=%', 'q=%C0%AE', '%', 'toString=1', 'hasOwnProperty=1', 'Limit=1', 'limit%00=1', 'limit[]=1', `q=${'a'.repeat(501)}`
].map((query): Case => [query.slice(0, 40), as(get(`${base}/items?${query}`)), 400, 'invalid-parameter'])))

t.test('an answer that nobody can accept is refused before the upstream is asked', async (t) => refuseAll(t, [
  ['another type', as(get(`${base}/items`, 'Accept: text/csv')), 406, 'not-acceptable'],
  ['excluded', as(get(`${base}/items`, 'Accept: application/json;q=0, */*')), 406, 'not-acceptable'],
  ['9 kB', as(get(`${base}/items`, `Accept: ${'text/a,'.repeat(1300)}`)), 431, 'headers-too-large']
]))

t.test('Expect is answered before the body, and only when the call is admitted', async (t) => {
  await refuseAll(t, [
    ['another expectation', as(post('', 'Content-Length: 12', 'Expect: 200-ok')), 417, 'expectation-failed'],
    ['without voucher', ({ host }) => [`POST ${base}/items HTTP/1.1`, `Host: ${host}`, 'Content-Type: application/json', 'Content-Length: 12', 'Expect: 100-continue'], 401, 'voucher-missing'],
    ['with another media type', as(({ host, voucher }) => [`POST ${base}/items HTTP/1.1`, host, voucher, 'Content-Type: text/plain', 'Content-Length: 12', 'Expect: 100-continue']), 415, 'unsupported-media-type'],
    ['too large', as(post('', 'Content-Length: 1048577', 'Expect: 100-continue')), 413, 'content-too-large']
  ])
  const gateway = await startGateway(t)
  const wire = gateway.connect()
  wire.write(as(post('', 'Content-Length: 12', 'Expect: 100-continue'))(gateway) as string)
  await until(() => wire.received !== '')
  t.equal(wire.received, 'HTTP/1.1 100 Continue\r\n\r\n')
  t.equal(gateway.upstream.requests.length, 0)
  wire.write(name)
  t.equal((await wire.answer()).status, 200)
  t.match(gateway.upstream.requests, [{ headers: { expect: undefined }, body: Buffer.from(name) }])
})

t.test('what is plain is served', async (t) => {
  const gateway = await startGateway(t)
  const served = async (t: Test, name: string, lines: (gateway: Harness) => readonly string[] | string, url: string, body = ''): Promise<void> => {
    gateway.upstream.requests.length = 0
    t.equal((await gateway.raw(lines(gateway))).status, 200, name)
    t.strictSame(gateway.upstream.requests.map((seen) => [seen.url, seen.body.toString()]), [[url, body]], `${name}: what the upstream saw`)
  }
  await served(t, 'an encoded letter is the letter', as(get(`${base}/%69tems/%61`)), `${base}/items/a`)
  await served(t, 'names of the prototype are data', as(get(`${base}/items/__proto__`)), `${base}/items/__proto__`)
  await served(t, 'also as names', as(get(`${base}/items?__proto__=1&constructor=2`)), `${base}/items?__proto__=1&constructor=2`)
  await served(t, 'also as path parameters', as(get(`${base}/items/1/parts/valueOf`)), `${base}/items/1/parts/valueOf`)
  await served(t, 'blanks around Transfer-Encoding', as(post(chunked, 'Transfer-Encoding:  Chunked ')), `${base}/items`, name)
  await served(t, 'a chunk extension', as(post(`c;a=b\r\n${name}\r\n0\r\n\r\n`, 'Transfer-Encoding: chunked')), `${base}/items`, name)
  await served(t, 'an empty line before the request', (gateway) => `\r\n${(as(get(`${base}/items`))(gateway) as string[]).join('\r\n')}\r\n\r\n`, `${base}/items`)
  await served(t, 'HTTP/1.0', as(({ host, voucher }) => [`GET ${base}/items HTTP/1.0`, host, voucher]), `${base}/items`)
  await served(t, 'a body of nothing where none is taken', as(get(`${base}/items`, 'Content-Length: 0')), `${base}/items`)
  await served(t, 'a media type in capitals', as(({ host, voucher }) => [`POST ${base}/items HTTP/1.1`, host, voucher, 'Content-Type: Application/JSON; Charset=UTF-8', 'Content-Length: 12', '', name].join('\r\n')), `${base}/items`, name)
  await served(t, 'any Accept', as(get(`${base}/items`, 'Accept: text/html, */*;q=0.1')), `${base}/items`)
  await served(t, 'an offer of h2c', as(get(`${base}/items`, 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__')), `${base}/items`)
  await served(t, 'an offer of websocket', as(get(`${base}/items`, 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version: 13')), `${base}/items`)
  await served(t, 'a percent sign in the query', as(get(`${base}/items?q=100%25+%2F%3B&tag=%26&tag=b`)), `${base}/items?q=100%25%20%2F%3B&tag=%26&tag=b`)
})

t.test('nothing that a caller says about itself or the connection reaches the upstream', async (t) => {
  const gateway = await startGateway(t)
  const said = {
    'X-Forwarded-For': '1.2.3.4', 'X-Forwarded-Host': 'evil.example', 'X-Forwarded-Proto': 'https', Forwarded: 'for=1.2.3.4', 'X-Real-IP': '1.2.3.4', Via: '1.1 evil.example', 'X-Consumer-Id': 'other', X_Consumer_Id: 'other',
    'X-HTTP-Method-Override': 'DELETE', 'X-Original-URL': '/admin', 'X-Rewrite-URL': '/admin', 'Varco-Call': 'e.e.e', Varco_Call: 'e.e.e', Cookie: 'a=b', DPoP: 'e.e.e', 'Proxy-Authorization': 'Basic a', 'Proxy-Connection': 'keep-alive', 'Keep-Alive': 'timeout=1',
    TE: 'trailers', Trailer: 'Authorization', Upgrade: 'h2c', 'X-Request-ID': 'mine', Range: 'bytes=0-1', 'X-Unknown': 'a'
  }
  t.equal((await gateway.call('/items', { headers: { ...said, 'X-Trace-Note': 'kept', 'Accept-Language': 'it' } })).status, 200)
  const [seen] = gateway.upstream.requests
  t.equal(seen?.method, 'GET')
  const names = seen?.rawHeaders.filter((_one, index) => index % 2 === 0).map((one) => one.toLowerCase()).toSorted()
  t.strictSame(names, ['accept-language', 'connection', 'host', 'varco-call', 'via', 'x-request-id', 'x-trace-note'])
  t.notMatch(seen?.headers.via, /evil/)
  t.equal(seen?.headers.host, new URL(gateway.upstream.url).host)
  t.notSame(seen?.headers['varco-call'], 'e.e.e')
  t.notSame(seen?.headers['x-request-id'], 'mine')
  t.match(await gateway.takeRecords(1), [{ clientIp: '127.0.0.1', status: 200 }])
})

t.test('trailers are dropped, never merged into the headers', async (t) => {
  const gateway = await startGateway(t)
  const trailers = ['Authorization: Bearer other', 'Digest: SHA-256=x', 'Varco-Call: e.e.e', 'X-Trailer: a']
  const body = `c\r\n${name}\r\n0\r\n${trailers.join('\r\n')}\r\n\r\n`
  t.equal((await gateway.raw(as(post(body, 'Transfer-Encoding: chunked', 'Trailer: Authorization'))(gateway))).status, 200)
  const [seen] = gateway.upstream.requests
  t.match(seen, { body: Buffer.from(name), headers: { authorization: undefined, digest: undefined, 'x-trailer': undefined, trailer: undefined } })
  const late = await gateway.raw([`POST ${base}/items HTTP/1.1`, `Host: ${gateway.host}`, 'Content-Type: application/json', 'Transfer-Encoding: chunked', '', `c\r\n${name}\r\n0\r\nAuthorization: Bearer ${gateway.voucher()}\r\n\r\n`].join('\r\n'))
  t.equal(late.status, 401, 'a voucher in a trailer is none')
  t.equal(gateway.upstream.requests.length, 1)
})

t.test('requests on one connection are answered in order, and what follows a broken one is never read', async (t) => {
  const gateway = await startGateway(t)
  const wire = gateway.connect()
  const good = (id: string): string => gateway.request(`/items/${id}`).toString('latin1')
  wire.write(good('1') + good('2') + 'GET / HTTP/9.9\r\n\r\n' + good('3'))
  t.equal((await wire.answer()).status, 200)
  t.equal((await wire.answer()).status, 200)
  t.match(await wire.answer(), { status: 400, json: { code: 'malformed-request' } }, 'the broken one is answered last')
  await wire.closed
  t.strictSame(gateway.upstream.requests.map(({ url }) => url), [`${base}/items/1`, `${base}/items/2`])
  t.match((await gateway.takeRecords(3)).map(({ status }) => status), [200, 200, 400])
})

t.test('the host of the public URL may name the port that its scheme implies, and no other', async (t) => {
  const gateway = await startGateway(t, { config: (config) => ({ ...config, publicUrl: 'https://api.example.it' }) })
  const status = async (host: string): Promise<number> => (await gateway.raw([`GET ${base}/open HTTP/1.1`, `Host: ${host}`])).status
  for (const host of ['api.example.it', 'API.example.it:443', gateway.host]) t.equal(await status(host), 200, host)
  for (const host of ['api.example.it:80', 'api.example.it:8080', '127.0.0.1:443']) t.equal(await status(host), 400, host)
})
