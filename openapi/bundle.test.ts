import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { bundle } from './bundle.ts'
import { atPointer } from './document.ts'
import type { JsonObject } from './document.ts'

const head = 'openapi: 3.0.3\ninfo: { title: Prova, version: 1.0.0 }\n'

/** Bundles the `contract.yaml` of some files; paths in errors are relative to their folder. */
async function bundleOf (t: Test, files: Record<string, string>, contract = 'contract.yaml') {
  const folder = t.testdir(nest(files))
  return bundle(join(folder, contract)).then(({ document }) => JSON.parse(JSON.stringify(document)) as JsonObject, (error: Error) => { throw new Error(error.message.replaceAll(`${folder}/`, '')) })
}

/** Files by path as nested folders, the way tap wants them. */
function nest (files: Record<string, string>): Record<string, string | Record<string, string>> {
  const folders: Record<string, string | Record<string, string>> = {}
  for (const [path, text] of Object.entries(files)) {
    const [folder = '', name] = path.split('/')
    if (name === undefined) folders[folder] = text
    else folders[folder] = { ...folders[folder] as Record<string, string> | undefined, [name]: text }
  }
  return folders
}

const refers = (reference: string): string => `${head}paths:\n  /x:\n    get:\n      responses:\n        200: { $ref: '${reference}' }\n`

