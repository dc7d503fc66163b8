import * as fc from 'fast-check'
import t from 'tap'
import type { JsonObject } from '../openapi/document.ts'
import { prepareAgreedClaims } from './agreed-claims.ts'
import { agreedClaims } from './evidence-fixture.ts'
import { workTimeOf } from '../openapi/work-time.ts'

const document = { components: { schemas: {
  LoA: { type: 'string', enum: ['LOW', 'SUBSTANTIAL', 'HIGH'], example: 'LOW' },
  Evidence: { type: 'object', required: ['userID'], properties: { userID: { type: 'string' }, LoA: { $ref: '#/components/schemas/LoA' } } },
  Tree: { type: 'object', properties: { name: { type: 'string' }, left: { $ref: '#/components/schemas/Tree' }, right: { $ref: '#/components/schemas/Tree' } } }
} } } as unknown as JsonObject

const compile = prepareAgreedClaims(document)
const faultsOf = (schema: object, claims: Readonly<Record<string, unknown>>): readonly string[] => compile(schema as JsonObject).findFaults(claims)
const good = { userID: 'user293', userLocation: 'station012', LoA: 'HIGH' }

t.test('claims as they were agreed have no fault, whatever else the evidence says', async (t) => {
  t.strictSame(faultsOf(agreedClaims, good), [])
  t.strictSame(faultsOf(agreedClaims, { userID: 'a', userLocation: 'b' }), [], 'LoA is optional')
  t.strictSame(faultsOf(agreedClaims, { ...good, iss: 'x', exp: 1, more: [1] }), [])
})

t.test('every fault is told at once, by claim and rule', async (t) => {
  t.strictSame(faultsOf(agreedClaims, {}), ['claim userID is missing', 'claim userLocation is missing'])
  t.strictSame(faultsOf(agreedClaims, { userID: 7, LoA: 'TOP' }), ['claim userLocation is missing', 'claim userID must be string', 'claim LoA must be equal to one of the allowed values'])
})

t.test('a claim that is only written otherwise is named', async (t) => {
  t.strictSame(faultsOf(agreedClaims, { userid: 'user293', USERLOCATION: 'x' }), ['claim userid: did you mean userID', 'claim USERLOCATION: did you mean userLocation', 'claim userID is missing', 'claim userLocation is missing'])
  t.strictSame(faultsOf(agreedClaims, { userID: 'a', userLocation: 'b', loa: 'anything' }), ['claim loa: did you mean LoA'], 'an optional one too: its value would be looked at by nobody')
  t.strictSame(faultsOf(agreedClaims, { ...good, loa: 'x' }), [], 'beside the right one it is just another claim')
  t.strictSame(faultsOf({ required: ['userID'] }, { UserID: 1 }), ['claim UserID: did you mean userID', 'claim userID is missing'])
})

t.test('a list that is closed is closed, but not to what the pattern itself has', async (t) => {
  const closed = { ...agreedClaims, additionalProperties: false }
  const own = { iss: 'a', sub: 'a', aud: 'b', exp: 1, nbf: 1, iat: 1, jti: 'c', purposeId: 'd', dnonce: 1 }
  t.strictSame(faultsOf(closed, { ...good, ...own }), [])
  t.strictSame(faultsOf(closed, { ...good, RSSMRA80A01H501U: 1 }), ['the claims must NOT have additional properties'], 'the name is not repeated')
  t.strictSame(faultsOf({ ...closed, properties: { ...agreedClaims.properties, jti: { type: 'string', format: 'uuid' } } }, { ...good, ...own }), ['claim jti must match format "uuid"'], 'one that the schema has as well is held to it')
})

const text = { type: 'string', maxLength: 100 }
const claim = (schema: object): object => ({ type: 'object', required: ['claim'], properties: { claim: schema } })

