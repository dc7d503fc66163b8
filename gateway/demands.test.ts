import t from 'tap'
import { toContract } from '../openapi/contract.ts'
import type { JsonObject } from '../openapi/document.ts'
import { demandsOf } from './demands.ts'
import { archiveContract } from './harness/platform.ts'

type Changed = Record<string, unknown> & { paths: Record<string, Record<string, Record<string, unknown>>> }

/** The contract of the tests with `x-modi` at the root and on operations, by path and method. */
function contractWith (root: unknown, operations: Readonly<Record<string, unknown>> = {}, change: (contract: Changed) => void = () => undefined) {
  const contract = structuredClone(archiveContract) as unknown as Changed
  if (root !== undefined) contract['x-modi'] = root
  for (const [place, declared] of Object.entries(operations)) {
    const [method = '', path = ''] = place.split(' ')
    contract.paths[path]![method]!['x-modi'] = declared
  }
  change(contract)
  return toContract(contract as unknown as JsonObject, 'archive.yaml')
}

const demanding = (...contract: Parameters<typeof contractWith>): readonly string[] => [...demandsOf(contractWith(...contract))].filter(([, { dpop }]) => dpop).map(([id]) => id)

t.test('without x-modi nothing more is demanded', async (t) => {
  t.strictSame(demanding(undefined), [])
  t.strictSame(demanding({}, { 'get /items': {} }), [])
})

t.test('one at the root holds for every operation that is not public', async (t) => {
  t.strictSame(demanding({ dpop: 'required' }).toSorted(), ['createItem', 'deleteItem', 'getBlob', 'getItem', 'getPart', 'listItems', 'putBlob'])
})

t.test('one on an operation adds to it, and takes nothing away', async (t) => {
  t.strictSame(demanding(undefined, { 'post /items': { dpop: 'required' } }), ['createItem'])
  t.ok(demanding({ dpop: 'required' }, { 'get /items': {} }).includes('listItems'))
})

const wrong: Readonly<Record<string, readonly [contract: Parameters<typeof contractWith>, message: string]>> = {
  'a misspelt member': [[{ dpob: 'required' }], 'archive.yaml: x-modi has no member "dpob". Did you mean "dpop"? There is: dpop'],
  'a member of an operation that is none': [[undefined, { 'get /items': { integrity: 'required' } }], 'archive.yaml: operation "listItems": x-modi has no member "integrity". There is: dpop'],
  'another value': [[{ dpop: true }], 'archive.yaml: x-modi.dpop must be required, not true'],
  'a demand taken back': [[{ dpop: 'required' }, { 'get /items': { dpop: 'optional' } }], 'archive.yaml: operation "listItems": x-modi.dpop must be required, not "optional"'],
  'no object': [['dpop'], 'archive.yaml: x-modi must be an object with dpop'],
  'a name that every object has': [[{ constructor: 'required' }], 'archive.yaml: x-modi has no member "constructor". There is: dpop'],
  'a public operation': [[undefined, { 'get /open': { dpop: 'required' } }], 'archive.yaml: operation "getOpen": x-modi demands something of a call that needs no voucher (security: []); take one of the two out'],
  'one on a path': [[undefined, {}, ({ paths }) => { Object.assign(paths['/items']!, { 'x-modi': { dpop: 'required' } }) }], 'archive.yaml: path "/items": x-modi holds for nothing there; put it at the root or on an operation'],
  'one in info': [[undefined, {}, (contract) => { Object.assign(contract['info'] as object, { 'x-modi': {} }) }], 'archive.yaml: info: x-modi holds for nothing there; put it at the root or on an operation'],
  'everything at once': [[{ dpob: 1, dpop: 2 }], 'archive.yaml: x-modi has no member "dpob". Did you mean "dpop"? There is: dpop\narchive.yaml: x-modi.dpop must be required, not 2']
}

for (const [name, [contract, message]] of Object.entries(wrong)) {
  t.test(`${name} is a boot error that says what to mend`, async (t) => { t.throws(() => demandsOf(contractWith(...contract)), { message }) })
}
