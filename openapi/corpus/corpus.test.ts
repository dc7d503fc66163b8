import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { findDocumentFault } from './document-fault.ts'
import { runCorpus } from './main.ts'
import { linesOf, summaryOf } from './report.ts'
import { isOurFault } from './study.ts'
import type { Study } from './study.ts'
import { differencesOf } from './verdict.ts'

const contract = (paths: string): string => `openapi: 3.0.3\ninfo: { title: Prova, version: 1.0.0 }\npaths:\n${paths}`
const good = contract("  /a: { get: { responses: { '200': { description: Ok, content: { application/json: { schema: { type: string, pattern: '^[a-z]{1,9}$' } } } } } } }\n")
const refersTo = (reference: string): string => contract(`  /a: { get: { responses: { '200': { $ref: '${reference}' } } } }\n`)

async function folderOf (t: Test, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = t.testdir({})
  await mkdir(join(folder, 'inner'))
  await Promise.all(Object.entries(files).map(async ([name, text]) => writeFile(join(folder, name), text)))
  return folder
}

async function run (args: readonly string[]): Promise<{ code: number, out: string }> {
  let out = ''
  const code = await runCorpus(args, (text) => { out += text })
  return { code, out }
}

t.test('every contract of a folder is loaded, or refused with a fault of its own, and what is no contract is left out', async (t) => {
  const folder = await folderOf(t, {
    'good.yaml': good,
    'inner/good.json': JSON.stringify({ openapi: '3.0.0', info: { title: 'x', version: '1.0.0' }, paths: {} }),
    'broken.yml': good.replace('3.0.3', '"3.0.3'),
    'dangling.yaml': refersTo('#/components/responses/None'),
    'remote.yaml': refersTo('https://example.org/x.yaml#/a'),
    'missing.yaml': refersTo('./none.yaml#/a'),
    'MANIFEST.yaml': 'files: 3\n',
    'package.json': '{ "name": "x" }'
  })
  const json = join(folder, 'report.json')
  const { code, out } = await run([folder, '--no-lint', '--json', json])
  t.equal(code, 0, out)
  t.match(out, /^contracts +6: 2 loaded, 4 refused for a fault of their own, 0 refused by Varco$/m)
  for (const [name, kind] of [['broken.yml', 'syntax'], ['dangling.yaml', 'dangling reference'], ['remote.yaml', 'reference that is not vendored'], ['missing.yaml', 'reference that is not vendored']]) {
    t.match(out, new RegExp(`^refused  ${name}: ${kind} \\(load: .+\\)$`, 'm'))
  }
  t.match(JSON.parse(await readFile(json, 'utf8')), { summary: { contracts: 6, loaded: 2, operations: 1, compiled: { request: 0, response: 1 }, patterns: { all: 1, linear: [], refused: [] } }, contracts: [] })
})

t.test('a verdict other than the reference, and a sound contract that is refused, count against Varco', async (t) => {
  const folder = await folderOf(t, { 'good.yaml': good, 'expected-findings.json': JSON.stringify({ 'good.yaml': { spectral: { 'has-made-up-rule': 2 } } }) })
  const { code, out } = await run([folder])
  t.equal(code, 1, out)
  t.match(out, /^VERDICT {2}good\.yaml: .*has-made-up-rule 0 instead of 2/m)
  t.match(out, /^verdicts +profile pdnd: 0 equal to the reference, 1 different, 0 unknown$/m)
  const refused: Study = { file: join(folder, 'good.yaml'), loading: { outcome: 'refused', stage: 'compile', reason: 'no' } }
  t.equal(isOurFault(refused), true)
  t.strictSame(linesOf(refused, folder), ['REFUSED  good.yaml: compile: no'])
  t.match(summaryOf([refused]), { contracts: 1, refusedByVarco: 1, refusedForFaultOfDocument: 0 })
  t.equal(isOurFault({ ...refused, fault: { kind: 'syntax', what: 'x' } }), false)
  t.strictSame(differencesOf({ a: 1, b: 2 }, { b: 2, c: 3 }), [{ rule: 'a', expected: 1, found: 0 }, { rule: 'c', expected: 0, found: 3 }])
})

t.test('a contract that takes too long does not end the run', async (t) => {
  const folder = await folderOf(t, { 'a.yaml': good, 'b.yaml': good })
  const { code, out } = await run([folder, '--no-lint', '--deadline', '1'])
  t.equal(code, 1)
  t.match(out, /^REFUSED {2}a\.yaml: worker: took more than 1 ms\nREFUSED {2}b\.yaml: worker: took more than 1 ms\n/)
})

t.test('a document has a fault of its own only where nobody could read it', async (t) => {
  const folder = await folderOf(t, {
    'good.yaml': good,
    'part.yaml': 'a: { description: Ok }\n',
    'refers.yaml': refersTo('./part.yaml#/a'),
    'deep.yaml': refersTo('./part.yaml#/b'),
    'no-paths.yaml': 'openapi: 3.0.3\ninfo: {}\n',
    'two.yaml': 'swagger: "2.0"\ninfo: {}\npaths: {}\n',
    'bomb.yaml': `openapi: 3.0.3\ninfo: {}\npaths: {}\nx-a: &a [x, x, x, x, x, x, x, x, x]\n${['b', 'c', 'd', 'e', 'f', 'g'].map((name, at) => `x-${name}: &${name} [${`*${'abcdef'[at]}, `.repeat(9)}]\n`).join('')}`
  })
  const kindOf = async (name: string): Promise<string | undefined> => (await findDocumentFault(join(folder, name)))?.kind
  for (const name of ['good.yaml', 'refers.yaml']) t.equal(await kindOf(name), undefined, name)
  for (const name of ['no-paths.yaml', 'two.yaml']) t.equal(await kindOf(name), 'not OpenAPI 3', name)
  t.equal(await kindOf('deep.yaml'), 'dangling reference')
  t.equal(await kindOf('bomb.yaml'), 'syntax')
})

t.test('wrong words show how it is used', async (t) => {
  for (const args of [[], ['x', '--jsno', 'y'], ['x', '--deadline', 'soon']]) t.match(await run(args), { code: 2, out: /npm run corpus -- FOLDER/ })
  t.match(await run(['--help']), { code: 0, out: /npm run corpus -- FOLDER/ })
})
