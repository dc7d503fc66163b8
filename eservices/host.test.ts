import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { defineEService, ProblemError } from './eservice.ts'
import type { EService } from './eservice.ts'
import { signForTests, startHarness, testCaller } from './harness.ts'

const folder = await mkdtemp(join(tmpdir(), 'varco-host-'))
t.teardown(async () => rm(folder, { recursive: true }))
const file = join(folder, 'demo.v1.yaml')
await writeFile(file, `
openapi: 3.0.3
info: { title: Demo, version: 1.0.0 }
servers: [{ url: https://api.example.it/rest/demo/v1 }]
paths:
  /status: { get: { operationId: readStatus, security: [], responses: { '200': { description: ok, content: { application/json: {} } } } } }
  /things/{thingId}:
    get:
      operationId: readThing
      parameters: [{ name: thingId, in: path, required: true, schema: { type: string, maxLength: 10 } }]
      responses: { '200': { description: ok, content: { application/json: { schema: { type: object } } } }, default: { description: no, content: { application/problem+json: {} } } }
  /things:
    post:
      operationId: addThing
      requestBody: { required: true, content: { application/json: { schema: { type: object, required: [name] } } } }
      responses: { '201': { description: ok, content: { application/json: { schema: { type: object } } } }, default: { description: no, content: { application/problem+json: {} } } }
`)
const secret = 'a secret of at least thirty-two characters'
const clock = { now: new Date('2026-11-21T10:00:00Z') }
const demo = (operations: EService['operations']): EService => defineEService({ name: 'demo', contract: pathToFileURL(file), operations })
const working: EService['operations'] = () => ({
  readStatus: () => ({ body: { status: 200 } }),
  readThing: ({ parameters, caller }) => {
    if (parameters['thingId'] === 'broken') throw new Error('the store said /var/lib/secret.sqlite')
    if (parameters['thingId'] === 'none') throw new ProblemError({ status: 404, code: 'thing-not-found', title: 'Not Found', detail: 'There is no such thing.' })
    return { body: { thing: parameters['thingId'], consumer: caller.consumerId } }
  },
  addThing: ({ body }) => ({ status: 201, body })
})
const harness = await startHarness(demo(working), '/rest/demo/v1', { now: () => clock.now, secrets: () => secret })
t.teardown(harness.close)
const seconds = clock.now.getTime() / 1000
const good = { iss: 'varco', aud: '/rest/demo/v1', iat: seconds, exp: seconds + 30, htm: 'GET', htu: '/rest/demo/v1/things/a', operationId: 'readThing', correlationId: 'c', caller: testCaller }

async function ask (claims: object, { key = secret, target = '/rest/demo/v1/things/a', method = 'GET' } = {}): Promise<Response> {
  return fetch(harness.origin + target, { method, headers: { 'varco-call': signForTests(claims, key) } })
}

t.test('only a call that comes through the gateway is answered', async (t) => {
  t.equal((await ask(good)).status, 200)
  const refused = await fetch(`${harness.origin}/rest/demo/v1/things/a`)
  t.equal(refused.status, 401)
  t.match(await refused.json(), { code: 'varco-call-required' })
  const cases: [string, object, { key?: string, target?: string, method?: string }?][] = [
    ['another secret', good, { key: 'another secret, also quite long, of somebody else' }],
    ['an old call', { ...good, iat: seconds - 100, exp: seconds - 70 }],
    ['another path', good, { target: '/rest/demo/v1/things/b' }],
    ['another query', good, { target: '/rest/demo/v1/things/a?x=1' }],
    ['another method', { ...good, htm: 'POST' }],
    ['another operation', { ...good, operationId: 'addThing' }],
    ['another e-service', { ...good, aud: '/rest/other/v1' }],
    ['another issuer', { ...good, iss: 'nobody' }],
    ['no caller', { ...good, caller: undefined }],
    ['no expiry', { ...good, exp: undefined }]
  ]
  for (const [name, claims, options] of cases) t.equal((await ask(claims, options)).status, 401, name)
})

t.test('an error of the program says nothing of its inside, a refusal says what to mend', async (t) => {
  const broken = await harness.call({ operationId: 'readThing', path: '/things/broken' })
  t.equal(broken.status, 500)
  t.notMatch(broken.text, /secret|sqlite/)
  t.match(await harness.call({ operationId: 'readThing', path: '/things/none' }), { status: 404, body: { code: 'thing-not-found' } })
  t.match(await harness.call({ operationId: 'readThing', path: '/things/much-too-long' }), { status: 400, body: { errors: [{ in: 'path', pointer: '/thingId', rule: 'maxLength' }] } })
  t.match(await harness.call({ operationId: 'addThing', method: 'POST', path: '/things', body: {} }), { status: 400, body: { errors: [{ in: 'body', rule: 'required' }] } })
  t.match(await harness.call({ operationId: 'addThing', method: 'POST', path: '/things', body: { name: 'n' } }), { status: 201, body: { name: 'n' } })
  t.match(await harness.call({ operationId: 'readStatus', path: '/status', caller: null }), { status: 200 })
})

t.test('an error of a verified call names the call, so that it is found in the logs; before that nothing is believed', async (t) => {
  const named = async (target: string, claims: object = {}): Promise<unknown> => {
    const answer = await ask({ ...good, htu: target, correlationId: 'call-1', ...claims }, { target })
    return ((await answer.json()) as { correlationId?: string }).correlationId
  }
  for (const thing of ['none', 'broken', 'much-too-long']) t.equal(await named(`/rest/demo/v1/things/${thing}`), 'call-1', thing)
  t.equal(await named('/rest/demo/v1/things/none', { operationId: 'addThing' }), undefined, 'a call for another operation is not verified')
})

t.test('operations and contract must match: a missing or misspelt one stops the start, naming file and operationId', async (t) => {
  const { readThing, ...rest } = await working({} as never)
  await t.rejects(startHarness(demo(() => rest), '/rest/demo/v1'), { message: /demo\.v1\.yaml: operation "readThing" is declared there but the e-service does not implement it/ })
  await t.rejects(startHarness(demo(() => ({ ...rest, readThink: readThing as never })), '/rest/demo/v1'), { message: /"readThing" is declared.*implements "readThink", which is not declared/ })
})
