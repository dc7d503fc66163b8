import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { activeVersion, consumerDailyCalls } from '../../policies/registry.ts'
import { json, notFound, signed } from './platform-fixture.ts'
import type { Answering } from './platform-fixture.ts'
import { agreement, delegation, hours, id, ids, known, pageOf, purpose, startRegistry, suspended } from './registry-fixture.ts'

const eventsOnly = (asked: readonly string[]): boolean => asked.every((path) => path.endsWith('Events'))

/** A registry that has read everything once, an hour ago or less. */
async function filled (t: Test, options: Parameters<typeof startRegistry>[1] = {}) {
  const started = await startRegistry(t, options)
  await started.feed.read()
  started.asked()
  return { ...started, isActive: (of: string = ids.purpose) => { const found = started.registry.purpose(of); return found && activeVersion(found) !== undefined } }
}

t.test('the first reading asks for the events, then for everything; the next ones for the events only', async (t) => {
  const { feed, asked } = await startRegistry(t)
  await feed.read()
  const first = asked()
  t.ok(eventsOnly(first.slice(0, 7)))
  t.strictSame(first.slice(7), [`eservices/${ids.eservice}`, `eservices/${ids.eservice}/descriptors/${ids.descriptor}`, `eservices/${ids.eservice}/descriptors/${ids.descriptor}/certifiedAttributes`, 'agreements', 'purposes', 'consumerDelegations', 'producerDelegations'])
  await feed.read()
  t.strictSame(asked(), ['purposeEvents', 'agreementEvents', 'eserviceEvents', 'consumerDelegationEvents', 'producerDelegationEvents', 'clientEvents', 'tenantEvents'])
})

t.test('answers of v3 are believed with the signature of the platform only', async (t) => {
  const { registry, feed, platform, standIn } = await startRegistry(t, { version: 'v3' })
  await t.rejects(feed.read(), { message: /the answer is not signed/ })
  t.equal(registry.settle(known), 'undecided')
  const { answer } = standIn
  platform.answer = (request, response) => {
    let body = ''
    answer(request, { writeHead: () => ({ end: (text: string) => { body = text } }) } as never)
    signed(platform, JSON.parse(body))(request, response)
  }
  platform.now += 60_000
  await feed.read()
  t.equal(registry.settle(known), 'settled')
})

const changes: Readonly<Record<string, readonly [feed: string, member: string, change: (standIn: Awaited<ReturnType<typeof filled>>['standIn']) => void, state: (registry: Awaited<ReturnType<typeof filled>>['registry']) => unknown, before: unknown, after: unknown, of: string]>> = {
  'a purpose': ['purposeEvents', 'purposeId', (standIn) => { standIn.replace('purposes', purpose(suspended)) }, (registry) => registry.purpose(ids.purpose)?.versions[0]?.state, 'Active', 'Suspended', ids.purpose],
  'an agreement': ['agreementEvents', 'agreementId', (standIn) => { standIn.replace('agreements', agreement({ state: 'SUSPENDED' })) }, (registry) => registry.agreement(ids.eservice, ids.consumer)?.state, 'Active', 'Suspended', ids.agreement],
  'a version': ['eserviceEvents', 'eserviceId', (standIn) => { standIn.replace('descriptors', { ...standIn.documents['descriptors']![0], state: 'ARCHIVING_SUSPENDED' }) }, (registry) => registry.eservice(ids.eservice)?.descriptors[0]?.state, 'Published', 'ArchivingSuspended', ids.eservice]
}
for (const [name, [feedName, member, change, state, before, after, of]] of Object.entries(changes)) {
  t.test(`what an event tells of ${name} counts with the next reading, by one read by id`, async (t) => {
    const { registry, feed, standIn, asked } = await filled(t)
    change(standIn)
    await feed.read()
    t.equal(state(registry), before, 'nothing was told yet')
    asked()
    standIn.tell(feedName, member, of)
    await feed.read()
    t.equal(state(registry), after)
    t.ok(asked().filter((path) => !path.endsWith('Events')).every((path) => path.endsWith(of) || path.includes(`${of}/`)))
  })
}

