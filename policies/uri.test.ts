import * as fc from 'fast-check'
import t from 'tap'
import { normaliseUri } from './uri.ts'
import { workTimeOf } from '../openapi/work-time.ts'

const same: Readonly<Record<string, readonly string[]>> = {
  'https://api.example.it/rest/things/v1/a-b': [
    'HTTPS://API.Example.IT/rest/things/v1/a-b', 'https://api.example.it:443/rest/things/v1/a-b', 'https://api.example.it:/rest/things/v1/a-b', 'https://api.example.it/rest/things/v1/a-b?x=1', 'https://api.example.it/rest/things/v1/a-b?',
    'https://api.example.it/rest/things/v1/a-b#x', 'https://api.example.it/rest/things/v1/a-b?x=/../#?', 'https://api.example.it/rest/things/v1/%61%2Db', 'https://api.example.it/rest/./things/v2/../v1/a-b', 'https://api.example.it/rest/%2e/things/v1/x/%2E%2e/a-b',
    'https://api.ex%61mple.it/rest/things/v1/a-b', 'https://api.example.it/../rest/things/v1/a-b'
  ],
  'https://api.example.it/': ['https://api.example.it', 'https://api.example.it?x', 'https://api.example.it:443#x', 'https://api.example.it/.', 'https://api.example.it/a/..'],
  'http://127.0.0.1:8080/a%2Fb%C3%A0': ['http://127.0.0.1:8080/a%2fb%c3%a0'],
  'http://[::1]:8080/a': ['http://[::1]:8080/a?x'],
  'https://api.example.it/a//b/': ['https://api.example.it/a//b/', 'https://api.example.it/a//b/.', 'https://api.example.it/a//b/c/..']
}

t.test('what is equivalent has one spelling', async (t) => {
  for (const [normal, spellings] of Object.entries(same)) for (const spelling of [normal, ...spellings]) t.equal(normaliseUri(spelling), normal, spelling)
})

t.test('what is not equivalent keeps another', async (t) => {
  const different = [
    'https://api.example.it/a', 'http://api.example.it/a', 'https://api.example.it:8443/a', 'https://api.example.it:80/a', 'https://api.example.it./a', 'https://api.example.com/a', 'https://api.example.it/a/', 'https://api.example.it/A', 'https://api.example.it//a',
    'https://api.example.it/a%2F', 'https://api.example.it/%2561', 'https://api.example.it/a;x', 'https://api.example.it:0443/a', 'https://127.0.0.1/a', 'https://2130706433/a', 'https://0x7f.0.0.1/a'
  ]
  const spellings = different.map(normaliseUri)
  t.notOk(spellings.includes(undefined))
  t.equal(new Set(spellings).size, different.length)
})

t.test('what is no http URI has none, though a URL parser would take it', async (t) => {
  const others = [
    '', '/a', '//api.example.it/a', 'api.example.it/a', 'ftp://api.example.it/a', 'https:api.example.it/a', 'https:/api.example.it/a', 'https:///a', String.raw`https:\\api.example.it\a`, String.raw`https://api.example.it\a`, 'https://user@api.example.it/a', 'https://u:p@api.example.it/a',
    ' https://api.example.it/a', 'https://api.example.it/a ', 'https://api.example.it/a\n', 'https://api.exa\tmple.it/a', 'https://api.example.it/à', 'https://àpi.example.it/a', 'https://api.example.it/%', 'https://api.example.it/%zz', 'https://api.example.it/a[', 'https://api.example.it/a?\u0000',
    'https://api.example.it/a#b#c', 'https://api.example.it:port/a', 'https://api.example.it:1:2/a', 'https://api.example.it@evil.example/a', 'urn:a'
  ]
  for (const other of others) t.equal(normaliseUri(other), undefined, JSON.stringify(other))
})

t.test('normalising is stable, and takes no long time over anything', async (t) => {
  const characters = fc.string({ unit: fc.constantFrom('a', 'b', '/', '.', '%2e', '%', '2E', '?', '#', ':', '@', '-', 'A', '~'), maxLength: 40 })
  fc.assert(fc.property(characters, (rest) => {
    const normal = normaliseUri(`https://api.example.it${rest}`)
    return normal === undefined || normaliseUri(normal) === normal
  }), { numRuns: 2000 })
  for (const long of ['/'.repeat(8000), '/..'.repeat(2600), '%61'.repeat(2600), `${'/a'.repeat(4000)}\u0000`, `?${'a'.repeat(8000)}\u0000`]) t.ok(workTimeOf(() => normaliseUri(`https://api.example.it${long}`)) < 100)
})