const refused: Readonly<Record<string, readonly [files: Record<string, string>, message: RegExp]>> = {
  'a reference over http': [{ 'contract.yaml': refers('http://evil.example/a.yaml#/components/responses/A') }, /^contract\.yaml: \$ref "http:\/\/evil\.example.*leads outside the bundle; save that file beside the contract/],
  'a reference over https': [{ 'contract.yaml': refers('https://evil.example/a.yaml') }, /leads outside the bundle/],
  'a reference over HTTPS in upper case': [{ 'contract.yaml': refers('HTTPS://evil.example/a.yaml') }, /leads outside the bundle/],
  'a file URL': [{ 'contract.yaml': refers('file:///etc/passwd') }, /leads outside the bundle/],
  'a data URL': [{ 'contract.yaml': refers('data:application/json,{}') }, /leads outside the bundle/],
  'a host without a scheme': [{ 'contract.yaml': refers('//evil.example/a.yaml') }, /leads to a file outside the contract's folder/],
  'an absolute path': [{ 'contract.yaml': refers('/etc/passwd') }, /leads to a file outside the contract's folder/],
  'a path upwards': [{ 'contract.yaml': refers('../../../../../etc/passwd') }, /leads to a file outside the contract's folder/],
  'a path down and upwards': [{ 'contract.yaml': refers('parts/../../secret.yaml#/components/responses/A') }, /leads to a file outside the contract's folder/],
  'a file that is not there': [{ 'contract.yaml': refers('missing.yaml#/components/responses/A') }, /\$ref "missing\.yaml#\/components\/responses\/A": the file cannot be read/],
  'a folder': [{ 'contract.yaml': refers('parts#/components/responses/A'), 'parts/a.yaml': 'a: 1' }, /the file cannot be read/],
  'a pointer to nothing': [{ 'contract.yaml': refers('#/components/responses/Missing') }, /^contract\.yaml: \$ref "#\/components\/responses\/Missing" points to nothing$/],
  'a pointer to nothing in another file': [{ 'contract.yaml': refers('other.yaml#/components/responses/A'), 'other.yaml': 'components: { responses: {} }' }, /points to nothing/],
  'a pointer into the prototype': [{ 'contract.yaml': refers('#/constructor') }, /points to nothing/],
  'a pointer to __proto__': [{ 'contract.yaml': refers('#/__proto__/toString') }, /points to nothing/],
  'a dangling reference inside another file': [{ 'contract.yaml': refers('other.yaml#/components/responses/A'), 'other.yaml': "components: { responses: { A: { $ref: '#/components/responses/B' } } }" }, /^other\.yaml: \$ref "#\/components\/responses\/B" points to nothing/],
  'an http reference inside another file': [{ 'contract.yaml': refers('other.yaml#/components/responses/A'), 'other.yaml': "components: { responses: { A: { $ref: 'http://evil.example/x' } } }" }, /^other\.yaml: .*leads outside the bundle/],
  'a part of another file that is no component': [{ 'contract.yaml': refers('other.yaml#/responses/A'), 'other.yaml': 'responses: { A: {} }' }, /^other\.yaml: "#\/responses\/A" cannot be referred to from another file; move it under components/],
  'a whole other file': [{ 'contract.yaml': refers('other.yaml'), 'other.yaml': 'description: x' }, /cannot be referred to from another file/],
  'a namesake in the contract': [{ 'contract.yaml': `${refers('other.yaml#/components/responses/A')}components: { responses: { A: { description: mine } } }\n`, 'other.yaml': 'components: { responses: { A: { description: other } } }' }, /"#\/components\/responses\/A" has a namesake in another file of the bundle; rename one of them/],
  'a namesake in a third file': [{
    'contract.yaml': `${head}paths: { /x: { get: { responses: { 200: { $ref: 'a.yaml#/components/responses/A' }, 400: { $ref: 'b.yaml#/components/responses/A' } } } } }`,
    'a.yaml': 'components: { responses: { A: { description: a } } }',
    'b.yaml': 'components: { responses: { A: { description: b } } }'
  }, /has a namesake in another file/],
  'a mistake in YAML': [{ 'contract.yaml': `${head}paths: [\n` }, /^contract\.yaml:\d+:\d+: /],
  'a mistake in another file': [{ 'contract.yaml': refers('other.yaml#/components/responses/A'), 'other.yaml': 'components:\n  a: b: c\n' }, /^other\.yaml:2:\d+: /],
  'a key twice': [{ 'contract.yaml': `${head}paths: {}\npaths: {}\n` }, /^contract\.yaml:4:1: Map keys must be unique$/],
  'a list': [{ 'contract.yaml': '- 1' }, /^contract\.yaml:1:1: is not an object/],
  'nothing': [{ 'contract.yaml': '' }, /is not an object/],
  'a bomb of aliases': [{ 'contract.yaml': `${head}a: &a [x,x,x,x,x,x,x,x,x,x]\n${'bcdefghi'.split('').map((name, index) => `${name}: &${name} [${Array.from({ length: 10 }, () => `*${'abcdefgh'[index]}`).join(',')}]`).join('\n')}\n` }, /cannot be read: .*alias/],
  'more than 5 MiB': [{ 'contract.yaml': `${head}x: ${'y'.repeat(5 * 1024 * 1024)}` }, /is larger than 5 MiB/]
}

for (const [name, [files, message]] of Object.entries(refused)) {
  t.test(`${name} is refused`, async (t) => {
    await t.rejects(bundleOf(t, files), { message })
  })
}

t.test('references to other files become local, and what they refer to comes along', async (t) => {
  const document = await bundleOf(t, {
    'contract.yaml': `${head}paths:
  /x:
    get:
      responses:
        200: { $ref: '#/components/responses/Own' }
        400: { $ref: 'parts/shared.yaml#/components/responses/Bad' }
components:
  responses:
    Own: { description: own }
`,
    'parts/shared.yaml': `components:
  responses:
    Bad: { description: bad, content: { application/json: { schema: { $ref: '#/components/schemas/Problem' } } } }
  schemas:
    Problem: { type: object, properties: { cause: { $ref: 'deeper.yaml#/components/schemas/Cause' } } }
    Unused: { type: string }
`,
    'parts/deeper.yaml': "components: { schemas: { Cause: { type: object, properties: { cause: { $ref: '#/components/schemas/Cause' }, problem: { $ref: 'shared.yaml#/components/schemas/Problem' } } } } }"
  })
  t.equal(atPointer(document, '/paths/~1x/get/responses/400/$ref'), '#/components/responses/Bad')
  t.equal(atPointer(document, '/components/schemas/Problem/properties/cause/$ref'), '#/components/schemas/Cause')
  t.equal(atPointer(document, '/components/schemas/Cause/properties/cause/$ref'), '#/components/schemas/Cause')
  t.strictSame(Object.keys(atPointer(document, '/components/schemas') as object).toSorted(), ['Cause', 'Problem'])
  t.strictSame(atPointer(document, '/components/responses/Own'), { description: 'own' })
  t.notMatch(JSON.stringify(document), /\.yaml/)
})

t.test('an alias in the contract of something in another file is no namesake', async (t) => {
  const document = await bundleOf(t, {
    'contract.yaml': `${refers('#/components/responses/A')}components: { responses: { A: { $ref: 'other.yaml#/components/responses/A' } } }\n`,
    'other.yaml': 'components: { responses: { A: { description: other } } }'
  })
  t.strictSame(atPointer(document, '/components/responses/A'), { description: 'other' })
})

t.test('merge keys and anchors are resolved', async (t) => {
  const document = await bundleOf(t, { 'contract.yaml': `${head}x-limits: &limits { maxLength: 5, type: string }\npaths: {}\ncomponents:\n  schemas:\n    A: { <<: *limits, maxLength: 7 }\n    B: *limits\n` })
  t.strictSame(atPointer(document, '/components/schemas/A'), { maxLength: 7, type: 'string' })
  t.strictSame(atPointer(document, '/components/schemas/B'), { maxLength: 5, type: 'string' })
})

t.test('a contract in JSON is read too', async (t) => {
  const document = await bundleOf(t, { 'contract.json': '{"openapi":"3.0.3","info":{"title":"Prova","version":"1.0.0"},"paths":{}}' }, 'contract.json')
  t.equal(document['openapi'], '3.0.3')
})

t.test('a schema called __proto__ is a schema', async (t) => {
  const document = await bundleOf(t, { 'contract.yaml': `${head}paths: {}\ncomponents: { schemas: { __proto__: { type: string } } }\n` })
  t.strictSame(Object.keys(atPointer(document, '/components/schemas') as object), ['__proto__'])
  t.equal(({} as Record<string, unknown>)['type'], undefined)
})