t.test('what a consumer is certified, and how often that lets it call, is told too', async (t) => {
  const { registry, feed, standIn, asked } = await startRegistry(t)
  const attribute = { groupIndex: 0, attribute: { id: id(9, 5) } }
  const calls = (): number => consumerDailyCalls(registry.eservice(ids.eservice)!.descriptors[0]!, registry.tenant(ids.consumer))
  standIn.attributes[ids.descriptor] = [attribute]
  await feed.read()
  asked()
  t.equal(await registry.settle(known), 'settled')
  t.strictSame(asked(), [], 'where it does not matter nobody is asked')
  standIn.attributes[ids.descriptor] = [{ ...attribute, dailyCallsPerConsumer: 50 }]
  standIn.attributes[ids.consumer] = [{ id: id(9, 5), assignedAt: '2026-01-01T00:00:00Z' }]
  standIn.tell('eserviceEvents', 'eserviceId', ids.eservice, 'ESERVICE_DESCRIPTOR_ATTRIBUTE_DAILY_CALLS_PER_CONSUMER_UPDATED')
  await feed.read()
  t.equal(await registry.settle(known), 'settled')
  t.equal(calls(), 50)
  standIn.attributes[ids.consumer] = [{ id: id(9, 5), assignedAt: '2026-01-01T00:00:00Z', revokedAt: '2026-02-01T00:00:00Z' }]
  standIn.tell('tenantEvents', 'tenantId', ids.consumer, 'TENANT_CERTIFIED_ATTRIBUTE_REVOKED')
  standIn.tell('tenantEvents', 'tenantId', id(4, 7), 'TENANT_CERTIFIED_ATTRIBUTE_ASSIGNED')
  asked()
  await feed.read()
  t.equal(calls(), 10, 'the usual')
  t.strictSame(asked().filter((path) => !path.endsWith('Events') && !path.startsWith('eservices/')), [`tenants/${ids.consumer}`, `tenants/${ids.consumer}/certifiedAttributes`], 'nobody asks about those that never came')
  standIn.otherwise = (path) => path.endsWith('certifiedAttributes') ? json({ results: [{ id: 7 }], pagination: { offset: 0, limit: 50, totalCount: 1 } }) : undefined
  standIn.tell('tenantEvents', 'tenantId', ids.consumer)
  await feed.read()
  t.equal(await registry.settle(known), 'undecided', 'what it has cannot be read')
})

t.test('a delegation that is revoked, and a client that is gone, are told too', async (t) => {
  const { registry, feed, standIn } = await startRegistry(t)
  standIn.replace('consumerDelegations', delegation())
  await feed.read()
  await registry.settle({ clientId: ids.client })
  t.match(registry.delegation(ids.delegation), { state: 'Active' })
  standIn.replace('consumerDelegations', delegation({ state: 'REVOKED' }))
  standIn.remove('clients', ids.client)
  standIn.tell('consumerDelegationEvents', 'delegationId', ids.delegation)
  standIn.tell('clientEvents', 'clientId', ids.client)
  await feed.read()
  t.match(registry.delegation(ids.delegation), { state: 'Revoked' })
  t.equal(registry.client(ids.client), undefined)
})

t.test('what an event named is read once more with the next reading: lists may follow events with some delay', async (t) => {
  const { feed, standIn, isActive, asked } = await filled(t)
  standIn.tell('purposeEvents', 'purposeId', ids.purpose)
  await feed.read()
  t.ok(isActive(), 'the platform does not show it yet')
  standIn.replace('purposes', purpose(suspended))
  await feed.read()
  t.notOk(isActive())
  asked()
  await feed.read()
  t.ok(eventsOnly(asked()), 'and no more')
})

