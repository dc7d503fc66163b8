import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { bundle } from './bundle.ts'
import { atPointer } from '../document.ts'
import type { JsonObject } from '../document.ts'
import { originOf } from './origin.ts'

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
  'a reference over http': [{ 'contract.yaml': refers('http://evil.example/a.yaml#/components/responses/A') }, /^contract\.yaml:7:16: \$ref "http:\/\/evil\.example\/a\.yaml#\/components\/responses\/A" leads outside the bundle and is not vendored: save what is there as refs\/a\.yaml and write in refs\.lock\.yaml beside the contract: "http:\/\/evil\.example\/a\.yaml": \{ file: refs\/a\.yaml, sha256: .*\(at #\/paths\/~1x\/get\/responses\/200\/\$ref\)$/],
  'a reference over https': [{ 'contract.yaml': refers('https://evil.example/a.yaml') }, /leads outside the bundle/],
  'a reference over HTTPS in upper case': [{ 'contract.yaml': refers('HTTPS://evil.example/a.yaml') }, /leads outside the bundle/],
  'a file URL': [{ 'contract.yaml': refers('file:///etc/passwd') }, /leads outside the bundle/],
  'a data URL': [{ 'contract.yaml': refers('data:application/json,{}') }, /leads outside the bundle/],
  'a host without a scheme': [{ 'contract.yaml': refers('//evil.example/a.yaml') }, /leads to a file outside the contract's folder/],
  'an absolute path': [{ 'contract.yaml': refers('/etc/passwd') }, /leads to a file outside the contract's folder/],
  'a path upwards': [{ 'contract.yaml': refers('../../../../../etc/passwd') }, /leads to a file outside the contract's folder/],
  'a path down and upwards': [{ 'contract.yaml': refers('parts/../../secret.yaml#/components/responses/A') }, /leads to a file outside the contract's folder/],
  'a file that is not there': [{ 'contract.yaml': refers('missing.yaml#/components/responses/A') }, /\$ref "missing\.yaml#\/components\/responses\/A" cannot be followed: the file cannot be read/],
  'a folder': [{ 'contract.yaml': refers('parts#/components/responses/A'), 'parts/a.yaml': 'a: 1' }, /the file cannot be read/],
  'a pointer to nothing': [{ 'contract.yaml': refers('#/components/responses/Missing') }, /^contract\.yaml:7:16: \$ref "#\/components\/responses\/Missing" points to nothing \(at #\/paths\/~1x\/get\/responses\/200\/\$ref\)$/],
  'a pointer to nothing in another file': [{ 'contract.yaml': refers('other.yaml#/components/responses/A'), 'other.yaml': 'components: { responses: {} }' }, /points to nothing/],
  'a pointer into the prototype': [{ 'contract.yaml': refers('#/constructor') }, /points to nothing/],
  'a pointer to __proto__': [{ 'contract.yaml': refers('#/__proto__/toString') }, /points to nothing/],
  'a dangling reference inside another file': [{ 'contract.yaml': refers('other.yaml#/components/responses/A'), 'other.yaml': "components: { responses: { A: { $ref: '#/components/responses/B' } } }" }, /^other\.yaml:1:33: \$ref "#\/components\/responses\/B" points to nothing/],
  'an http reference inside another file': [{ 'contract.yaml': refers('other.yaml#/components/responses/A'), 'other.yaml': "components: { responses: { A: { $ref: 'http://evil.example/x' } } }" }, /^other\.yaml:1:33: .*leads outside the bundle/],
  'a scheme that nobody reads': [{ 'contract.yaml': refers('ftp://evil.example/a.yaml') }, /leads outside the bundle; save that file beside the contract/],
  'a URL with credentials': [{ 'contract.yaml': refers('https://user:secret@evil.example/a.yaml') }, /\$ref "https:\/\/\*\*\*@evil\.example\/a\.yaml" leads outside the bundle, to a URL with credentials/],
  'a vendored file that was changed': [{ 'contract.yaml': refers('https://x.example/a.yaml'), 'refs.lock.yaml': `https://x.example/a.yaml: { file: refs/a.yaml, sha256: '${'0'.repeat(64)}' }`, 'refs/a.yaml': 'description: a' }, /is vendored as refs\/a\.yaml, which has not the SHA-256 that refs\.lock\.yaml says but [0-9a-f]{64}/],
  'a vendored file outside of the folder': [{ 'contract.yaml': refers('https://x.example/a.yaml'), 'refs.lock.yaml': `https://x.example/a.yaml: { file: ../../a.yaml, sha256: '${'0'.repeat(64)}' }` }, /leads to a file outside the contract's folder/],
  'a vendored file without a hash': [{ 'contract.yaml': refers('https://x.example/a.yaml'), 'refs.lock.yaml': 'https://x.example/a.yaml: { file: refs/a.yaml }' }, /refs\.lock\.yaml: "https:\/\/x\.example\/a\.yaml" needs file and sha256/],
  'a lock that is broken': [{ 'contract.yaml': refers('https://x.example/a.yaml'), 'refs.lock.yaml': 'a: b: c' }, /refs\.lock\.yaml:1:\d+: /],
  'a path item that leads back to itself': [{ 'contract.yaml': `${head}paths: { /a: { $ref: '#/paths/~1b' }, /b: { $ref: '#/paths/~1a' } }` }, /^contract\.yaml:3:16: \$ref "#\/paths\/~1b" leads back to itself/],
  'a pointer through a reference to itself': [{ 'contract.yaml': `${refers('#/components/responses/A/x')}components: { responses: { A: { $ref: '#/components/responses/A/x' } } }` }, /\$ref "#\/components\/responses\/A\/x" leads back to itself/],
  'a list of parameters that contains itself': [{ 'contract.yaml': `${head}paths: { /a: { parameters: { $ref: '#/paths/~1a/parameters' } } }` }, /leads back to itself/],
  'references that grow without end': [{ 'contract.yaml': `${head}paths: { /a: { $ref: '#/x-a' } }\n${'abcdefgh'.split('').map((name, index) => `x-${name}: { get: { callbacks: { ${Array.from({ length: 10 }, (_, count) => `c${count}: { u: { $ref: '#/x-${'bcdefghi'[index]}' } }`).join(', ')} } } }`).join('\n')}\nx-i: {}\n` }, /it grows beyond 500000 values when its references are followed/],
  'a reference without end': [{ 'contract.yaml': refers(`#/${'x'.repeat(5000)}`) }, /\$ref "#\/x{298}" is longer than 2000 characters/],
  'a reference without its slash': [{ 'contract.yaml': refers('#components/responses/A') }, /points to nothing: it has no \/ behind the #: did you mean "#\/components\/responses\/A"\?/],
  'an anchor that is not there': [{ 'contract.yaml': refers('#here') }, /points to nothing: there is no such anchor/],
  'a name alone': [{ 'contract.yaml': refers('Person') }, /\$ref "Person" cannot be followed: the file cannot be read/],
  'a mistake in YAML': [{ 'contract.yaml': `${head}paths: [\n` }, /^contract\.yaml:\d+:\d+: /],
  'a mistake in another file': [{ 'contract.yaml': refers('other.yaml#/components/responses/A'), 'other.yaml': 'components:\n  a: b: c\n' }, /^other\.yaml:2:\d+: /],
  'a key twice': [{ 'contract.yaml': `${head}paths: {}\npaths: {}\n` }, /^contract\.yaml:4:1: Map keys must be unique$/],
  'two documents in a file': [{ 'contract.yaml': `${head}---\n${head}` }, /^contract\.yaml:3:1: a second document begins here/],
  'a list': [{ 'contract.yaml': '- 1' }, /^contract\.yaml:1:1: is not an object/],
  'nothing': [{ 'contract.yaml': '' }, /is not an object/],
  'a bomb of aliases': [{ 'contract.yaml': `${head}a: &a [x,x,x,x,x,x,x,x,x,x]\n${'bcdefghi'.split('').map((name, index) => `${name}: &${name} [${Array.from({ length: 10 }, () => `*${'abcdefgh'[index]}`).join(',')}]`).join('\n')}\n` }, /cannot be read: .*alias/],
  'a bomb of merge keys': [{ 'contract.yaml': `${head}x-a: &a { k: 1 }\n${'bcdefghijklm'.split('').map((name, index) => `x-${name}: &${name} { <<: [${Array.from({ length: 10 }, () => `*${'abcdefghijkl'[index]}`).join(', ')}] }`).join('\n')}\n` }, /cannot be read: it holds more than 500000 values once its aliases are written out/],
  'a merge of itself': [{ 'contract.yaml': `${head}a: &a { <<: *a }\n` }, /cannot be read: /],
  'an alias inside of its own anchor': [{ 'contract.yaml': `${head}a: &a [*a]\n` }, /cannot be read: (it contains itself|.*alias)/],
  'nesting without end': [{ 'contract.yaml': `${head}a: ${'['.repeat(5000)}${']'.repeat(5000)}` }, /contract\.yaml:3:\d+: is nested too deep/],
  'nesting that is only too deep': [{ 'contract.yaml': `${head}a: ${'['.repeat(300)}${']'.repeat(300)}` }, /cannot be read: it is nested deeper than 256 levels/],
  'JSON with a key twice': [{ 'contract.yaml': '{"openapi":"3.0.3","info":{"title":"a","title":"b"}}' }, /^contract\.yaml:1:40: Map keys must be unique$/],
  'a template': [{ 'contract.yaml': `${head}paths:\n%{ if production ~}\n  /x: {}\n%{ endif ~}\n` }, /^contract\.yaml:\d+:\d+: .*line 4 looks like a template: if this is one, render it first/],
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

const okay = { description: 'okay' }

const taken: Readonly<Record<string, readonly [files: Record<string, string>, expected: Readonly<Record<string, unknown>>]>> = {
  'a part of another file that is no component': [{ 'contract.yaml': refers('other.yaml#/answers/Fine'), 'other.yaml': 'answers: { Fine: { description: okay } }' }, { '/components/responses/Fine': okay }],
  'a whole other file': [{ 'contract.yaml': refers('parts/fine%20answer.yaml'), 'parts/fine answer.yaml': 'description: okay' }, { '/components/responses/fine-answer': okay, '/paths/~1x/get/responses/200/$ref': '#/components/responses/fine-answer' }],
  'a namesake of something in the contract': [{ 'contract.yaml': `${refers('other.yaml#/components/responses/A')}components: { responses: { A: { description: mine } } }\n`, 'other.yaml': 'components: { responses: { A: { description: okay } } }' }, { '/components/responses/A_2': okay, '/components/responses/A': { description: 'mine' } }],
  'namesakes in two files': [{
    'contract.yaml': `${head}paths: { /x: { get: { responses: { 200: { $ref: 'a.yaml#/components/responses/A' }, 400: { $ref: 'b.yaml#/components/responses/A' } } } } }`,
    'a.yaml': 'components: { responses: { A: { description: okay } } }',
    'b.yaml': 'components: { responses: { A: { description: b } } }'
  }, { '/components/responses/A': okay, '/components/responses/A_2': { description: 'b' }, '/paths/~1x/get/responses/400/$ref': '#/components/responses/A_2' }],
  'a path item of another file': [{ 'contract.yaml': `${head}paths: { /x: { $ref: 'paths.yaml#/~1x', summary: mine } }`, 'paths.yaml': "/x: { get: { responses: { 200: { $ref: '#/answer' } } } }\nanswer: { description: okay }" }, { '/paths/~1x': { get: { responses: { 200: { $ref: '#/components/responses/answer' } } }, summary: 'mine' }, '/components/responses/answer': okay }],
  'all paths of another file': [{ 'contract.yaml': `${head}paths: { $ref: paths.yaml }`, 'paths.yaml': '/x: { get: { responses: { 200: { description: okay } } } }' }, { '/paths/~1x/get/responses/200': okay }],
  'an operation of another file': [{ 'contract.yaml': `${head}paths: { /x: { get: { $ref: 'get.yaml' } } }`, 'get.yaml': 'responses: { 200: { description: okay } }' }, { '/paths/~1x/get/responses/200': okay }],
  'what is vendored, and what that refers to': [{
    'contract.yaml': refers('https://x.example/v1/a.yaml#/A'),
    'refs.lock.yaml': 'https://x.example/v1/a.yaml: { file: refs/a.yaml, sha256: 34b1cb4ce0ab0ea4e4c4b2a8d2cabd2a34cf6f4a5a6d2d0e1b7f4d3b0c5a9e77 }\nhttps://x.example/b.yaml: { file: refs/b.yaml, sha256: SHA }',
    'refs/a.yaml': "A: { $ref: '../b.yaml#/B' }", 'refs/b.yaml': 'B: { description: okay }'
  }, { '/components/responses/A/$ref': '#/components/responses/B', '/components/responses/B': okay }],
  'a pointer with percent-encoding': [{ 'contract.yaml': `${head}paths: { '/x/{id}': { get: { responses: { 200: { $ref: '#/paths/~1x~1%7Bid%7D/post/responses/200' } } }, post: { responses: { 200: { description: okay } } } } }` }, { '/paths/~1x~1{id}/get/responses/200/$ref': '#/paths/~1x~1{id}/post/responses/200' }],
  'a pointer through a reference': [{ 'contract.yaml': `${refers('#/components/responses/A/x-inner')}components: { responses: { A: { $ref: 'other.yaml#/A' } } }`, 'other.yaml': 'A: { x-inner: { description: okay } }' }, { '/components/responses/x-inner': okay }],
  'a reference that is only an example': [{ 'contract.yaml': `${head}paths: {}\ncomponents: { schemas: { A: { example: { $ref: 'nothing.yaml' }, default: { $ref: '#/no' }, enum: [{ $ref: '#/no' }], x-other: { $ref: 'no.yaml' }, properties: { example: { $ref: '#/components/schemas/A' }, $ref: { type: string } } } } }` }, { '/components/schemas/A/example/$ref': 'nothing.yaml', '/components/schemas/A/properties/example/$ref': '#/components/schemas/A', '/components/schemas/A/properties/$ref/type': 'string' }],
  'definitions of a schema in its own file': [{ 'contract.yaml': `${head}paths: {}\ncomponents: { schemas: { A: { $ref: person.json } } }`, 'person.json': '{ "$schema": "http://json-schema.org/draft-07/schema#", "properties": { "name": { "$ref": "#/definitions/Name" } }, "definitions": { "Name": { "type": "string" } } }' }, { '/components/schemas/person/properties/name/$ref': '#/components/schemas/Name', '/components/schemas/Name/type': 'string' }],
  'definitions and anchors inside of a schema': [
    { 'contract.yaml': "openapi: 3.1.0\ninfo: {}\npaths: {}\ncomponents: { schemas: { A: { $defs: { B: { $anchor: b } }, properties: { x: { $ref: '#/$defs/B', description: kept }, y: { $ref: '#b' } } } } }" },
    { '/components/schemas/A/properties/x': { description: 'kept', $ref: '#/components/schemas/A/$defs/B' }, '/components/schemas/A/properties/y/$ref': '#/components/schemas/A/$defs/B' }
  ],
  'a dynamic reference': [
    { 'contract.yaml': "openapi: 3.1.0\ninfo: {}\npaths: { x-a: { $ref: nothing.yaml } }\ncomponents: { schemas: { Tree: { $dynamicAnchor: node, items: { $dynamicRef: '#node', maxItems: 3 } } } }" },
    { '/components/schemas/Tree/items': { maxItems: 3, allOf: [{ $ref: '#/components/schemas/Tree' }] }, '/paths/x-a/$ref': 'nothing.yaml' }
  ],
  'schemas that a discriminator of another file names': [
    { 'contract.yaml': `${head}paths: {}\ncomponents: { schemas: { A: { $ref: 'other.yaml#/components/schemas/Pet' }, Dog: {} } }`, 'other.yaml': "components: { schemas: { Pet: { oneOf: [{ $ref: '#/components/schemas/Cat' }, { $ref: '#/components/schemas/Dog' }], discriminator: { propertyName: kind, mapping: { cat: Cat } } }, Cat: {}, Dog: {} } }" },
    { '/components/schemas/Pet/discriminator/mapping': { cat: '#/components/schemas/Cat', Dog: '#/components/schemas/Dog_2' } }
  ]
}

for (const [name, [files, expected]] of Object.entries(taken)) {
  t.test(`taken in: ${name}`, async (t) => {
    const hash = (name: string): string => createHash('sha256').update(files[name] ?? '').digest('hex')
    const lock = files['refs.lock.yaml']?.replace(/34b1[0-9a-f]+/, hash('refs/a.yaml')).replace('SHA', hash('refs/b.yaml'))
    const document = await bundleOf(t, { ...files, ...lock !== undefined && { 'refs.lock.yaml': lock } })
    for (const [pointer, value] of Object.entries(expected)) t.strictSame(atPointer(document, pointer), value, pointer)
    t.notMatch(JSON.stringify({ ...document['components'] as object, schemas: undefined }), /\.yaml/)
  })
}

t.test('a symbolic link leads out of the folder no more than a path does, and a pipe is not waited for', async (t) => {
  const folder = t.testdir({ 'secret.yaml': 'description: secret', inside: { 'contract.yaml': refers('link.yaml'), 'piped.yaml': refers('pipe.yaml'), 'link.yaml': t.fixture('symlink', '../secret.yaml') } })
  await t.rejects(bundle(join(folder, 'inside/contract.yaml')), { message: /leads to a file outside the contract's folder/ })
  execFileSync('mkfifo', [join(folder, 'inside/pipe.yaml')])
  await t.rejects(bundle(join(folder, 'inside/piped.yaml')), { message: /the file cannot be read/ })
})

t.test('it is known where what was taken in comes from', async (t) => {
  const folder = t.testdir({ 'contract.yaml': refers('other.yaml#/answers/Fine'), 'other.yaml': 'answers: { Fine: { description: okay } }' })
  const { origins, files } = await bundle(join(folder, 'contract.yaml'))
  t.match(originOf('/components/responses/Fine/description', 'contract.yaml', origins), { file: join(folder, 'other.yaml'), pointer: '/answers/Fine/description' })
  t.strictSame(originOf('/paths/~1x', 'contract.yaml', origins), { file: 'contract.yaml', pointer: '/paths/~1x' })
  t.strictSame(files, ['contract.yaml', 'other.yaml'].map((name) => join(folder, name)))
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

t.test('a text stays a text, whatever YAML would make of it', async (t) => {
  const document = await bundleOf(t, { 'contract.yaml': `\ufeff%YAML 1.1\r\n---\r\nopenapi: 3.0.3\r\nx-a: [2026-11-22, !!timestamp 2026-11-22, yes, 012, 12:30:00, !!binary aGk=, '\${x}']\r\n` })
  t.strictSame(document['x-a'], ['2026-11-22', '2026-11-22', 'yes', 12, '12:30:00', 'aGk=', '${x}'])
})

t.test('JSON may be indented with tabs', async (t) => {
  t.strictSame((await bundleOf(t, { 'contract.yaml': '{\n\t"openapi": "3.0.3",\n\t"x-a": [\n\t\t1\n\t]\n}' }))['x-a'], [1])
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
