import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import type { Test } from 'tap'
import { sandboxSecret } from '../openapi/varco-call.ts'
import { freePort, isFree } from './harness/free-port.ts'
import { childrenOf, isAlive, launch, launchWith, temporaryFolder, untilStatus } from './harness/process.ts'
import type { Program } from './harness/process.ts'
import { prepareVarcoCall } from './varco-call.ts'

const noProc = process.platform === 'linux' ? false : 'finds processes in /proc, which only Linux has'
const programs = ['gateway/sandbox/main.ts', 'eservices/main.ts', 'gateway/main.ts'] as const

// One folder for all: the sandbox makes its keys once.
const cwd = await temporaryFolder(t)

function demonstrate (t: Test, port: number): Program {
  return launch(t, ['gateway/start.ts'], { cwd, port })
}

/** Waits until processes are gone; gives those that stay. */
async function survivors (pids: readonly number[]): Promise<readonly number[]> {
  for (const end = performance.now() + 10_000; pids.some(isAlive) && performance.now() < end;) await wait(10)
  return pids.filter(isAlive)
}

/** The ports of a set that are still taken. */
async function taken (port: number): Promise<readonly number[]> {
  const set = [port, port + 1, port + 2, port + 3, port + 10]
  return (await Promise.all(set.map(async (one) => await isFree(one) ? [] : [one]))).flat()
}

t.test('one command starts everything', async (t) => {
  const port = await freePort()
  const demonstration = demonstrate(t, port)
  await demonstration.says(/^curl .*$/m)
  t.match(demonstration.out, `(PORT=${port} npx varco voucher tickets prints another)`, 'the command asks where it runs')

  t.test('it prints plain text where it is not a terminal: the addresses, the docs and a first call', async (t) => {
    const { out, err } = demonstration
    t.equal(err, '')
    t.notMatch(out, /\u001b/)
    for (const address of [port, port + 1, port + 2, port + 3, port + 10].map((one) => `http://127.0.0.1:${one}`)) t.match(out, new RegExp(`  ${address}( |$)`, 'm'))
    t.match(out, new RegExp(`docs +http://127.0.0.1:${port}/docs$`, 'm'))
    t.match(out, /operations .*\(token [\w-]{32}\)$/m)
  })

  t.test('the printed line answers when it is pasted', async (t) => {
    const pasted = launchWith(t, 'sh', ['-c', /^curl .*$/m.exec(demonstration.out)?.[0] ?? ''], { cwd: '/' })
    t.equal(await pasted.ended, 0, pasted.err)
    t.match(JSON.parse(pasted.out), { items: [{ channel: 'infoline', period: '2023', measure: 'tickets', value: 842571 }] })
  })

  t.test('one purpose sees a ticket\'s citizen, as it was granted, and nobody else does', async (t) => {
    const [origin, sandbox] = [`http://127.0.0.1:${port}/rest/tickets/v1`, `http://127.0.0.1:${port + 1}`]
    const headersFor = async (client: string): Promise<Record<string, string>> => {
      const minted = await fetch(`${sandbox}/debug/vouchers`, { method: 'POST', headers: { 'content-type': 'application/json', 'connection': 'close' }, body: JSON.stringify({ client, purpose: `${client}-tickets` }) })
      return { authorization: `Bearer ${(await minted.json() as { access_token: string }).access_token}`, connection: 'close' }
    }
    const [istat, lombardia] = [await headersFor('istat'), await headersFor('regione-lombardia')]
    const list = await (await fetch(`${origin}/tickets`, { headers: lombardia })).json() as { items: { ticketId: string, openedBy: string, state: string, citizen?: object }[] }
    const ticket = list.items.find(({ citizen, state, openedBy }) => citizen && state === 'open' && openedBy === '0d5e8b71-94a2-4b6f-bc3d-21f7a6e09d03')
    const read = async (headers: Record<string, string>, path = `/tickets/${ticket?.ticketId}`): Promise<Response> => fetch(origin + path, { headers })
    t.match(await (await read(lombardia)).json(), { citizen: { fullName: String } })
    const seen = await read(istat)
    const tag = seen.headers.get('etag') as string
    for (const text of [await seen.text(), await (await read(istat, '/tickets')).text()]) t.notMatch(text, /citizen|fullName|ZZZZZZ/)
    t.equal((await read({ ...istat, accept: 'text/csv' }, '/tickets')).status, 406)
    t.equal((await read({ ...lombardia, accept: 'text/csv' }, '/tickets')).status, 200)
    t.equal((await read({ ...istat, 'if-none-match': tag })).status, 304)
    const change = async (ifMatch: string): Promise<Response> => fetch(`${origin}/tickets/${ticket?.ticketId}`, { method: 'PATCH', headers: { ...istat, 'content-type': 'application/merge-patch+json', 'if-match': ifMatch }, body: '{"state":"assigned"}' })
    t.equal((await change('"guess"')).status, 412)
    const changed = await change(tag)
    t.equal(changed.status, 200, 'who sees a part of it can change it all the same')
    t.notMatch(await changed.text(), /citizen/)
    t.equal((await change(tag)).status, 412)
  })

  t.test('Milan\'s own application calls from inside, and sees what its purpose was granted', async (t) => {
    const asked = launch(t, ['gateway/varco.ts', 'voucher', 'tickets', '--internal', 'milano-crm'], { cwd, port })
    t.equal(await asked.ended, 0, asked.err)
    const read = async (listener: number): Promise<Response> => fetch(`http://127.0.0.1:${listener}/rest/tickets/v1/tickets`, { headers: { authorization: `Bearer ${asked.out.trim()}`, connection: 'close' } })
    t.match(await (await read(port + 3)).json(), { items: [{ citizen: { fullName: String } }] })
    t.equal((await read(port)).status, 401, 'and nowhere else')
  })

  t.test('a second start on the same PORT is refused with one sentence and leaves the first running', async (t) => {
    const second = demonstrate(t, port)
    t.equal(await second.ended, 78)
    t.equal(second.err, `Varco cannot start:\n  port ${port} is taken: stop what listens there, or set PORT to move all listeners\n`)
    t.equal(second.out, '')
    t.equal((await fetch(`http://127.0.0.1:${port}/status`, { headers: { connection: 'close' } })).status, 200)
    t.equal(demonstration.child.exitCode, null)
  })

  t.test('SIGTERM stops all of it', { skip: noProc }, async (t) => {
    const children = await childrenOf(demonstration.child.pid as number)
    t.strictSame(new Set(children.map(({ command }) => programs.find((program) => command.includes(program)))), new Set(programs))
    t.equal(children.length, programs.length)
    t.equal(await demonstration.stop(), 0)
    t.strictSame(await survivors(children.map(({ pid }) => pid)), [])
    t.strictSame(await taken(port), [])
    t.equal(demonstration.err, '')
  })
})