t.test('what an event names and cannot be read is no longer known: undecided until it can', async (t) => {
  const { registry, feed, platform, standIn, isActive } = await filled(t)
  for (const answer of [json({}, 500), json({ id: ids.purpose }), json({ status: 403 }, 403)]) {
    standIn.tell('purposeEvents', 'purposeId', ids.purpose)
    standIn.otherwise = (path) => path.startsWith('purposes/') ? answer : undefined
    platform.now += 35_000
    await feed.read()
    t.equal(registry.purpose(ids.purpose), undefined)
    platform.now += 35_000
    t.equal(await registry.settle(known), 'undecided')
    standIn.otherwise = () => undefined
    platform.now += 35_000
    t.equal(await registry.settle(known), 'settled')
    t.ok(isActive())
  }
})

t.test('an event for something that is not known here has it read; of others\' e-services, clients and delegations nobody is asked', async (t) => {
  const { registry, feed, standIn, isActive, asked } = await filled(t)
  standIn.replace('purposes', purpose({ id: id(5, 1) }), purpose({ id: id(5, 2), eserviceId: id(1, 2) }))
  for (const one of [id(5, 1), id(5, 2), id(5, 3)]) standIn.tell('purposeEvents', 'purposeId', one)
  standIn.tell('eserviceEvents', 'eserviceId', id(1, 2))
  standIn.tell('clientEvents', 'clientId', id(7, 2))
  standIn.tell('consumerDelegationEvents', 'delegationId', id(8, 2))
  standIn.tell('purposeEvents', 'purpose', 'x')
  standIn.tell('purposeEvents', 'purposeId', '../clients')
  await feed.read()
  t.ok(isActive(id(5, 1)))
  t.equal(registry.purpose(id(5, 2)), undefined, 'of another e-service')
  t.strictSame(asked().filter((path) => !path.endsWith('Events')), [1, 2, 3].map((number) => `purposes/${id(5, number)}`))
})

t.test('a list of several pages is read to its end, and no further', async (t) => {
  const { registry, feed, standIn, asked } = await startRegistry(t)
  const many = Array.from({ length: 120 }, (_, index) => purpose({ id: id(5, index) }))
  standIn.documents['purposes'] = many
  await feed.read()
  t.equal(asked().filter((path) => path === 'purposes').length, 3)
  t.ok(many.every((one) => registry.purpose(one['id'])))
  standIn.documents['purposes'] = many.slice(0, 100)
  t.equal(asked().length, 0)
})

/** Ways in which a list can be wrong; by id the platform goes on to tell the truth. */
const shrunk: Readonly<Record<string, Answering>> = {
  'an empty list': json({ results: [], pagination: { offset: 0, limit: 50, totalCount: 0 } }),
  'an empty page of a list that is said to be long': json({ results: [], pagination: { offset: 0, limit: 50, totalCount: 1000 } }),
  'items of other producers': json({ results: [purpose({ id: id(5, 7), eserviceId: id(1, 7) })], pagination: { offset: 0, limit: 50, totalCount: 1 } }),
  'items that cannot be read': json({ results: [{ id: ids.purpose }, null, 7, { ...purpose(), currentVersion: { id: id(9), state: 7, dailyCalls: 5 } }], pagination: { offset: 0, limit: 50, totalCount: 4 } })
}
for (const [name, answer] of Object.entries(shrunk)) {
  t.test(`${name} takes nothing away that the platform still has by id`, async (t) => {
    const { registry, feed, platform, standIn, isActive, asked } = await filled(t)
    standIn.otherwise = (path) => path === 'purposes' ? answer : undefined
    platform.now += hours
    await feed.read()
    t.ok(isActive())
    t.equal(registry.purpose(id(5, 7)), undefined)
    const all = asked()
    t.ok(all.includes(`purposes/${ids.purpose}`), 'it was asked for by id')
    t.equal(all.filter((path) => path === 'purposes').length, 1, 'and no further page')
    t.equal(registry.settle(known), 'settled')
  })
}

