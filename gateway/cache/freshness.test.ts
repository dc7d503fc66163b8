import t from 'tap'
import { readDirectives } from './directives.ts'
import { freshnessOf, varyOf } from './freshness.ts'

const now = Date.parse('2026-03-02T10:00:00Z')
const at = (seconds: number): string => new Date(now + seconds * 1000).toUTCString()

/** For how many seconds an answer that came just now is fresh, may be used while it is validated, and where it cannot be; undefined when it must not be stored. */
function lifetimes (headers: Readonly<Record<string, string | string[] | undefined>>, { status = 200, tookMs = 0 } = {}): readonly number[] | undefined {
  const freshness = freshnessOf(status, headers, { sentAt: now - tookMs, cameAt: now })
  return freshness && [freshness.freshUntil, freshness.staleUntil, freshness.errorUntil].map((time) => (time - now) / 1000)
}

const plain = (seconds: number): readonly number[] => [seconds, seconds, seconds]

t.test('how long an answer may be used is what its sender says of it, and nothing else', (t) => {
  const cases: readonly (readonly [headers: Parameters<typeof lifetimes>[0], expected: readonly number[] | undefined])[] = [
    // Only what is marked as for all: every call carries Authorization (3.5).
    [{}, undefined],
    [{ 'cache-control': 'max-age=60' }, undefined],
    [{ 'cache-control': 'must-revalidate, max-age=60' }, undefined],
    [{ 'cache-control': 'public, max-age=60' }, plain(60)],
    [{ 'cache-control': 'PUBLIC , MAX-AGE=60' }, plain(60)],
    [{ 'cache-control': ['public', 'max-age=60'] }, plain(60)],
    [{ 'cache-control': 's-maxage=60' }, plain(60)],
    [{ 'cache-control': 'public, max-age="60"' }, plain(60)],
    [{ 'cache-control': ',, public,,max-age=60, ' }, plain(60)],
    // What the sender forbids stays forbidden, however it is spelt and wherever it stands.
    ...['no-store', 'No-Store', 'private', 'PRIVATE', 'private="x-name, set-cookie"', 'no-cache', 'no-cache="set-cookie"', 'no-store=""', 'private=yes'].map((one) => [{ 'cache-control': `public, max-age=60, ${one}` }, undefined] as const),
    [{ 'cache-control': ['public, max-age=60', 'no-store'] }, undefined],
    [{ 'cache-control': 'max-age=60, community="a, public, b"' }, undefined],
    [{ 'cache-control': 'max-age=60, x="\\", public, \\""' }, undefined],
    [{ 'cache-control': 'max-age=60, publicly, not-public' }, undefined],
    // What cannot be read may forbid anything.
    ...['public, max-age=60, x="', 'public, max-age=60, "no-store"', 'public, max-age=60 no-store', 'public; max-age=60', 'public, max-age=60, @', 'public, max-age=60, x=', `public, max-age=60, x=${'a'.repeat(1000)}`].map((written) => [{ 'cache-control': written }, undefined] as const),
    // Times (4.2.1).
    [{ 'cache-control': 'public, max-age=10, s-maxage=60' }, plain(60)],
    [{ 'cache-control': 'public, max-age=60, s-maxage=0' }, undefined],
    [{ 'cache-control': 'public, max-age=60, s-maxage=x' }, undefined],
    ...['0', '-1', '1.5', '1e3', '0x10', '60s', '', '"', '+60', '6 0'].map((seconds) => [{ 'cache-control': `public, max-age=${seconds}` }, undefined] as const),
    [{ 'cache-control': 'public, max-age' }, undefined],
    [{ 'cache-control': 'public, max-age=60, max-age=60' }, plain(60)],
    [{ 'cache-control': 'public, max-age=60, max-age=9999' }, undefined],
    [{ 'cache-control': 'public, max-age=0, Max-Age=60' }, undefined],
    [{ 'cache-control': `public, max-age=${'9'.repeat(40)}` }, plain(2 ** 31)],
    [{ 'cache-control': 'public', 'expires': at(60) }, plain(60)],
    [{ 'cache-control': 'public', 'expires': at(60), 'date': at(-10) }, plain(60)],
    [{ 'cache-control': 'public', 'expires': at(60), 'date': at(30) }, plain(30)],
    [{ 'cache-control': 'public, max-age=5', 'expires': at(60) }, plain(5)],
    ...['0', '-1', '', '60', '2027', 'tomorrow', at(-1)].map((expires) => [{ 'cache-control': 'public', expires }, undefined] as const),
    [{ expires: at(60) }, undefined],
    // Nothing is guessed from when it was changed.
    [{ 'cache-control': 'public', 'last-modified': at(-1e6) }, undefined],
    [{ 'cache-control': 'public', 'etag': '"a"' }, undefined],
    // Its age when it came (4.2.3).
    [{ 'cache-control': 'public, max-age=60', 'age': '10' }, plain(50)],
    [{ 'cache-control': 'public, max-age=60', 'age': '60' }, undefined],
    [{ 'cache-control': 'public, max-age=60', 'age': '-10' }, plain(60)],
    [{ 'cache-control': 'public, max-age=60', 'age': 'x' }, plain(60)],
    [{ 'cache-control': 'public, max-age=60', 'date': at(-20) }, plain(40)],
    [{ 'cache-control': 'public, max-age=60', 'date': at(20) }, plain(60)],
    [{ 'cache-control': 'public, max-age=60', 'date': at(-20), 'age': '30' }, plain(30)],
    [{ 'cache-control': 'public, max-age=60', 'date': 'yesterday' }, plain(60)],
    // Stale answers, as RFC 5861 has them and where nothing forbids them (4.2.4).
    [{ 'cache-control': 'public, max-age=60, stale-while-revalidate=30, stale-if-error=600' }, [60, 90, 660]],
    [{ 'cache-control': 'public, max-age=60, stale-while-revalidate=x, stale-if-error=-5' }, plain(60)],
    [{ 'cache-control': 'public, max-age=60, stale-while-revalidate, stale-if-error' }, plain(60)],
    ...['must-revalidate', 'proxy-revalidate', 's-maxage=60', 'Must-Revalidate'].map((one) => [{ 'cache-control': `public, max-age=60, stale-while-revalidate=30, stale-if-error=600, ${one}` }, plain(60)] as const),
    // What is one caller's, or not the whole of it.
    [{ 'cache-control': 'public, max-age=60', 'set-cookie': ['a=b'] }, undefined],
    [{ 'cache-control': 'public, max-age=60', 'content-range': 'bytes 0-1/2' }, undefined],
    ...['*', 'accept, *', 'Authorization', 'accept,varco-call', 'DPoP', 'Cookie', 'X-Request-ID'].map((vary) => [{ 'cache-control': 'public, max-age=60', vary }, undefined] as const),
    [{ 'cache-control': 'public, max-age=60', 'vary': ['accept', '*'] }, undefined],
    [{ 'cache-control': 'public, max-age=60', 'vary': 'Accept, Origin' }, plain(60)],
    // What is said twice could mean either.
    ...['age', 'date', 'expires', 'etag', 'last-modified', 'content-type', 'content-encoding', 'content-length'].map((name) => [{ 'cache-control': 'public, max-age=60', [name]: ['1', '2'] }, undefined] as const)
  ]
  for (const [headers, expected] of cases) t.strictSame(lifetimes(headers), expected, JSON.stringify(headers).slice(0, 120))
  t.end()
})

