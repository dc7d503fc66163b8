import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { loadContract, toContract } from '../../openapi/contract.ts'
import type { Contract } from '../../openapi/contract.ts'
import { recordsContract } from '../harness/grants.ts'
import { CheckedFileError } from './checked-file-error.ts'
import { readGrantsFile } from './grants-file.ts'

const contract = toContract(recordsContract(), 'records.json')
const uuid = (last: number): string => `40000000-0000-4000-8000-${String(last).padStart(12, '0')}`

const good = `grants:
  - id: everybody
    version: 1
    any: true
    operations: all
    fields:
      listItems: { withhold: [/items/*/citizen, /items/*/notes/*/author] }
    legalBasis: Reg. (UE) 2016/679, art. 5.1.c
    owner: Ufficio dati
    expires: 2027-12-31
  - id: region
    version: 1
    purpose: ${uuid(1)}
    operations: [listItems, getItem]
    fields:
      getItem:
        only: [/id, /name]
    legalBasis: L.R. 1/2020, art. 2
    owner: Ufficio dati
    expires: 2026-06-30
`

async function read (t: Test, text: string, of: Contract = contract) {
  const path = join(t.testdir(), 'grants.yaml')
  await writeFile(path, text)
  return readGrantsFile(path, of)
}

/** The problems of the good file after some replacements, without the folder in front. */
async function problemsOf (t: Test, ...replacements: readonly (readonly [from: string, to: string])[]): Promise<readonly string[]> {
  const text = replacements.reduce((changed, [from, to]) => {
    if (!changed.includes(from)) throw new Error(`the good file has no ${from}`)
    return changed.replace(from, to)
  }, good)
  const error: unknown = await read(t, text).then(() => undefined, (thrown: unknown) => thrown)
  if (error === undefined) return []
  if (!(error instanceof CheckedFileError)) throw error
  return error.problems.map((problem) => problem.replace(/^.*grants\.yaml:/, ''))
}

t.test('a good file says who may do what until when, and what is left of each answer', async (t) => {
  const { any, byPurpose, byConsumer } = await read(t, good)
  t.match(any, { id: 'everybody', version: 1, operations: 'all', expires: '2027-12-31', expiresAt: Date.parse('2028-01-01T00:00:00+01:00') })
  t.equal(byConsumer.size, 0)
  const region = byPurpose.get(uuid(1))
  t.strictSame(region?.operations, new Set(['listItems', 'getItem']))
  t.equal(region?.expiresAt, Date.parse('2026-07-01T00:00:00+02:00'))
  const list = any?.views.get('listItems')
  t.match(list, { narrowing: { keep: 'all but' }, produces: ['application/json'] })
  t.strictSame([...list!.parameters.fields.values()], ['fullName', 'fiscalCode', 'citizen', 'author'])
  t.strictSame([...list!.parameters.refused.keys()], ['q', 'fiscalCode'])
  const item = region?.views.get('getItem')
  t.equal(item?.narrowing.keep, 'only')
  t.strictSame([...item!.parameters.fields.values()], ['price', 'citizen', 'notes', 'fullName', 'fiscalCode', 'author', 'text'])
  t.equal(any?.views.get('getItem'), undefined)
})

t.test('of several versions the newest counts, whatever their order and dates', async (t) => {
  const again = good.replace('version: 1\n    any', 'version: 3\n    any').replace('grants:\n', `grants:
  - { id: everybody, version: 2, any: true, operations: [getItem], legalBasis: 'una base giuridica', owner: Ufficio dati, expires: 2099-12-31 }
  - { id: everybody, version: 10, any: true, operations: [listItems], legalBasis: 'una base giuridica', owner: Ufficio dati, expires: 2020-12-31 }
`)
  t.match((await read(t, again)).any, { version: 10, expires: '2020-12-31' })
})