t.test('what a list has no more and is not there by id either is gone', async (t) => {
  const { registry, feed, platform, standIn } = await filled(t)
  standIn.remove('purposes', ids.purpose)
  standIn.remove('agreements', ids.agreement)
  await feed.read()
  t.ok(registry.purpose(ids.purpose), 'not before the hour')
  platform.now += hours
  await feed.read()
  t.equal(registry.purpose(ids.purpose), undefined)
  t.equal(registry.agreement(ids.eservice, ids.consumer), undefined)
  t.equal(registry.settle({ purposeId: ids.purpose }), 'settled', 'and it is known that it is')
})

t.test('what is missing and cannot be asked for by id stays', async (t) => {
  const { feed, platform, standIn, isActive } = await filled(t)
  standIn.remove('purposes', ids.purpose)
  standIn.otherwise = (path) => path.startsWith('purposes/') ? json({}, 500) : undefined
  platform.now += hours
  await feed.read()
  t.ok(isActive())
})

t.test('of thousands that are missing at once only some are asked for in one reading', async (t) => {
  const { registry, feed, platform, standIn, asked } = await startRegistry(t)
  const many = Array.from({ length: 1000 }, (_, index) => purpose({ id: id(5, index) }))
  standIn.documents['purposes'] = many
  await feed.read()
  standIn.otherwise = (path) => path === 'purposes' ? json({ results: [], pagination: { offset: 0, limit: 50, totalCount: 0 } }) : undefined
  platform.now += hours
  asked()
  await feed.read()
  t.equal(asked().filter((path) => path.startsWith('purposes/')).length, 200)
  t.equal(many.filter((one) => registry.purpose(one['id'])).length, 1000)
})

const broken: Readonly<Record<string, Answering>> = {
  'a 500': json({}, 500),
  'a 429': json({ status: 429 }, 429, { 'retry-after': '5' }),
  'a 404': notFound,
  'a page of HTML': (_request, response) => { response.writeHead(200, { 'content-type': 'text/html' }).end('<html></html>') },
  'no list': json({ results: {}, pagination: { totalCount: 1 } }),
  'a list without its length': json({ results: [purpose()] }),
  'half an answer': (_request, response) => { response.writeHead(200, { 'content-length': '1000' }).write('{"results":['); setTimeout(() => { response.destroy() }, 5) },
  'nothing': (_request, response) => { response.destroy() },
  'no answer': () => undefined
}
for (const [name, answer] of Object.entries(broken)) {
  t.test(`${name} instead of a list replaces nothing, is told, and fills nothing`, async (t) => {
    const { registry, feed, platform, standIn, isActive } = await filled(t, { deadlineMs: 400 })
    standIn.otherwise = (path) => path === 'purposes' ? answer : undefined
    platform.now += hours
    await t.rejects(feed.read())
    t.type(feed.lastError, 'string')
    t.ok(isActive())
    t.equal(registry.settle(known), 'settled')
    t.equal(registry.ageMs, 0, 'the events were read all the same')

    const empty = await startRegistry(t, { deadlineMs: 400 })
    empty.standIn.otherwise = standIn.otherwise
    await t.rejects(empty.feed.read())
    t.equal(empty.registry.settle(known), 'undecided', 'never "none": a registry that was not filled decides nothing')
    empty.standIn.otherwise = () => undefined
    empty.platform.now += 60_000
    await empty.feed.read()
    t.equal(empty.registry.settle(known), 'settled')
    t.equal(empty.feed.lastError, undefined)
  })
}

t.test('a list without end is given up', async (t) => {
  const { registry, feed, standIn } = await startRegistry(t)
  standIn.otherwise = (path) => path === 'purposes' ? json({ results: [purpose()], pagination: { offset: 0, limit: 50, totalCount: 1e9 } }) : undefined
  await t.rejects(feed.read(), { message: /list of purposes has no end/ })
  t.equal(registry.settle(known), 'undecided')
})

