import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import type { Test } from 'tap'
import { freePort } from '../../gateway/harness/free-port.ts'
import { isAlive } from '../../gateway/harness/process.ts'
import { admittedPath, figures } from '../admitted-call.ts'
import { startPlatform } from '../platform.ts'
import { Program } from '../program.ts'
import { select } from '../selection.ts'
import { checkPeer } from './check-peer.ts'
import type { Questions } from './check-peer.ts'
import { haproxyConfig } from './haproxy.ts'
import { findProgram, haproxy, nginx } from './native.ts'
import { nginxConfig } from './nginx.ts'
import { targetOf } from './peer-target.ts'
import type { Claim } from './peer.ts'
import { peers } from './peers.ts'
import type { Work } from './work.ts'

const audience = 'https://loadtest.example.it/rest/tickets/v1'
const work: Work = { upstream: 'http://127.0.0.1:9001', pem: '', pemFile: '/run/platform.pem', jwksUrl: '', issuer: 'sandbox.varco.localhost', audience, limit: 7, contract: '' }

t.test('HAProxy is configured for as much work as it is to do, on this machine only', async (t) => {
  const plain = haproxyConfig('plain', work, 9002)
  t.match(plain, /bind 127\.0\.0\.1:9002\n[^]*server upstream 127\.0\.0\.1:9001 /)
  t.notMatch(plain, /http-request/)
  const verify = haproxyConfig('verify', work, 9002)
  for (const line of ['jwt_verify(txn.alg,"/run/platform.pem") 1', '-m str RS256', `'$.aud') -m str ${audience}`, ',sub(txn.now) -m int gt 0', 'deny_status 429 if { sc_http_req_cnt(0) gt 7 }']) t.ok(verify.includes(line), line)
  t.notMatch(verify, /known/)
  const cached = haproxyConfig('cached', work, 9002)
  const ofUnknown = cached.split('\n').filter((line) => /jwt_verify|RS256|aud/.test(line))
  t.equal(ofUnknown.length, 3)
  t.ok(ofUnknown.every((line) => line.includes('if !known !{')))
  t.match(cached, /sc-set-gpt0\(1\) var\(txn\.exp\) if !known[^]*sc_get_gpt0\(1\),sub\(txn\.now\) -m int gt 0/, 'when it expires is looked at every time')
})

t.test('nginx is configured as one process that writes into its folder only', async (t) => {
  const config = nginxConfig(work, true, 9002, { modules: '/modules', folder: '/run/peer' })
  for (const line of ['master_process off;', 'daemon off;', 'pid /run/peer/nginx.pid;', 'client_body_temp_path /run/peer/client_body;', 'load_module /modules/ngx_http_lua_module.so;', 'listen 127.0.0.1:9002;', 'server 127.0.0.1:9001;', 'cached = true', 'limit = 7', `audience = "${audience}"`]) t.ok(config.includes(line), line)
  t.match(nginxConfig(work, false, 9002, { modules: '/modules', folder: '/run/peer' }), 'cached = false')
})

t.test('what is not installed is skipped with a sentence, and so is what would be compared with it', async (t) => {
  const none = (): undefined => undefined
  t.equal(findProgram('no-such-program', '/nowhere'), undefined)
  t.equal(haproxy('HAProxy', 'verify', none).missing?.(), 'haproxy is not installed: install the package haproxy (2.5 or later)')
  t.match(nginx('nginx', true, none).missing?.(), /^nginx is not installed: install the packages /)
  const scenario = { group: 'peers', path: admittedPath, proof: { once: false, prepare: async () => async () => ({}) }, expected: figures }
  const kind = targetOf(haproxy('HAProxy', 'verify', none))
  t.strictSame(select([{ ...scenario, name: 'HAProxy', target: kind }, { ...scenario, name: 'other', ratioTo: 'HAProxy', target: kind }, { ...scenario, name: 'here', target: { ...kind, missing: none } }], []).chosen.map(({ name }) => name), ['here'])
})

