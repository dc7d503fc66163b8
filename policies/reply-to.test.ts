import t from 'tap'
import { prepareAdmission } from './admission.ts'
import type { AdmittedCall } from './admission.ts'
import { noDemands } from './demands.ts'
import type { Denial } from './denials.ts'
import { callWith, id, portsOf, registryOf, terms, voucher } from './fixture.ts'
import type { ReplyTarget } from './reply-url.ts'
import type { Resolved } from './resolver.ts'

const origin = 'https://consumer.example'
const asyncExchangeProperties = { responseTime: 60, resourceAvailableTime: 60, confirmation: true, maxResultSet: 1 }
const usual: ReplyTarget = { consumer: id(2), origins: [origin, 'https://consumer.example:8443', 'http://127.0.0.1:9000'] }
const publicly: Resolved = [{ address: '93.184.216.34', isPublic: true }, { address: '2001:4860:4860::8888', isPublic: true }]

interface Sent { readonly targets?: readonly ReplyTarget[], readonly resolved?: Resolved | Promise<Resolved> }

async function admit (call: AdmittedCall, { targets = [usual], resolved = publicly }: Sent): Promise<{ denial: Denial | undefined, asked: readonly string[] }> {
  const asked: string[] = []
  const resolve = (host: string): Resolved | Promise<Resolved> => {
    asked.push(host)
    return resolved
  }
  const admission = prepareAdmission(portsOf({ resolver: { resolve }, registry: () => registryOf({ descriptor: { asyncExchangeProperties } }) }), { ...terms, replyTo: targets })
  return { denial: await admission.beforeBody(call), asked }
}

const pushes = (...values: readonly string[]): AdmittedCall => callWith(`Bearer ${voucher()}`, { demands: { ...noDemands, nonBlocking: 'push' }, rawHeaders: values.flatMap((value, index) => [index % 2 === 0 ? 'X-ReplyTo' : 'x-replyto', value]) })
const starts = (urlCallback: string): AdmittedCall => callWith(`Bearer ${voucher({ claims: { scope: 'start_interaction', interactionId: id(70), urlCallback } })}`, { demands: { ...noDemands, scope: 'start_interaction' } })

/** URLs that are never acceptable, whoever sends them and however they come. */
const never: Readonly<Record<string, readonly string[]>> = {
  'form': [
    'consumer.example/', '/callback', '//consumer.example/', 'file:///etc/passwd', 'gopher://consumer.example/', 'ftp://consumer.example/', 'javascript:alert(1)', 'data:,x', 'ldap://consumer.example/', 'https:consumer.example', 'https:/consumer.example', 'https:///consumer.example', 'https://',
    'https://user@consumer.example/', 'https://user:pass@consumer.example/', 'https://consumer.example@evil.example/', 'https://consumer.example:443@evil.example/', 'https://@consumer.example/',
    'https://consumer.example\\@evil.example/', 'https:\\\\consumer.example\\', 'https://consumer.example\\.evil.example/', 'https://consumer.example/a b', ' https://consumer.example/', 'https://consumer.example/ ', 'https://consumer.example/\t', 'https://consumer.example/\u00a0', 'https://cons\tumer.example/',
    'https://consumer.example/\r\nX-A: b', 'https://consumer.example/\n', 'https://consumer.example/\0', 'https://con\u017fumer.example/', 'https://\u24d2onsumer.example/', 'https://c%6fnsumer.example/', 'https://consumer%2eexample/', 'https://consumer.example%00.evil.example/', 'https://consumer.example%23@evil.example/',
    'https://2130706433/', 'https://0x7f000001/', 'https://0177.0.0.1/', 'https://0x7f.1/', 'https://127.1/', 'https://127.0.1/', 'https://0/', 'https://[::1/', 'https://::1/', 'https://[::1]evil/', 'https://[::127.0.0.1]/', 'https://[0:0:0:0:0:0:0:1]/', 'https://[fe80::1%25lo]/', 'https://[]/',
    'https://consumer.example:99999/', 'https://consumer.example:-1/', 'https://consumer.example:8443x/', 'https://consumer.example:+8443/', 'https://consumer.example/%zz', 'https://consumer.example/"', 'https://consumer.example/<x>', 'https://consumer.example/{x}', 'https://consumer.example/|'
  ],
  'fragment': ['https://consumer.example/#', 'https://consumer.example/#x', 'https://consumer.example#x'],
  'scheme': ['http://consumer.example/', 'http://consumer.example:443/', 'http://evil.example/', 'http://127.0.0.1/', 'http://localhost:9000/', 'HTTP://consumer.example/']
}

