import t from 'tap'
import { loadContract } from '../contract.ts'
import type { JsonObject } from '../document.ts'
import { findLost, namesIn, pointedFields } from './field-tree.ts'
import type { FieldTree } from './field-tree.ts'
import { jsonAnswersOf } from '../answers/json-answers.ts'

const document: JsonObject = { components: { schemas: {
  Page: { type: 'object', properties: { items: { type: 'array', items: { $ref: '#/components/schemas/Ticket' } }, next: { type: 'string' } } },
  Ticket: { allOf: [{ $ref: '#/components/schemas/Base' }, { properties: { citizen: { oneOf: [{ type: 'string' }, { $ref: '#/components/schemas/Person' }] }, notes: { additionalProperties: { $ref: '#/components/schemas/Person' } }, extra: { additionalProperties: true }, free: { type: 'object' } } }] },
  Base: { properties: { id: {}, parent: { $ref: '#/components/schemas/Ticket' }, 'a/b': {} } },
  Person: { properties: { name: {}, friends: { items: { $ref: '#/components/schemas/Person' } } } },
  Circle: { $ref: '#/components/schemas/Circle' }
} } }
const page: readonly JsonObject[] = [{ $ref: '#/components/schemas/Page' }]

/** A tree as text: names, * for values, [] for items, ! where a pointer ends. */
function shownTree ({ whole, names, values, items }: FieldTree): string {
  const parts = [...[...names].map(([name, tree]) => name + shownTree(tree)), ...values ? [`*${shownTree(values)}`] : [], ...items ? [`[]${shownTree(items)}`] : []]
  return (whole ? '!' : '') + (parts.length > 0 ? `(${parts.join(' ')})` : '')
}

t.test('pointers become one tree, by what the schemas have there', async (t) => {
  const cases: readonly (readonly [pointers: readonly string[], tree: string])[] = [
    [['/next'], '(next!)'],
    [['/items/*/citizen'], '(items([](citizen!)))'],
    [['/items/*/citizen/name', '/items/*/id'], '(items([](citizen(name!) id!)))'],
    [['/items/*/notes/*/name', '/items/*/notes/anna/friends'], '(items([](notes(anna(friends! name!) *(name!)))))'],
    [['/items/*/extra/whatever/is'], ''],
    [['/items/*/extra/whatever'], '(items([](extra(whatever!))))'],
    [['/items/*/parent/parent/a~1b'], '(items([](parent(parent(a/b!)))))'],
    [['/items/*/*/name'], '(items([](*(name!))))'],
    [['/*'], '(*!)'],
    [['/items', '/items/*/id'], '(items!([](id!)))']
  ]
  for (const [pointers, tree] of cases) t.equal(shownTree(pointedFields(pointers, page, document).tree), tree, pointers.join(' '))
  t.equal(shownTree(pointedFields(['/*'], [...page, { items: {} }], document).tree), '(*! []!)', 'a list and an object')
})

t.test('a pointer that leads nowhere is found, with what is there', async (t) => {
  t.strictSame(findLost('/items/*/citizn', page, document), { segment: 'citizn', candidates: ['id', 'parent', 'a/b', 'citizen', 'notes', 'extra', 'free'] })
  t.strictSame(findLost('/items/citizen', page, document), { segment: 'citizen', candidates: ['*'] })
  t.strictSame(findLost('/items/0/citizen', page, document), { segment: '0', candidates: ['*'] })
  t.strictSame(findLost('/items/*/free/x', page, document), { segment: 'x', candidates: [] })
  t.strictSame(findLost('/items/*/id/*', page, document), { segment: '*', candidates: [] })
  t.strictSame(findLost('/x', [{ $ref: '#/components/schemas/Circle' }], document), { segment: 'x', candidates: [] })
  t.strictSame(findLost('/toString', page, document), { segment: 'toString', candidates: ['items', 'next'] })
  for (const pointer of ['/next', '/items/*/citizen/friends/*/friends/*/name', '/items/*/notes/anna/name', '/items/*/extra/x']) t.equal(findLost(pointer, page, document), undefined, pointer)
})

t.test('the names below what is pointed at are found, through schemas that contain themselves', async (t) => {
  t.strictSame([...namesIn(pointedFields(['/items/*/citizen'], page, document).ends, document)], ['name', 'friends'])
  t.strictSame([...namesIn(page, document)].toSorted(), ['a/b', 'citizen', 'extra', 'free', 'friends', 'id', 'items', 'name', 'next', 'notes', 'parent'])
})

t.test('what an operation answers in JSON is read from its contract, problems and other media types left out', async (t) => {
  const contract = await loadContract(new URL('../tickets.v1.yaml', import.meta.url).pathname)
  const answersOf = (id: string) => jsonAnswersOf(contract.operations.find((one) => one.id === id)!, contract)
  t.strictSame(answersOf('listTickets').types, ['application/json'])
  t.equal(findLost('/items/*/citizen/fiscalCode', answersOf('listTickets').schemas, contract.document), undefined)
  t.match(findLost('/items/*/citizens', answersOf('listTickets').schemas, contract.document), { segment: 'citizens' })
  t.match(findLost('/detail', answersOf('readTicket').schemas, contract.document), { segment: 'detail' }, 'a problem is not the answer')
  t.equal(answersOf('readTicket').schemas.length, 1)
})