t.test('a platform that asks for pauses is given them, and everything is read all the same', async (t) => {
  const { registry, feed, platform, standIn } = await startRegistry(t)
  standIn.documents['purposes'] = Array.from({ length: 150 }, (_, index) => purpose({ id: id(5, index) }))
  const clock = platform.now - performance.now()
  Object.defineProperty(platform, 'now', { get: () => clock + performance.now() })
  const pauses: number[] = []
  let last = -Infinity
  standIn.otherwise = (path, query) => {
    if (path !== 'purposes') return undefined
    pauses.push(performance.now() - last)
    last = performance.now()
    return json(pageOf(standIn.documents['purposes']!, query), 200, { 'x-rate-limit-remaining': '0', 'x-rate-limit-interval': '50' })
  }
  await feed.read()
  t.equal(registry.settle(known), 'settled')
  t.equal(pauses.length, 3)
  t.ok(pauses.every((ms) => ms >= 49), pauses.join())
})

t.test('however long reading everything takes, events do not wait for it', async (t) => {
  const { registry, feed, platform, standIn } = await filled(t)
  standIn.documents['purposes'] = [...standIn.documents['purposes']!, ...Array.from({ length: 120 }, (_, index) => purpose({ id: id(5, index + 1) }))]
  platform.now += hours
  let page = 0
  standIn.otherwise = (path, query) => {
    if (path !== 'purposes') return undefined
    const answer = json(pageOf(standIn.documents['purposes']!, query))
    platform.now += 20_000
    if (++page === 2) {
      standIn.replace('purposes', purpose(suspended))
      standIn.tell('purposeEvents', 'purposeId', ids.purpose)
    }
    return page === 3 ? (request, response) => {
      t.match(registry.purpose(ids.purpose), { versions: [{ state: 'Suspended' }] }, 'before the last page was read')
      answer(request, response)
    } : answer
  }
  await feed.read()
  t.match(registry.purpose(ids.purpose), { versions: [{ state: 'Suspended' }] })
  t.equal(registry.ageMs, 20_000)
})

t.test('events that are missed while everything is read have it read once more', async (t) => {
  const { registry, feed, platform, standIn, asked } = await filled(t)
  standIn.tell('purposeEvents', 'purposeId', id(5, 8))
  await feed.read()
  platform.now += hours
  let refused = false
  standIn.otherwise = (path, query) => {
    if (path === 'purposes') {
      platform.now += 31_000
      refused = true
    }
    return path === 'purposeEvents' && refused && query.has('lastEventId') ? json({ status: 410 }, 410) : path === 'purposeEvents' && refused ? json({ events: [] }) : undefined
  }
  await feed.read()
  t.not(registry.ageMs, 0, 'not confirmed')
  standIn.otherwise = () => undefined
  asked()
  await feed.read()
  t.ok(asked().includes('purposes'))
  t.equal(registry.ageMs, 0)
})

t.test('a position that is not taken any more has everything read anew, at once', async (t) => {
  const { feed, platform, standIn, isActive, asked } = await filled(t)
  standIn.tell('purposeEvents', 'purposeId', id(5, 8))
  await feed.read()
  standIn.replace('purposes', purpose(suspended))
  standIn.otherwise = (path, query) => path === 'purposeEvents' && query.has('lastEventId') ? json({ status: 410 }, 410) : path === 'purposeEvents' ? json({ events: [] }) : undefined
  asked()
  await feed.read()
  t.notOk(isActive(), 'what happened in between has come to light')
  t.ok(asked().includes('purposes'))
  standIn.otherwise = () => undefined
  platform.now += 1000
  await feed.read()
  t.notOk(asked().includes('purposes'), 'once')
})

t.test('while events were missed and not everything can be read, nothing is confirmed', async (t) => {
  const { registry, feed, platform, standIn } = await filled(t)
  standIn.tell('purposeEvents', 'purposeId', id(5, 8))
  await feed.read()
  standIn.otherwise = (path, query) => query.has('lastEventId') && path === 'purposeEvents' ? json({ status: 400 }, 400) : path === 'purposes' ? json({}, 500) : undefined
  platform.now += 10_000
  await t.rejects(feed.read())
  t.equal(registry.ageMs, 10_000)
  t.equal(registry.settle(known), 'settled')
  platform.now += 24 * hours - 10_000
  await t.rejects(feed.read())
  t.equal(registry.settle(known), 'undecided')
})