for (const [part, urls] of Object.entries(never)) {
  t.test(`what has not the right ${part} is refused, and no name is looked up`, async (t) => {
    for (const url of urls) {
      const header = await admit(pushes(url), {})
      t.match(header, { denial: { denial: 'reply-to-invalid', check: `X-ReplyTo ${part}` }, asked: [] }, JSON.stringify(url))
      const claim = await admit(starts(url), {})
      t.match(claim, { denial: { denial: 'reply-to-invalid', check: `urlCallback ${part}` }, asked: [] }, JSON.stringify(url))
      t.notMatch(JSON.stringify([header, claim]), /evil|passwd|consumer\.example\b.*@/, 'the URL is not repeated')
    }
  })
}

t.test('there is exactly one X-ReplyTo, of 2000 characters at most', async (t) => {
  for (const values of [[], [''], [origin, origin], [origin, 'https://evil.example/'], ['', origin]]) t.match((await admit(pushes(...values), {})).denial, { denial: 'reply-to-invalid', check: 'X-ReplyTo' }, values.join(' '))
  t.match((await admit(pushes(`${origin}, ${origin}`), {})).denial, { check: 'X-ReplyTo form' })
  const long = `${origin}/${'x'.repeat(2000 - origin.length - 1)}`
  t.equal((await admit(pushes(long), {})).denial, undefined)
  t.match((await admit(pushes(`${long}x`), {})).denial, { check: 'X-ReplyTo length', detail: /expected 2000 characters at most, got 2001/ })
  t.match((await admit(pushes(`${origin}/${'x'.repeat(100_000)}`), {})).denial, { check: 'X-ReplyTo length' })
})

t.test('X-ReplyTo is of an origin that its consumer was allowed, exactly', async (t) => {
  const good = [origin, `${origin}/`, `${origin}/callback?id=1&x=%20`, 'https://consumer.example:443/', 'https://consumer.example:8443/cb', 'HTTPS://CONSUMER.EXAMPLE/cb', `${origin}/a/../b`]
  for (const url of good) t.match(await admit(pushes(url), {}), { denial: undefined, asked: ['consumer.example'] }, url)
  const bad = ['https://consumer.example:8444/', 'https://consumer.example:22/', 'https://consumer.example:6379/', 'https://consumer.example:80/', 'https://consumer.example./', 'https://www.consumer.example/', 'https://consumer.example.evil.example/', 'https://evil.example/', 'https://evil.example/https://consumer.example/', 'https://8.8.8.8/', 'https://[2001:4860:4860::8888]/', 'https://localhost/', 'https://localhost./']
  for (const url of bad) t.match(await admit(pushes(url), {}), { denial: { check: 'X-ReplyTo origin' }, asked: [] }, url)
  for (const targets of [[], [{ consumer: id(22), origins: [origin] }]]) t.match(await admit(pushes(origin), { targets }), { denial: { check: 'X-ReplyTo origin' }, asked: [] }, 'another consumer may what this one may not')
  t.equal((await admit(pushes(origin), { targets: [{ consumer: id(22), origins: [] }, { consumer: id(2), origins: ['https://a.example'] }, { consumer: id(2), origins: [origin] }] })).denial, undefined, 'of any of its targets')
})

t.test('a urlCallback needs no allowance on port 443, and one for any other', async (t) => {
  for (const url of ['https://anywhere.example/cb', 'https://anywhere.example:443/', 'https://8.8.8.8/']) t.equal((await admit(starts(url), { targets: [] })).denial, undefined, url)
  for (const url of ['https://anywhere.example:8443/', 'https://anywhere.example:22/', 'https://consumer.example:8443/']) t.match(await admit(starts(url), { targets: [] }), { denial: { check: 'urlCallback port' }, asked: [] }, url)
  t.equal((await admit(starts('https://consumer.example:8443/'), {})).denial, undefined)
})

