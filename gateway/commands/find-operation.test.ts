import t from 'tap'
import { toContract } from '../../openapi/contract.ts'
import type { JsonObject } from '../../openapi/document.ts'
import { demandsOf } from '../demands.ts'
import { prepareFind } from './find-operation.ts'
import type { DescribedEService } from '../route.ts'

const operation = (operationId: string, demand?: object): object => ({ operationId, ...demand && { 'x-modi': demand }, responses: { 200: { description: 'Fatto' } } })
const contract = toContract({
  openapi: '3.0.3',
  info: { title: 'Cose', version: '1.0.0' },
  servers: [{ url: 'https://api.example.it/rest/things/v1' }],
  paths: {
    '/things': { get: operation('list'), post: operation('create', { dpop: 'required' }) },
    '/things/{id}': { get: operation('read') },
    '/things/latest': { get: operation('latest') },
    '/things/{id}:close': { post: operation('close') },
    '/parts/{id}': { get: operation('part') }
  }
} as JsonObject, 'things.yaml')
const eservice = { contract, basePath: contract.basePath, demands: demandsOf(contract) } as DescribedEService
const find = await prepareFind([eservice])

t.test('it finds what the gateway would, and nothing else', async (t) => {
  const cases: readonly (readonly [string, string, string | undefined])[] = [
    ['GET', '/rest/things/v1/things', 'list'], ['POST', '/rest/things/v1/things', 'create'], ['GET', '/rest/things/v1/things/latest', 'latest'],
    ['GET', '/rest/things/v1/things/7', 'read'], ['GET', '/rest/things/v1/things/a%20b', 'read'], ['POST', '/rest/things/v1/things/7:close', 'close'],
    ['GET', '/rest/things/v1/things/', undefined], ['GET', '/rest/things/v1/parts/7', 'part'], ['GET', '/rest/things/v1/parts/', undefined], ['GET', '/rest/things/v1/Things', undefined], ['GET', '/rest/things/v2/things', undefined],
    ['DELETE', '/rest/things/v1/things', undefined], ['HEAD', '/rest/things/v1/things', undefined], ['GET', `/rest/things/v1/things/${'x'.repeat(501)}`, undefined]
  ]
  for (const [method, path, id] of cases) t.equal((await find(method, path))?.operation.id, id, `${method} ${path}`)
})

t.test('what is no path leads nowhere', async (t) => {
  for (const path of ['', 'x', '*', '?x', '//', 'https://api.example.it/rest/things/v1/things', '/%', '/rest/things/v1/things/%ff']) t.equal(await find('GET', path), undefined, path)
})

t.test('with what its contract demands', async (t) => {
  t.equal((await find('POST', '/rest/things/v1/things'))?.demands.dpop, true)
  t.equal((await find('GET', '/rest/things/v1/things'))?.demands.dpop, false)
})