t.test('when one program dies the others are stopped, and the start fails', { skip: noProc }, async (t) => {
  const port = await freePort()
  const demonstration = demonstrate(t, port)
  await demonstration.says(/^curl /m)
  const children = await childrenOf(demonstration.child.pid as number)
  process.kill(children.find(({ command }) => command.includes('eservices/main.ts'))?.pid as number, 'SIGKILL')
  t.equal(await demonstration.ended, 1)
  t.strictSame(await survivors(children.map(({ pid }) => pid)), [])
  t.strictSame(await taken(port), [])
})

t.test('a start that is killed leaves no program behind', { skip: noProc }, async (t) => {
  const port = await freePort()
  const demonstration = demonstrate(t, port)
  await demonstration.says(/^curl /m)
  const children = await childrenOf(demonstration.child.pid as number)
  await demonstration.stop('SIGKILL')
  t.strictSame(await survivors(children.map(({ pid }) => pid)), [])
  t.strictSame(await taken(port), [])
})

t.test('each program runs alone, in any order', async (t) => {
  const port = await freePort()
  const [origin, sandbox, eservices] = [port, port + 1, port + 10].map((one) => `http://127.0.0.1:${one}`)
  const start = (...args: string[]): Program => launch(t, args, { cwd, port })

  await start('gateway/main.ts').says(/^gateway ready on/m)
  const early = await fetch(`${origin}/status`)
  t.equal(early.status, 503, 'a gateway without the keys of the platform is not ready')
  t.match(await early.json(), { status: 503, code: 'trust-source-unavailable' })

  await start('gateway/sandbox/main.ts').says(/^sandbox PDND ready on/)
  t.equal((await untilStatus(`${origin}/status`, 200))?.status, 200, 'it is once the platform answers')

  const minted = await fetch(`${sandbox}/debug/vouchers`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ client: 'istat', purpose: 'istat-tickets' }) })
  const { access_token: voucher } = await minted.json() as { access_token: string }
  const call = async (limit = 100): Promise<Response> => fetch(`${origin}/rest/tickets/v1/channels?channel=infoline&period=2023&measure=tickets&limit=${limit}`, { headers: { authorization: `Bearer ${voucher}` } })
  const refuses = async (when: string): Promise<void> => {
    const answer = await call(1)
    t.equal(answer.status, 502, when)
    t.equal(answer.headers.get('content-type'), 'application/problem+json')
    t.match(await answer.json(), { status: 502, code: 'upstream-unreachable' })
  }

  await refuses('no e-services yet')
  const host = start('eservices/main.ts', '--sandbox')
  await host.says(/^e-services ready on/)
  t.equal((await call()).status, 200, 'the e-services are there')
  t.equal(await host.stop('SIGKILL'), 'SIGKILL')
  await refuses('the e-services were killed')
  t.match((await call()).headers.get('cache-status'), 'varco; hit', 'but what they gave for all is still there')
  await start('eservices/main.ts', '--sandbox').says(/^e-services ready on/)
  t.match(await (await call(1)).json(), { items: [{ value: 842571 }] }, 'the e-services are back')

  const target = '/rest/tickets/v1/channels?period=2023'
  const caller = { clientId: 'a', consumerId: 'b', purposeId: 'c', eserviceId: 'd', descriptorId: 'e' }
  const direct = async (proof?: string): Promise<number> => (await fetch(eservices + target, { headers: proof === undefined ? {} : { 'varco-call': proof } })).status
  const prove = ({ secret = sandboxSecret, audience = '/rest/tickets/v1', operationId = 'listChannels', method = 'GET', path = target, now = Date.now() }): string =>
    prepareVarcoCall(secret, audience)({ call: { operationId, correlationId: 'test' }, caller, method, target: path, now })
  t.equal(await direct(prove({})), 200, 'the proof of the gateway opens an e-service')
  t.equal(await direct(), 401, 'no proof')
  const wrong = {
    'another secret': { secret: 'not-the-secret-of-this-e-service!!' },
    'another path': { path: '/rest/tickets/v1/channels?period=2022' },
    'another method': { method: 'POST' },
    'another operation': { operationId: 'listTopics' },
    'another e-service': { audience: '/rest/surveys/v1' },
    'a minute ago': { now: Date.now() - 60_000 }
  }
  for (const [name, difference] of Object.entries(wrong)) t.equal(await direct(prove(difference)), 401, `a proof for ${name}`)
})