t.test('a storm of events costs no more than reading everything', async (t) => {
  const { registry, feed, standIn, asked } = await startRegistry(t)
  const many = Array.from({ length: 500 }, (_, index) => purpose({ id: id(5, index), ...suspended }))
  standIn.documents['purposes'] = Array.from({ length: 500 }, (_, index) => purpose({ id: id(5, index) }))
  await feed.read()
  asked()
  standIn.documents['purposes'] = many.slice(0, 400)
  for (let time = 0; time < 4; time++) for (const one of many) standIn.tell('purposeEvents', 'purposeId', one['id'])
  await feed.read()
  const all = asked()
  t.equal(all.filter((path) => path === 'purposes').length, 8, 'the pages of the list')
  t.ok(all.length < 400, `${all.length} questions for 2000 events`)
  t.strictSame(new Set(many.map((one, index) => `${index < 400} ${registry.purpose(one['id'])?.versions[0]?.state}`)), new Set(['true Suspended', 'false undefined']))
})

t.test('events that are told beyond all measure have everything read, and are not kept', async (t) => {
  const { registry, feed, platform, standIn, asked } = await filled(t)
  standIn.replace('purposes', purpose(suspended))
  for (let number = 0; number < 12_000; number++) standIn.tell('purposeEvents', 'purposeId', id(5, 100_000 + number))
  await feed.read()
  const all = asked()
  t.equal(all.filter((path) => path === 'purposes').length, 1)
  t.ok(all.filter((path) => path.startsWith('purposes/')).length <= 200)
  t.match(registry.purpose(ids.purpose), { versions: [{ state: 'Suspended' }] })

  standIn.otherwise = (path) => path === 'purposes' ? json({}, 500) : undefined
  for (let number = 0; number < 12_000; number++) standIn.tell('purposeEvents', 'purposeId', id(5, 100_000 + number))
  platform.now += 30_000
  await t.rejects(feed.read())
  t.equal(registry.ageMs, 30_000, 'what was not even remembered was not taken in')
})

t.test('one feed that fails holds up no other, and everything is read by the hour all the same', async (t) => {
  const { registry, feed, platform, standIn, isActive } = await filled(t)
  standIn.otherwise = (path) => path === 'clientEvents' ? json({ events: 'none' }) : undefined
  standIn.replace('purposes', purpose(suspended))
  standIn.tell('purposeEvents', 'purposeId', ids.purpose)
  platform.now += 30_000
  await t.rejects(feed.read(), { message: /no list of events/ })
  t.notOk(isActive())
  t.equal(registry.ageMs, 30_000, 'in step as far as the last reading that was whole')
  platform.now += hours
  await t.rejects(feed.read())
  t.equal(registry.ageMs, 0)
})

t.test('the next process knows what this one knew, at once and without the platform, and goes on from its last event', async (t) => {
  const { registry, feed, snapshot, platform, standIn, asked, next } = await startRegistry(t)
  standIn.replace('consumerDelegations', delegation())
  standIn.tell('purposeEvents', 'purposeId', ids.purpose)
  await feed.read()
  await registry.settle({ clientId: ids.client })
  feed.save()
  await snapshot.idle()
  const { answer } = standIn
  platform.answer = (_request, response) => { response.destroy() }
  platform.now += 2 * hours
  const second = await next()
  t.equal(second.registry.ageMs, 2 * hours)
  t.equal(second.registry.settle({ ...known, clientId: ids.client }), 'settled')
  for (const read of ['purpose', 'delegation', 'client', 'eservice'] as const) t.strictSame(second.registry[read](ids[read]), registry[read](ids[read]))
  t.strictSame(second.registry.agreement(ids.eservice, ids.consumer), registry.agreement(ids.eservice, ids.consumer))
  await t.rejects(second.feed.read())
  t.equal(second.registry.settle(known), 'settled')

  platform.answer = answer
  platform.now += 60_000
  standIn.replace('purposes', purpose(suspended))
  standIn.tell('purposeEvents', 'purposeId', ids.purpose)
  platform.asked.length = 0
  await second.feed.read()
  t.equal(platform.asked[0], '/v2/purposeEvents?limit=500&lastEventId=01930000-0000-7000-8000-000000000001')
  t.ok(asked().includes('agreements'), 'a new process reads everything once')
  t.match(second.registry.purpose(ids.purpose), { versions: [{ state: 'Suspended' }] })
})

