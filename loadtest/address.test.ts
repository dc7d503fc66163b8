import t from 'tap'
import { aimAt, isLoopback } from './address.ts'

const lookUp = (addresses: readonly string[]) => async () => addresses.map((address) => ({ address }))
const offline = async (): Promise<never> => { throw new Error('ENOTFOUND') }

t.test('loopback is an address of this machine, however it is written, and never a name', async (t) => {
  for (const host of ['127.0.0.1', '127.255.0.3', '[::1]', '[::ffff:7f00:1]']) t.ok(isLoopback(host), host)
  for (const host of ['localhost', '128.0.0.1', '0.0.0.0', '[::]', '[::2]', '[fe80::1]', '[::ffff:a00:1]', '127.0.0.1.example.it', '']) t.notOk(isLoopback(host), host)
})

t.test('load goes to what is on this machine', async (t) => {
  for (const [url, origin] of [
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080'],
    ['http://127.0.0.1:8080/', 'http://127.0.0.1:8080'],
    ['http://2130706433:1', 'http://127.0.0.1:1'],
    ['https://[::1]:8443', 'https://[::1]:8443']
  ] as const) t.strictSame(await aimAt(url, false, offline), { origin, host: undefined }, url)
})

t.test('a name that means this machine is looked up once, and load goes to the address', async (t) => {
  t.strictSame(await aimAt('http://varco.example.it:8080', false, lookUp(['127.0.0.1', '::1'])), { origin: 'http://127.0.0.1:8080', host: 'varco.example.it:8080' })
  t.strictSame(await aimAt('http://varco.example.it', false, lookUp(['::1'])), { origin: 'http://[::1]', host: 'varco.example.it' })
})

const elsewhere = / is not this machine: load is fired at another one only by whoever owns it, with --i-own-this-target$/
const refused: readonly (readonly [url: string, says: RegExp, addresses?: readonly string[]])[] = [
  ['http://192.0.2.1:8080', elsewhere],
  ['http://0.0.0.0:8080', elsewhere],
  ['http://[::]:8080', elsewhere],
  ['http://[2001:db8::1]', elsewhere],
  ['http://api.comune.example.it', elsewhere, ['192.0.2.1']],
  ['http://api.comune.example.it', elsewhere, ['127.0.0.1', '192.0.2.1']],
  ['http://api.comune.example.it', elsewhere, []],
  ['http://api.comune.example.it', elsewhere],
  ['http://127.0.0.1@api.comune.example.it', /^a user name in an address is not taken: api\.comune\.example\.it is the host of what was given$/],
  ['http://127.0.0.1:80@127.0.0.1', /^a user name in an address is not taken/],
  ['http://127.0.0.1/rest', /has more than scheme, host and port: give the path with --path$/],
  ['http://127.0.0.1?x=1', /has more than/],
  ['ftp://127.0.0.1', / is no address of http or https$/],
  ['127.0.0.1:8080', /is no address/],
  ['', /^"" is no address: give one such as /]
]

for (const [url, says, addresses] of refused) {
  t.test(`not aimed at: ${url} (${addresses?.join(', ') ?? 'no name'})`, async (t) => {
    await t.rejects(aimAt(url, false, addresses ? lookUp(addresses) : offline), { message: says })
  })
}

t.test('its owner may aim at any machine, by its name', async (t) => {
  t.strictSame(await aimAt('https://api.comune.example.it', true, offline), { origin: 'https://api.comune.example.it', host: undefined })
  await t.rejects(aimAt('https://me@api.comune.example.it', true, offline), { message: /^a user name / })
})
