import type { IncomingHttpHeaders } from 'node:http'
import t from 'tap'
import { Changes } from './changes.ts'
import { findStored } from './found.ts'
import type { Found } from './found.ts'
import { CacheStore } from './store.ts'
import { conditionsOf, isKnownTo, refreshed, toStored } from './stored-answer.ts'
import type { StoredAnswer } from './stored-answer.ts'

const now = Date.parse('2026-03-02T10:00:00Z')
const day = 'Mon, 02 Mar 2026 09:00:00 GMT'
const limits = { bytes: 100_000, entryBytes: 20_000 }

interface Given { readonly path?: string, readonly query?: string, readonly asked?: IncomingHttpHeaders, readonly said?: Readonly<Record<string, unknown>>, readonly body?: string, readonly alsoBy?: readonly string[], readonly cameAt?: number }

/** The parts of an answer that came at a time, with the headers that were said. */
const parts = (cameAt: number) => ({ sentAt: cameAt, cameAt, passed: (said: IncomingHttpHeaders) => Object.entries(said).flatMap(([name, value]) => name === 'date' ? [] : [name, String(value)]) })

function answer ({ path = '/items', query = '', asked = {}, said = {}, body = 'x', alsoBy = [], cameAt = now }: Given = {}): StoredAnswer {
  const headers = { 'cache-control': 'public, max-age=60', 'content-type': 'text/plain', 'content-length': String(body.length), ...said } as IncomingHttpHeaders
  const stored = toStored({ eservice: 'archive', path, query, headers: asked }, { ...parts(cameAt), status: 200, said: headers, body: Buffer.from(body), alsoBy })
  if (!stored) throw new Error('cannot be stored')
  return stored
}

const bodyOf = (stored: StoredAnswer | undefined): string | undefined => stored?.body.toString()

t.test('an answer is stored with what callers get of it, as long as its body is', (t) => {
  const stored = answer({ said: { 'etag': '"a"', 'date': new Date(now).toUTCString(), 'vary': 'accept', 'content-length': '1' }, asked: { accept: 'text/plain' } })
  t.strictSame(stored.headers, ['cache-control', 'public, max-age=60', 'content-type', 'text/plain', 'etag', '"a"', 'vary', 'accept', 'Content-Length', '1'])
  t.strictSame(stored.notModified, ['cache-control', 'public, max-age=60', 'etag', '"a"', 'vary', 'accept'])
  const chunked = answer({ said: { 'content-length': undefined, 'transfer-encoding': 'Chunked' } })
  t.strictSame(chunked.headers.slice(-2), ['Content-Length', '1'])
  for (const said of [{ 'content-length': '2' }, { 'content-length': undefined }, { 'content-length': undefined, 'transfer-encoding': 'gzip, chunked' }]) t.throws(() => answer({ said }), JSON.stringify(said))
  t.end()
})

t.test('what is found is of the variant that is asked for (RFC 9111, 4.1)', (t) => {
  const cases: readonly (readonly [vary: string | undefined, asked: IncomingHttpHeaders, same: readonly IncomingHttpHeaders[], others: readonly IncomingHttpHeaders[]])[] = [
    [undefined, { accept: 'a/b' }, [{}, { accept: 'c/d' }], []],
    ['Accept', { accept: 'text/csv, */*;q=0.1' }, [{ accept: 'TEXT/CSV,*/* ; q=0.1' }], [{}, { accept: 'text/csv' }, { accept: '' }]],
    ['accept-language', {}, [{}, { accept: 'x/y' }], [{ 'accept-language': 'it' }, { 'accept-language': '' }]],
    ['accept, accept-encoding', { 'accept': 'a/b', 'accept-encoding': 'gzip' }, [{ 'accept': 'a/b', 'accept-encoding': 'gzip' }], [{ accept: 'a/b' }, { 'accept-encoding': 'gzip' }]],
    ['origin', {}, [{}], [{ origin: 'https://a.example' }]]
  ]
  for (const [vary, asked, same, others] of cases) {
    const store = new CacheStore(limits)
    store.put(answer({ asked, said: { vary } }))
    for (const headers of same) t.ok(store.find('/items', '', headers), `${vary} ${JSON.stringify(headers)}`)
    for (const headers of others) t.notOk(store.find('/items', '', headers), `${vary} ${JSON.stringify(headers)}`)
  }
  const coded = new CacheStore(limits)
  coded.put(answer({ asked: { 'accept-encoding': 'gzip' }, said: { 'content-encoding': 'gzip' } }))
  t.notOk(coded.find('/items', '', {}), 'what is coded is not for whoever did not ask for that, though Vary forgets it')
  const several = new CacheStore(limits)
  several.put(answer({ asked: { accept: 'text/csv' }, alsoBy: ['accept'] }))
  t.notOk(several.find('/items', '', {}), 'nor is one of several media types')
  t.end()
})