t.test('what is kept is good for a day from when it was last confirmed, not from when it was written', async (t) => {
  const { feed, snapshot, platform, standIn, next } = await startRegistry(t)
  await feed.read()
  await snapshot.idle()
  standIn.otherwise = () => json({}, 500)
  platform.now += 20 * hours
  await t.rejects(feed.read())
  feed.save()
  await snapshot.idle()
  platform.now += 4 * hours - 1
  t.equal((await next()).registry.settle(known), 'settled')
  platform.now += 1
  t.equal((await next()).registry.settle(known), 'undecided')
})

t.test('events that were read but not taken in are read again by the next process', async (t) => {
  const { feed, snapshot, platform, standIn, next, isActive } = await filled(t)
  standIn.replace('purposes', purpose(suspended))
  standIn.tell('purposeEvents', 'purposeId', ids.purpose)
  let release = (): void => undefined
  const reached = new Promise<void>((resolve) => {
    standIn.otherwise = (path) => {
      if (!path.startsWith('purposes/')) return undefined
      resolve()
      return (_request, response) => { release = () => { response.destroy() } }
    }
  })
  const reading = feed.read()
  await reached
  t.ok(isActive())
  feed.save()
  await snapshot.idle()
  const second = await next()
  release()
  await reading
  standIn.otherwise = () => undefined
  platform.now += 60_000
  platform.asked.length = 0
  await second.feed.read()
  t.equal(platform.asked[0], '/v2/purposeEvents?limit=500')
  t.match(second.registry.purpose(ids.purpose), { versions: [{ state: 'Suspended' }] })
})

t.test('a snapshot that is torn, of another form, or without what is served now is not built upon', async (t) => {
  const { feed, snapshot, folder, next, warnings } = await startRegistry(t)
  await feed.read()
  await snapshot.idle()
  const path = join(folder, 'registry.json')
  const text = await readFile(path, 'utf8')
  t.notMatch(text, /voucher-|PRIVATE|Bearer/)
  for (const change of [text.slice(0, -10), text.replace('"positions":{', '"positions":[').replace(/\},"known"/, '],"known"'), text.replace('"known"', '"unknown"'), '[]', '']) {
    await writeFile(path, change)
    t.equal((await next()).registry.settle(known), 'undecided')
  }
  t.ok(warnings.length > 0)
  await writeFile(path, text.replace(ids.descriptor, id(2, 7)))
  const other = await next()
  t.equal(other.registry.eservice(ids.eservice), undefined)
  t.equal(await other.registry.settle(known), 'settled', 'its version is looked up')
  t.ok(other.registry.eservice(ids.eservice))
})

t.test('a reading that was overtaken replaces nothing: what was asked for later counts', async (t) => {
  const { registry, feed, standIn, isActive } = await filled(t)
  standIn.replace('purposes', purpose({ id: id(5, 1) }))
  let release = (): void => undefined
  const reached = new Promise<void>((resolve) => {
    standIn.otherwise = (path) => {
      if (path !== `purposes/${id(5, 1)}`) return undefined
      standIn.otherwise = () => undefined
      return (request, response) => {
        release = () => { json(purpose({ id: id(5, 1) }))(request, response) }
        resolve()
      }
    }
  })
  const lookingUp = registry.settle({ ...known, purposeId: id(5, 1) })
  await reached
  standIn.replace('purposes', purpose({ id: id(5, 1), ...suspended }))
  standIn.tell('purposeEvents', 'purposeId', id(5, 1))
  await feed.read()
  t.equal(isActive(id(5, 1)), false)
  release()
  t.equal(await lookingUp, 'settled')
  t.equal(isActive(id(5, 1)), false)
})
