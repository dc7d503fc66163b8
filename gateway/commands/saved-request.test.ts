import * as fc from 'fast-check'
import t from 'tap'
import { writeRequest } from '../raw-request.ts'
import type { RawRequest } from '../raw-request.ts'
import { isSavedRequest, pathOf, readSavedRequest } from './saved-request.ts'

const crlf = (text: string): Buffer => Buffer.from(text.replaceAll('\n', '\r\n'), 'latin1')
const read = (bytes: Buffer | string): Omit<RawRequest, 'body'> & { body: string } | string => {
  const request = readSavedRequest(Buffer.from(bytes))
  return typeof request === 'string' ? request : { ...request, body: request.body.toString('latin1') }
}

t.test('raw HTTP is read to the byte, as the wire, an editor or a proxy has it', async (t) => {
  const good = { method: 'POST', target: '/things?x=1', headers: [['Host', 'api.example.it'], ['X-Empty', ''], ['content-length', '4']], body: '{\n}\n' }
  t.strictSame(read(crlf('POST /things?x=1 HTTP/1.1\nHost: api.example.it\nX-Empty:\ncontent-length: 4\n\n') + good.body), good)
  t.strictSame(read(`POST /things?x=1 HTTP/1.1\nHost:api.example.it \nX-Empty:  \ncontent-length: 4\n\n${good.body}\n\n`), good, 'bare line feeds, and an end that an editor added')
  t.match(read(crlf('\n\nGET https://api.example.it/things HTTP/2\nHost: x\n\n')), { method: 'GET', target: 'https://api.example.it/things', body: '' })
  t.match(read('GET /things HTTP/1.1\nHost: x'), { headers: [['Host', 'x']], body: '' }, 'an end that is missing')
  t.match(read('GET /things HTTP/1.1\nHost: x\n\n\n'), { body: '' }, 'an end too many')
  t.match(read(crlf('POST / HTTP/1.1\nA: b\n\n') + 'caf\u00e9'), { body: 'cafÃ©' }, 'a body without a length is all that is there')
  t.match(read(crlf('POST / HTTP/1.1\nTransfer-Encoding: chunked\n\n3;x=y\nabc\n2\nde\n0\n\n')), { body: 'abcde' })
  t.match(read(crlf('POST / HTTP/1.1\nTransfer-Encoding: chunked\n\nabc')), { body: 'abc' }, 'put together by the proxy that saved it')
})

t.test('JSON is read, its body as text or in base64', async (t) => {
  const headers = { 'Content-Type': 'text/plain', 'X-Two': ['a', 'b'] }
  t.strictSame(read(JSON.stringify({ method: 'post', url: 'https://api.example.it/things?x=1', headers, body: 'è' })),
    { method: 'POST', target: 'https://api.example.it/things?x=1', headers: [['Content-Type', 'text/plain'], ['X-Two', 'a'], ['X-Two', 'b']], body: 'Ã¨' })
  t.match(read(JSON.stringify({ method: 'GET', url: '/things', headers: [['A', 'b']], bodyBase64: '/w==' })), { headers: [['A', 'b']], body: '\u00ff' })
})

t.test('what is no request says why', async (t) => {
  const cases: Readonly<Record<string, RegExp>> = {
    'GET /things': /first line/,
    'GET /things HTTP/1.1\nnothing': /line 2 is no header field/,
    'POST / HTTP/1.1\nContent-Length: 9\n\nabc': /its body has 3 bytes, and Content-Length says 9/,
    '{': /cannot be read as JSON/,
    '{"method":"GET"}': /method and url must be texts/,
    '{"method":"GET","url":"/","body":{}}': /body must be a text/,
    '{"method":"GET","url":"/","body":"","bodyBase64":""}': /bodyBase64 takes other bytes instead/,
    '{"method":"GET","url":"/","bodyBase64":1}': /bodyBase64 must be a text/,
    '{"method":"GET","url":"/","headers":[{"name":"a"}]}': /headers must be/,
    '{"method":"GET","url":"/","headers":"a: b"}': /headers must be/
  }
  for (const [text, says] of Object.entries(cases)) t.match(read(text), says, text)
})

t.test('a voucher is not taken for a request', async (t) => {
  for (const text of ['eyJ.eyJ.x', 'Authorization: Bearer eyJ.eyJ.x', 'Bearer eyJ', '']) t.notOk(isSavedRequest(Buffer.from(text)), text)
  for (const text of ['GET / HTTP/1.1', '\n{"method":"GET"}', 'DELETE https://x/y HTTP/2\n']) t.ok(isSavedRequest(Buffer.from(text)), text)
})

t.test('the path of a target is without query and authority', async (t) => {
  t.strictSame(['/a/b?c=/d', 'https://api.example.it/a/b?c', '/a#b', '*', 'x:y', 'ftp://h/a'].map(pathOf), ['/a/b', '/a/b', '/a', undefined, undefined, undefined])
})

const token = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,20}$/)
const request: fc.Arbitrary<RawRequest> = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PATCH'),
  target: fc.stringMatching(/^\/[a-z0-9/?&=%.-]{0,40}$/),
  headers: fc.array(fc.tuple(token.filter((name) => !/^(content-length|transfer-encoding)$/i.test(name)), fc.stringMatching(/^[!-~]([ -~]{0,30}[!-~])?$/)), { minLength: 1, maxLength: 5 }),
  body: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes))
}).map((one) => ({ ...one, headers: [...one.headers, ['Content-Length', String(one.body.length)] as const] }))

t.test('what is written is read again, whatever it is', async (t) => {
  fc.assert(fc.property(request, (one) => {
    const again = readSavedRequest(writeRequest(one))
    return typeof again === 'object' && again.method === one.method && again.target === one.target && again.body.equals(one.body) && JSON.stringify(again.headers) === JSON.stringify(one.headers)
  }))
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => ['string', 'object'].includes(typeof readSavedRequest(Buffer.from(bytes)))))
  t.pass('nothing throws')
})