const broken: Readonly<Record<string, readonly [replacements: readonly (readonly [string, string])[], problems: readonly RegExp[]]>> = {
  'a misspelt key': [[['legalBasis: Reg', 'legalBases: Reg']], [/^2: grants\.0: must have required property 'legalBasis'$/, /^8: grants\.0\.legalBases: unknown key "legalBases"\. Did you mean "legalBasis"\?$/]],
  'an operation that is not in the contract': [[['[listItems, getItem]', '[listItem, getItem]']], [/^14: grants\.1\.operations\.0: no operation of the contract is called "listItem"\. Did you mean "listItems"\?$/]],
  'fields of an operation that is not in the contract': [[['      listItems: {', '      listItemz: {']], [/^7: grants\.0\.fields\.listItemz: no operation of the contract is called "listItemz"\. Did you mean "listItems"\?$/]],
  'fields of an operation that is not granted': [[['[listItems, getItem]', '[listItems]']], [/^16: grants\.1\.fields\.getItem: operation "getItem" is not among its operations$/]],
  'a public operation': [[['[listItems, getItem]', '[listItems, getItem, getOpen]']], [/^14: grants\.1\.operations\.2: operation "getOpen" is public/]],
  'one operation that is no list': [[['operations: all', 'operations: listItems']], [/^5: grants\.0\.operations: must be all, or a list of operationIds: \[listItems\]$/]],
  'a field that no answer has': [[['/items/*/citizen,', '/items/*/citizn,']], [/^7: grants\.0\.fields\.listItems\.withhold\.0: no answer of "listItems" has "\/items\/\*\/citizn" in the contract: "citizn" leads nowhere\. Did you mean "citizen"\?$/]],
  'a list that is taken for an object': [[['/items/*/citizen,', '/items/citizen,']], [/^7: .*"citizen" leads nowhere\. A list is there: \* is every element of it\.$/]],
  'one element of a list': [[['/items/*/citizen,', '/items/0/citizen,']], [/^7: .*"0" leads nowhere\. A list is there: \* is every element of it\.$/]],
  'a pointer that is none': [[['/items/*/citizen,', 'items.citizen,']], [/^7: grants\.0\.fields\.listItems\.withhold\.0: is not of the form that is expected here: a JSON pointer \(RFC 6901\)/]],
  'the whole answer': [[['/items/*/citizen,', '"",']], [/^7: .*withhold\.0: is not of the form/]],
  'an answer that is not JSON': [[['      listItems: {', '      getBlob: {']], [/^7: grants\.0\.fields\.getBlob: operation "getBlob" declares no answer in JSON: only such can be narrowed/]],
  'an answer without schema': [[['      listItems: {', '      getPart: {']], [/^7: .*withhold\.0: .*"items" leads nowhere\.$/, /^7: .*withhold\.1: .*"items" leads nowhere\.$/]],
  'both ways at once, and none': [[['only: [/id, /name]', 'only: [/id]\n        withhold: [/name]'], ['{ withhold: [/items/*/citizen, /items/*/notes/*/author] }', '{ allowParameters: [q] }']], [/^7: grants\.0\.fields\.listItems: must have exactly one of withhold and only$/, /^16: grants\.1\.fields\.getItem: must have exactly one of withhold and only$/]],
  'a parameter that there is not, and one that names fields': [[['author] }', 'author], allowParameters: [k, sort, q] }']], [/^7: .*allowParameters\.0: "listItems" has no query parameter "k"\.( Did you mean "q"\?)?$/, /^7: .*allowParameters\.1: the values of "sort" name fields and are always looked at: take it out$/]],
  'nobody': [[['    any: true\n', '']], [/^2: grants\.0: must be for exactly one of purpose, consumer, any, not for none$/]],
  'two at once': [[['    any: true\n', `    any: true\n    consumer: ${uuid(2)}\n`]], [/^2: grants\.0: must be for exactly one of purpose, consumer, any, not for consumer and any$/]],
  'any that is not true': [[['any: true', 'any: false']], [/^4: grants\.0\.any: "false" is not one of true\./]],
  'an id that is none': [[[uuid(1), 'istat-tickets']], [/^13: grants\.1\.purpose: is not of the form that is expected here: A UUID in lower case/]],
  'a day that there is not': [[['2026-06-30', '2026-06-31']], [/^20: grants\.1\.expires: there is no such day$/]],
  'a time instead of a day': [[['2026-06-30', '2026-06-30T10:00:00Z']], [/^20: grants\.1\.expires: is not of the form that is expected here: The last day on which it is good/]],
  'a version twice': [[['id: region', 'id: everybody'], [`purpose: ${uuid(1)}`, 'any: true']], [/^12: grants\.1\.version: version 1 of everybody is there twice$/]],
  'an id of another grant': [[['id: region\n    version: 1', 'id: everybody\n    version: 2']], [/^11: grants\.1\.id: id "everybody" is that of a grant for another any: give each its own$/]],
  'two grants for the same': [[[`purpose: ${uuid(1)}`, 'any: true']], [/^13: grants\.1\.any: the grant "everybody" is for it already: make this a version of that one$/]],
  'no grant at all': [[[good.slice(good.indexOf('  - id: everybody')), '  []\n']], [/^1: grants: must not be empty$/]],
  'another shape altogether': [[[good, '- id: x\n']], [/^1: must be object$/]]
}

for (const [name, [replacements, expected]] of Object.entries(broken)) {
  t.test(`${name} is told with its line`, async (t) => {
    const problems = await problemsOf(t, ...replacements)
    t.equal(problems.length, expected.length, problems.join('\n'))
    for (const [index, pattern] of expected.entries()) t.match(problems[index], pattern)
  })
}

t.test('everything that is wrong is told at once', async (t) => {
  const problems = await problemsOf(t, ['version: 1', 'version: 0'], ['/items/*/citizen,', '/x,'], ['owner: Ufficio dati', 'owner: [x]'], ['[listItems, getItem]', '[listItems, getitem, 7]'], ['2026-06-30', '30/06/2026'])
  t.match(problems, [/^3: grants\.0\.version: must be >= 1$/, /^7: .*"x" leads nowhere/, /^9: grants\.0\.owner: must be string$/, /^14: .*operations\.2: must be string$/, /^14: .*called "getitem"\. Did you mean "getItem"\?$/, /^16: .*"getItem" is not among its operations$/, /^20: /])
})

t.test('a file that is not there is told', async (t) => {
  await t.rejects(readGrantsFile(join(t.testdir(), 'none.yaml'), contract), { message: /none\.yaml: the file cannot be read \(ENOENT\)/ })
})

t.test('the grants of the demonstration: two purposes see a ticket\'s citizen, everybody else does not', async (t) => {
  const root = join(import.meta.dirname, '../..')
  const { any, byPurpose, byConsumer } = await readGrantsFile(join(root, 'gateway/grants/tickets.yaml'), await loadContract(join(root, 'openapi/tickets.v1.yaml')))
  t.strictSame([...any!.views.keys()].toSorted(), ['changeTicketState', 'listTickets', 'openTicket', 'readTicket'])
  for (const { parameters } of any!.views.values()) t.strictSame([...parameters.fields.values()].toSorted(), ['citizen', 'contact', 'fiscalCode', 'fullName', 'message'])
  t.strictSame([...byPurpose.values()].map(({ views }) => views.size), [0, 0])
  t.equal(byConsumer.size, 0)
})