t.test('every address of the host is public, or the target is one of a private network', async (t) => {
  const inside: Resolved = [...publicly, { address: '10.0.0.1', isPublic: false }]
  const expected = /^X-ReplyTo host: expected one with public addresses only, got another one\.$/
  const told = await admit(pushes(origin), { resolved: inside })
  t.match(told.denial, { denial: 'reply-to-invalid', check: 'X-ReplyTo host', detail: expected, reason: /not public/ })
  const absent = await admit(pushes(origin), { resolved: 'unknown' })
  t.match(absent.denial, { denial: 'reply-to-invalid', detail: expected, reason: /does not resolve/ })
  t.equal(absent.denial?.detail, told.denial?.detail, 'nobody learns which names are inside')
  t.notMatch(told.denial?.detail, /10\.0/)
  t.match((await admit(pushes(origin), { resolved: [] })).denial, { denial: 'reply-to-invalid' })
  t.match((await admit(starts('https://anywhere.example/'), { resolved: inside })).denial, { denial: 'reply-to-invalid', check: 'urlCallback host' })
  const allowed = [{ ...usual, allowPrivate: true }]
  t.equal((await admit(pushes(origin), { resolved: inside, targets: allowed })).denial, undefined)
  t.equal((await admit(starts(`${origin}/`), { resolved: inside, targets: allowed })).denial, undefined)
  t.match((await admit(starts('https://other.example/'), { resolved: inside, targets: allowed })).denial, { denial: 'reply-to-invalid' }, 'that target alone')
  t.equal((await admit(pushes('http://127.0.0.1:9000/cb'), { resolved: [{ address: '127.0.0.1', isPublic: false }], targets: allowed })).denial, undefined, 'trying out on one machine')
  t.match((await admit(pushes('http://127.0.0.1:9000/cb'), { resolved: [{ address: '127.0.0.1', isPublic: false }] })).denial, { check: 'X-ReplyTo host' })
  t.match((await admit(pushes('http://consumer.example/'), { targets: [{ consumer: id(2), origins: ['http://consumer.example'], allowPrivate: true }] })).denial, { check: 'X-ReplyTo scheme' }, 'http is for this machine, whatever the configuration says')
})

t.test('that it cannot be told is no refusal for good, and no pass', async (t) => {
  t.match((await admit(pushes(origin), { resolved: 'unavailable' })).denial, { denial: 'name-resolution-unavailable', retryAfter: 5 })
  t.match((await admit(pushes(origin), { resolved: Promise.resolve('unavailable' as const) })).denial, { denial: 'name-resolution-unavailable' })
  t.match((await admit(pushes(origin), { resolved: Promise.reject(new Error('x')) })).denial, { denial: 'internal-error' })
})

t.test('the e-service gets the addresses that were judged, sixteen at most', async (t) => {
  const call = pushes('HTTPS://consumer.example:443/cb?x=1')
  await admit(call, { resolved: Promise.resolve(publicly) })
  t.strictSame(call.replyTo, { url: 'https://consumer.example/cb?x=1', addresses: ['93.184.216.34', '2001:4860:4860::8888'] })
  const many = pushes(origin)
  await admit(many, { resolved: Array.from({ length: 1000 }, (_, index) => ({ address: `1.1.1.${index % 256}`, isPublic: true })) })
  t.equal(many.replyTo?.addresses.length, 16)
  const hidden = await admit(pushes(origin), { resolved: [...Array.from({ length: 20 }, () => ({ address: '1.1.1.1', isPublic: true })), { address: '10.0.0.1', isPublic: false }] })
  t.match(hidden.denial, { denial: 'reply-to-invalid' }, 'all of them are judged')
})

t.test('where nothing is sent later X-ReplyTo means nothing', async (t) => {
  const call = callWith(`Bearer ${voucher()}`, { rawHeaders: ['X-ReplyTo', 'file:///etc/passwd'] })
  t.match(await admit(call, {}), { denial: undefined, asked: [] })
  t.equal(call.replyTo, null)
})
