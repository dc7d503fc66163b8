import t from 'tap'
import { findWithheldParameter, withheldParameters } from './withheld-parameters.ts'

const declared = ['limit', 'q', 'sort', 'fields', 'embed', 'fiscalCode', 'citizen.fiscal_code', 'citizenFiscalCodeLike', 'contact_from', 'contactless', 'FISCAL-CODE', 'filter', 'orderBy', 'code', 'search', 'città', 'state']
const fields = ['fiscalCode', 'contact', 'città', '']
const parameters = withheldParameters(fields, declared, [])

t.test('parameters with the name of a withheld field, or with it in their name, are refused, and those that search everywhere', async (t) => {
  t.strictSame(Object.fromEntries(parameters.refused), {
    q: 'a search in all fields',
    fiscalCode: 'one that selects by fiscalCode',
    'citizen.fiscal_code': 'one that selects by fiscalCode',
    citizenFiscalCodeLike: 'one that selects by fiscalCode',
    contact_from: 'one that selects by contact',
    'FISCAL-CODE': 'one that selects by fiscalCode',
    search: 'a search in all fields',
    città: 'one that selects by città'
  })
  t.strictSame([...parameters.naming], ['sort', 'fields', 'embed', 'filter', 'orderBy'])
})

t.test('a grant may say of a parameter that it does not select by what is withheld, but not of one whose values name fields', async (t) => {
  const { refused, naming } = withheldParameters(['code'], ['code', 'q', 'sort'], ['code', 'q', 'sort'])
  t.equal(refused.size, 0)
  t.strictSame([...naming], ['sort'])
})

const cases: readonly (readonly [query: string, found: string | undefined])[] = [
  ['', undefined],
  ['limit=10&state=open', undefined],
  ['fiscalCode=RSSMRA80A01H501U', 'one that selects by fiscalCode'],
  ['%66iscalCode', 'one that selects by fiscalCode'],
  ['limit=1&città=x', 'one that selects by città'],
  ['q=rossi', 'a search in all fields'],
  ['sort=openedAt', undefined],
  ['sort=-fiscalCode', 'sort by fiscalCode'],
  ['sort=openedAt,%2Bcitizen.fiscal_code%3Adesc', 'sort by fiscalCode'],
  ['sort=openedAt&sort=contact', 'sort by contact'],
  ['fields=items(id,citizen(FISCALCODE))', 'fields by fiscalCode'],
  ['embed=contacts', undefined],
  ['filter=contact eq \'x\'', 'filter by contact'],
  ['orderBy=citt%C3%A0 desc', 'orderBy by città'],
  ['state=contact', undefined],
  ['sort=%', undefined]
]

t.test('a query is looked through, names and the values that name fields', async (t) => {
  for (const [query, found] of cases) t.equal(findWithheldParameter(query, parameters), found, query)
})