const questions: Questions = { path: '/good', badPath: '/bad', expected: { status: 200, body: 'figures' }, vouchers: { good: 'good', bad: { 'an expired voucher': 'expired', 'no voucher': undefined } } }

async function listen (t: Test, answer: (request: IncomingMessage, response: ServerResponse) => unknown): Promise<string> {
  const server = createServer((request, response) => { answer(request, response) }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => { server.close() })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A peer that does all of its work but what is named. */
async function startLiar (t: Test, lie: Claim | 'body' | 'none', limit: number): Promise<string> {
  let calls = 0
  return listen(t, ({ headers, url }, response) => {
    const refusal = lie !== 'voucher' && headers.authorization !== 'Bearer good' ? 401 : lie !== 'query' && url === '/bad' ? 400 : lie !== 'limit' && ++calls > limit ? 429 : undefined
    response.writeHead(refusal ?? 200).end(refusal ? '' : lie === 'body' ? 'others' : 'figures')
  })
}

const lies: readonly (readonly [Claim | 'body', RegExp])[] = [
  ['body', /^a good call: expected 200 with figures, got 200 with others$/],
  ['voucher', /^an expired voucher was not refused with 401 or 403, but answered 200 with figures$/],
  ['query', /^a query that the contract forbids was not refused with 400, but answered 200 with figures$/],
  ['limit', /^a second call where one is allowed was not refused with 429, but answered 200 with figures$/]
]

t.test('a peer that does not do what it claims is found out', async (t) => {
  const check = async (lie: Claim | 'body' | 'none', claims: readonly Claim[]): Promise<void> => checkPeer(await startLiar(t, lie, 100), await startLiar(t, lie, 1), claims, questions)
  await check('none', ['voucher', 'limit', 'query'])
  await check('query', ['voucher', 'limit'])
  for (const [lie, message] of lies) await t.rejects(check(lie, ['voucher', 'limit', 'query']), { message }, lie)
})

t.test('the peers that are Node programs do their work, and one that does not is not timed', async (t) => {
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'varco-peers-'))
  stack.defer(async () => rm(folder, { recursive: true, force: true }))
  const signal = AbortSignal.timeout(60_000)
  const upstream = stack.use(new Program(join(import.meta.dirname, '../upstream.ts'), signal))
  const platform = await startPlatform({ folder, registry: join(import.meta.dirname, '../registry.yaml') }, stack)
  const ground = { stack, signal, folder, platform, upstream: (await upstream.hear<{ url: string }>()).url, cores: undefined }
  const ours = peers.filter(({ missing }) => !missing)
  t.equal(ours.length, 3)
  const started = await Promise.all(ours.map(async (peer) => targetOf(peer).start(ground)))
  t.ok(started.every(({ pids: [pid] }) => isAlive(pid as number)))
  const url = await listen(t, (_request, response) => response.end(figures.body))
  const liar = targetOf({ name: 'liar', claims: ['voucher'], start: async () => ({ url, pid: process.pid }) })
  await t.rejects(liar.start(ground), { message: /^liar is not timed, it does not do its work: an expired voucher was not refused / })
})

t.test('a program that is not ours ends with whoever started it', async (t) => {
  const port = await freePort()
  const keeper = fork(join(import.meta.dirname, 'keeper.ts'), [`${port}`, process.execPath, '-e', `require('node:http').createServer().listen(${port}, '127.0.0.1')`])
  t.teardown(() => { keeper.kill('SIGKILL') })
  const [{ url, pid }] = await once(keeper, 'message') as [{ url: string, pid: number }]
  t.equal(url, `http://127.0.0.1:${port}`)
  t.ok(isAlive(pid))
  keeper.disconnect()
  await once(keeper, 'exit')
  for (let patience = 0; isAlive(pid) && patience < 100; patience++) await wait(20)
  t.notOk(isAlive(pid))
})