/** What a custom schema can ask of a claim, what it takes and what it does not: nothing is ever converted. */
const rules: Readonly<Record<string, readonly [schema: object, taken: readonly unknown[], refused: readonly unknown[], says: RegExp]>> = {
  'an integer': [{ type: 'integer' }, [0, -7, 3.0, 2 ** 53], ['7', 1.5, true, null, [7], {}], /^claim claim must be integer$/],
  'a long': [{ type: 'integer', format: 'int64' }, [2 ** 40], ['1099511627776'], /^claim claim must be integer$/],
  'an int': [{ type: 'integer', format: 'int32' }, [2 ** 31 - 1], [2 ** 31], /^claim claim must match format "int32"$/],
  'a double': [{ type: 'number', format: 'double' }, [1.5, 7], ['1.5', false], /^claim claim must be number$/],
  'a boolean': [{ type: 'boolean' }, [true, false], ['true', 1, 0, null], /^claim claim must be boolean$/],
  'a text': [text, ['', '7', 'true'], [7, true, 1.5, null, ['a']], /^claim claim must be string$/],
  'digits as a text': [{ ...text, pattern: '^\\d{1,5}$' }, ['1', '12345'], ['', 'a', '123456', '1 '], /^claim claim must match pattern "\^\\d\{1,5\}\$"$/],
  'digits as a text, not as a number': [{ ...text, pattern: '^\\d{1,5}$' }, ['12345'], [12345], /^claim claim must be string$/],
  'a pattern': [{ ...text, pattern: '^[A-Z]{6}\\d{2}[A-Z]\\d{2}[A-Z]\\d{3}[A-Z]$' }, ['RSSMRA80A01H501U'], ['rssmra80a01h501u', 'RSSMRA80A01H501', 'RSSMRA80A01H501U\n'], /^claim claim must match pattern "/],
  'one of some numbers': [{ type: 'integer', enum: [1, 2] }, [1, 2], [3], /^claim claim must be equal to one of the allowed values$/],
  'one of some texts': [{ ...text, enum: ['a', 'b'] }, ['a'], ['A', 'c'], /^claim claim must be equal to one of the allowed values$/],
  'a minimum': [{ type: 'integer', minimum: 10 }, [10, 11], [9, -10], /^claim claim must be >= 10$/],
  'a maximum': [{ type: 'integer', maximum: 10 }, [10, 0], [11], /^claim claim must be <= 10$/],
  'an open end': [{ type: 'number', minimum: 0, exclusiveMinimum: true }, [0.1], [0], /^claim claim must be > 0$/],
  'a shortest text': [{ ...text, minLength: 2 }, ['ab'], ['a'], /^claim claim must NOT have fewer than 2 characters$/],
  'a longest text': [{ type: 'string', maxLength: 2 }, ['ab'], ['abc'], /^claim claim must NOT have more than 2 characters$/],
  'a list of integers': [{ type: 'array', items: { type: 'integer' } }, [[], [1, 2]], [[1, '2']], /^claim claim\/1 must be integer$/],
  'a list of texts': [{ type: 'array', items: text }, [['a']], [['a', 2]], /^claim claim\/1 must be string$/],
  'a list of one of some': [{ type: 'array', items: { ...text, enum: ['a', 'b'] } }, [['a', 'b', 'a']], [['a', 'c']], /^claim claim\/1 must be equal to one of/],
  'not a list': [{ type: 'array', items: text }, [['a']], ['a'], /^claim claim must be array$/],
  'a text or null': [{ ...text, nullable: true }, [null, 'a'], [7], /^claim claim must be string,null$/],
  'a date': [{ type: 'string', format: 'date' }, ['2026-03-02'], ['2026-02-30', '02/03/2026'], /^claim claim must match format "date"$/],
  'an object': [{ type: 'object', required: ['city'], properties: { city: text } }, [{ city: 'Milano' }], [{}], /^claim claim\/city is missing$/],
  'a component': [{ $ref: '#/components/schemas/LoA' }, ['LOW'], ['low'], /^claim claim must be equal to one of/]
}

for (const [name, [schema, taken, refused, says]] of Object.entries(rules)) {
  t.test(`a claim that has to be ${name}`, async (t) => {
    for (const value of taken) t.strictSame(faultsOf(claim(schema), { claim: value }), [], JSON.stringify(value))
    for (const value of refused) t.match(faultsOf(claim(schema), { claim: value }), [says], JSON.stringify(value))
    for (const value of [...taken, ...refused]) t.equal(faultsOf(claim(schema), { claim: value }).length > 0, refused.includes(value))
  })
}

t.test('a schema may be a component', async (t) => {
  t.strictSame(faultsOf({ $ref: '#/components/schemas/Evidence' }, { loa: 'LOW' }), ['claim loa: did you mean LoA', 'claim userID is missing'])
})

const unusable: Readonly<Record<string, readonly [schema: object, says: RegExp]>> = {
  'a type that is none': [claim({ type: 'strin' }), /schema is invalid/],
  'a keyword that is none': [claim({ type: 'string', maxLenght: 7 }), /unknown keyword: "maxLenght"/],
  'a format that is none': [claim({ type: 'string', format: 'codice-fiscale' }), /unknown format "codice-fiscale"/],
  'a rule that would never apply': [claim({ type: 'integer', pattern: '^\\d+$' }), /missing type "string" for keyword "pattern"/],
  'a rule that a value of another type would slip by': [claim({ pattern: '^\\d+$' }), /missing type "string" for keyword "pattern"/],
  'a pattern that can explode': [claim({ type: 'string', pattern: '^(a+)+$' }), /could take too long/],
  'a pattern of names that can explode': [claim({ type: 'object', patternProperties: { '^(a+)+$': { type: 'string' } } }), /could take too long/],
  'a pattern that is none': [claim({ type: 'string', pattern: '[' }), /is no regular expression|schema is invalid/],
  'a reference to nothing': [claim({ $ref: '#/components/schemas/None' }), /can't resolve reference/],
  'a component that is none': [{ $ref: '#/components/schemas/None' }, /points to nothing/],
  'no object': [{ type: 'string' }, /an object/]
}

for (const [name, [schema, says]] of Object.entries(unusable)) {
  t.test(`a schema with ${name} is not taken`, async (t) => { t.throws(() => compile(schema as JsonObject), { message: says }) })
}

t.test('claims beyond all measure are refused before they are matched', async (t) => {
  const deep = (levels: number): unknown => levels === 0 ? {} : { left: deep(levels - 1), right: deep(levels - 1) }
  const schema = { type: 'object', properties: { claim: { type: 'string', pattern: '^[^@]+@[^@]+$' }, tree: { $ref: '#/components/schemas/Tree' } } }
  t.strictSame(faultsOf(schema, { claim: `${'a'.repeat(1998)}@a` }), [])
  t.match(faultsOf(schema, { claim: 'a'.repeat(2001) }), ['a text is longer than 2000 characters'])
  t.match(faultsOf(schema, { more: { ['a'.repeat(2001)]: 1 } }), ['a text is longer than 2000 characters'])
  t.match(faultsOf(schema, { more: Array.from({ length: 201 }, () => ({})) }), ['a list or an object has more than 200 entries'])
  t.strictSame(faultsOf(schema, { tree: deep(6) }), [])
  t.match(faultsOf(schema, { tree: deep(8) }), ['the claims are nested deeper than 8 levels'])
})

t.test('no format takes long over a text of 2000 characters', async (t) => {
  const formats = ['date', 'time', 'date-time', 'duration', 'uri', 'uri-reference', 'uri-template', 'url', 'email', 'hostname', 'ipv4', 'ipv6', 'uuid', 'json-pointer', 'regex', 'byte']
  const parts = ['a', '.', '-', 'a.', 'a-', '1', '1.', ':', 'http://a', '%20', '/', '~0', 'P1Y', '{a}', 'a@a.', 'aA0', '(a+)+']
  for (const format of formats) {
    const judge = compile(claim({ type: 'string', format }) as JsonObject)
    for (const part of parts) {
      const took = workTimeOf(() => judge.findFaults({ claim: `${part.repeat(2000).slice(0, 1998)}!!` }))
      if (took > 100) t.fail(`${format} over ${part}: ${Math.round(took)} ms`)
    }
  }
  t.pass('all of them')
})

t.test('names that the sender chose are not repeated, and names that every object has are none that were sent', async (t) => {
  const schema = { type: 'object', properties: { roles: { type: 'object', additionalProperties: { type: 'integer' } } } }
  t.strictSame(faultsOf(schema, { roles: { RSSMRA80A01H501U: 'x' } }), ['claim roles/* must be integer'])
  t.strictSame(faultsOf({ type: 'object', required: ['constructor', 'toString'] }, {}), ['claim constructor is missing', 'claim toString is missing'])
})

t.test('nothing that was received is ever repeated, and nothing makes it throw', async () => {
  const canary = 'RSSMRA80A01H501U'
  const json = fc.jsonValue({ maxDepth: 3 })
  const names = fc.oneof(fc.constantFrom('userID', 'userLocation', 'LoA', 'userid', 'roles', 'address', canary), fc.string())
  const values = fc.oneof(json, fc.constantFrom(canary, [canary], { [canary]: canary }, { city: canary }))
  const schema = { ...agreedClaims, additionalProperties: false, properties: { ...agreedClaims.properties, roles: { type: 'array', items: { type: 'integer' }, uniqueItems: true }, address: { type: 'object', additionalProperties: false, properties: { city: { type: 'integer' } } } } }
  const judge = compile(schema)
  fc.assert(fc.property(fc.dictionary(names, values), (claims) => !judge.findFaults(claims).join().includes(canary)), { numRuns: 2000 })
})