t.test('only whole answers that are good are stored, and the time that they took counts', (t) => {
  const headers = { 'cache-control': 'public, max-age=60' }
  for (const status of [201, 203, 204, 206, 300, 301, 304, 400, 404, 410, 500, 503]) t.equal(lifetimes(headers, { status }), undefined, String(status))
  t.strictSame(lifetimes(headers, { tookMs: 4000 }), plain(56))
  t.strictSame(lifetimes({ ...headers, age: '10' }, { tookMs: 4000 }), plain(46))
  t.equal(lifetimes(headers, { tookMs: 60_000 }), undefined)
  t.end()
})

t.test('an answer varies by what it says, and by what shows', (t) => {
  t.strictSame(varyOf({}), [])
  t.strictSame(varyOf({ vary: ' Accept , ACCEPT-Language,,' }), ['accept', 'accept-language'])
  t.strictSame(varyOf({ 'content-encoding': 'gzip', 'content-language': 'it', 'vary': 'accept' }), ['accept', 'accept-encoding', 'accept-language'])
  t.equal(varyOf({ vary: 'accept, *' }), undefined)
  t.end()
})

t.test('directives are read whatever stands between them, and never slowly', (t) => {
  t.strictSame([...readDirectives('a="x\\"y, z", B, c=d')!], [['a', 'x"y, z'], ['b', true], ['c', 'd']])
  t.strictSame([...readDirectives(undefined)!], [])
  t.strictSame([...readDirectives('a=1,a=2,b=1,b=1')!], [['a', true], ['b', '1']])
  for (const long of [','.repeat(1000), ' '.repeat(1000), `a="${'\\"'.repeat(490)}`, 'a=,'.repeat(250), `a${'='.repeat(990)}`]) {
    const started = performance.now()
    readDirectives(long)
    t.ok(performance.now() - started < 100, long.slice(0, 10))
  }
  t.end()
})