t.test('paths and queries are kept apart, and the newest of a variant counts', (t) => {
  const store = new CacheStore(limits)
  store.put(answer({ body: 'one' }))
  store.put(answer({ body: 'two', query: '?a=1' }))
  store.put(answer({ body: 'three', path: '/other' }))
  t.strictSame([['/items', ''], ['/items', '?a=1'], ['/other', ''], ['/other', '?a=1'], ['/ite', 'ms']].map(([path = '', query = '']) => bodyOf(store.find(path, query, {}))), ['one', 'two', 'three', undefined, undefined])
  store.put(answer({ body: 'new' }))
  t.equal(bodyOf(store.find('/items', '', {})), 'new')
  store.put(answer({ body: 'varies', said: { vary: 'accept' } }))
  t.equal(bodyOf(store.find('/items', '', {})), 'varies')
  t.equal(store.usageOf('archive').entries, 4)
  store.invalidate('/items')
  t.strictSame(store.usageOf('archive').entries, 1, 'a change makes all queries and variants of a path old')
  t.equal(bodyOf(store.find('/other', '', {})), 'three')
  store.invalidate('/other')
  t.strictSame([store.bytes, store.usageOf('archive')], [0, { bytes: 0, entries: 0 }])
  t.end()
})

t.test('memory is bounded: what was not used for the longest time goes first', (t) => {
  const one = answer({ body: 'a'.repeat(3000), path: '/0' })
  const store = new CacheStore({ bytes: one.bytes * 3, entryBytes: one.bytes })
  for (const path of ['/0', '/1', '/2']) t.ok(store.put(answer({ body: 'a'.repeat(3000), path })))
  store.find('/0', '', {})
  store.put(answer({ body: 'a'.repeat(3000), path: '/3' }))
  t.strictSame(['/0', '/1', '/2', '/3'].map((path) => store.find(path, '', {}) !== undefined), [true, false, true, true])
  t.notOk(store.put(answer({ body: 'a'.repeat(3001), path: '/0' })), 'too large for one')
  t.ok(store.find('/0', '', {}))
  for (let index = 0; index < 500; index++) {
    store.put(answer({ body: 'a'.repeat(index), path: `/${index % 7}`, query: `?${index % 11}`, asked: { accept: `x/${index % 13}` }, said: { vary: 'accept' } }))
    if (store.bytes > one.bytes * 3) t.fail('more than it may take')
  }
  t.equal(store.bytes, store.usageOf('archive').bytes)
  t.notOk(new CacheStore({ bytes: 1000, entryBytes: 20_000 }).put(answer()), 'none is larger than all')
  t.end()
})

t.test('nobody buys a longer search with ever new variants', (t) => {
  const store = new CacheStore({ bytes: 1e9, entryBytes: 1e6 })
  for (let index = 0; index < 100; index++) store.put(answer({ asked: { 'accept-language': `x-${index}` }, said: { vary: 'accept-language' } }))
  t.equal(store.usageOf('archive').entries, 8)
  t.ok(store.find('/items', '', { 'accept-language': 'x-99' }))
  t.end()
})

t.test('what a caller gets is as its own Cache-Control and the time say', (t) => {
  const kind = (found: Found): string => typeof found === 'string' ? found : 'validate' in found ? 'validate' : found.isStale ? 'stale' : 'hit'
  const cases: readonly (readonly [said: string, asked: string | undefined, results: Readonly<Record<number, string>>])[] = [
    ['public, max-age=60', undefined, { 0: 'hit', 59: 'hit', 60: 'validate', 9999: 'validate' }],
    ['public, max-age=60, stale-while-revalidate=30', undefined, { 59: 'hit', 60: 'stale', 89: 'stale', 90: 'validate' }],
    ['public, max-age=60, stale-while-revalidate=30', 'no-cache', { 0: 'hit', 0.9: 'hit', 1: 'validate', 70: 'validate' }],
    ['public, max-age=60, stale-while-revalidate=30', 'No-Cache', { 2: 'validate' }],
    ['public, max-age=60, stale-while-revalidate=30', 'max-age=10', { 10: 'hit', 11: 'validate', 61: 'validate' }],
    ['public, max-age=60, stale-while-revalidate=30', 'max-age=0', { 0.5: 'hit', 5: 'validate' }],
    ['public, max-age=60', 'max-age=x', { 0: 'hit', 5: 'validate' }],
    ['public, max-age=60, stale-while-revalidate=30', 'min-fresh=20', { 40: 'hit', 41: 'validate', 61: 'validate' }],
    ['public, max-age=60', 'max-stale=1000', { 59: 'hit', 61: 'validate' }],
    ['public, max-age=60', 'only-if-cached', { 59: 'hit', 60: 'not-cached' }],
    ['public, max-age=60', 'no-store', { 59: 'hit', 60: 'bypass' }],
    ['public, max-age=60', '"', { 0: 'hit', 2: 'bypass' }]
  ]
  for (const [said, asked, results] of cases) {
    const store = new CacheStore(limits)
    store.put(answer({ said: { 'cache-control': said } }))
    for (const [seconds, expected] of Object.entries(results)) {
      t.equal(kind(findStored(store, { path: '/items', query: '', headers: { 'cache-control': asked }, now: now + Number(seconds) * 1000 })), expected, `${said} / ${asked} after ${seconds} s`)
    }
  }
  const empty = new CacheStore(limits)
  t.strictSame([undefined, 'no-cache', 'no-store', 'only-if-cached'].map((asked) => findStored(empty, { path: '/items', query: '', headers: { 'cache-control': asked }, now })), ['miss', 'miss', 'bypass', 'not-cached'])
  t.end()
})

t.test('a caller that has an answer already is told so (RFC 9110, 13.2.2)', (t) => {
  const tagged = answer({ said: { 'etag': '"a"', 'last-modified': day } })
  const weak = answer({ said: { etag: 'W/"a"' } })
  const dated = answer({ said: { 'last-modified': day } })
  const bare = answer()
  const cases: readonly (readonly [stored: StoredAnswer, asked: IncomingHttpHeaders, expected: boolean])[] = [
    [tagged, {}, false],
    ...['"a"', 'W/"a"', '"x", "a"', '"x" ,W/"a"', '*', ' * '].map((tags) => [tagged, { 'if-none-match': tags }, true] as const),
    ...['"b"', 'a', '"A"', '"x,a"', '', '"a', '"*"'].map((tags) => [tagged, { 'if-none-match': tags }, false] as const),
    [weak, { 'if-none-match': '"a"' }, true],
    [tagged, { 'if-none-match': '"b"', 'if-modified-since': day }, false],
    [dated, { 'if-modified-since': day }, true],
    [dated, { 'if-modified-since': 'Mon, 02 Mar 2026 08:59:59 GMT' }, false],
    [dated, { 'if-modified-since': 'Mon, 02 Mar 2026 09:00:01 GMT' }, true],
    ...['9999999999', 'later', ''].map((since) => [dated, { 'if-modified-since': since }, false] as const),
    [bare, { 'if-none-match': '"a"' }, false],
    [bare, { 'if-modified-since': day }, false]
  ]
  for (const [stored, asked, expected] of cases) t.equal(isKnownTo(asked, stored), expected, JSON.stringify(asked))
  t.strictSame(conditionsOf(tagged), ['if-none-match', '"a"', 'if-modified-since', day])
  t.strictSame(conditionsOf(bare), [])
  t.end()
})

t.test('a 304 makes a stored answer new again, with what it says itself (RFC 9111, 4.3.4)', (t) => {
  const later = now + 100_000
  const stored = answer({ asked: { 'accept': 'a/b', 'accept-language': 'it' }, said: { 'etag': '"a"', 'age': '10', 'vary': 'accept', 'x-note': 'old' } })
  const refresh = (said: IncomingHttpHeaders) => refreshed(stored, said, { ...parts(later), alsoBy: [] })
  t.match(refresh({}), { bornAt: later, freshUntil: later + 60_000, validatedAt: later, variant: stored.variant })
  t.match(refresh({ 'cache-control': 'public, max-age=5', 'x-note': 'new', 'age': '1' }), { bornAt: later - 1000, freshUntil: later + 4000, headers: ['cache-control', 'public, max-age=5'] })
  t.ok(refresh({ 'x-note': 'new' })?.headers.includes('new'))
  t.match(refresh({ 'content-length': '0', 'content-type': 'x/y', 'content-encoding': 'gzip', 'transfer-encoding': 'chunked' }), { body: stored.body, said: { 'content-length': '1', 'content-type': 'text/plain', 'content-encoding': undefined } })
  t.ok(refresh({ etag: '"a"' }))
  for (const said of [{ etag: '"b"' }, { 'cache-control': 'private' }, { 'cache-control': 'no-store' }, { 'cache-control': 'public, max-age=0' }, { vary: '*' }, { vary: 'accept, accept-language' }, { 'set-cookie': ['a=b'] }]) {
    t.equal(refresh(said), undefined, JSON.stringify(said))
  }
  t.end()
})

t.test('what was changed meanwhile is known, or taken to be', (t) => {
  const changes = new Changes()
  const before = changes.now
  changes.add('/a')
  const between = changes.now
  changes.add('/b')
  t.strictSame([changes.isSameSince('/a', before), changes.isSameSince('/b', before), changes.isSameSince('/c', before), changes.isSameSince('/a', between), changes.isSameSince('/b', between)], [false, false, true, true, false])
  for (let index = 0; index < 1000; index++) changes.add(`/${index}`)
  t.notOk(changes.isSameSince('/c', before))
  t.ok(changes.isSameSince('/c', changes.now))
  t.end()
})
