import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { runCommandLine } from '../command-line.ts'
import { temporaryFolder } from '../harness/process.ts'

process.env['NO_COLOR'] = '1'
const folder = await temporaryFolder(t)
let written = 0

interface Version { readonly version?: string, readonly query?: object, readonly operations?: readonly string[], readonly modi?: object }

async function contract ({ version = '1.0.0', query = {}, operations = ['list'], modi }: Version = {}): Promise<string> {
  const file = join(folder, `contract-${++written}.json`)
  const operation = (operationId: string): object => ({ operationId, parameters: [{ name: 'q', in: 'query', schema: { type: 'string' }, ...query }], responses: { 200: { description: 'ok' } } })
  await writeFile(file, JSON.stringify({
    openapi: '3.0.3', info: { title: 'Things', version }, ...modi && { 'x-modi': modi },
    paths: Object.fromEntries(operations.map((id) => [`/${id}`, { get: operation(id) }]))
  }))
  return file
}

async function diff (...args: string[]): Promise<{ code: number, out: string, err: string }> {
  let [out, err] = ['', '']
  const code = await runCommandLine(['diff', ...args], { out: (text) => { out += text }, err: (text) => { err += text }, stdin: async () => Buffer.alloc(0), env: {}, now: () => 0 })
  return { code, out, err }
}

const cases: Record<string, { before?: Version, after: Version, code: number, lines: readonly RegExp[] }> = {
  'the same contract': { after: {}, code: 0, lines: [/^Nothing would change\.$/] },
  'a parameter that is required now': { after: { version: '2.0.0', query: { required: true } }, code: 1, lines: [/^Things$/, /breaking +list +query parameter "q": is required now$/, /^$/, /^1 breaking$/] },
  'broken callers below the same major version': { after: { version: '1.1.0', operations: [] }, code: 1, lines: [/^Things$/, /breaking +list +is removed: GET \/list/, /changed +info\.version was 1\.0\.0, is 1\.1\.0: what breaks callers takes a new major version/, /^$/, /^1 breaking, 1 changed$/] },
  'something new under the same version': { after: { operations: ['list', 'find'] }, code: 0, lines: [/^Things$/, /changed +info\.version was 1\.0\.0, is 1\.0\.0: the contract has changed, its version has not/, /added +find +is added: GET \/find/, /^$/, /^1 changed, 1 added$/] },
  'something new under a new minor version': { after: { version: '1.1.0', operations: ['list', 'find'] }, code: 0, lines: [/^Things$/, /added +find/, /^$/, /^1 added$/] },
  'a version that goes back': { before: { version: '1.10.0' }, after: { version: '1.9.0' }, code: 0, lines: [/^Things$/, /changed +info\.version was 1\.10\.0, is 1\.9\.0: it goes back/, /^$/, /^1 changed$/] },
  'a lost demand': { before: { modi: { dpop: 'required' } }, after: { version: '1.1.0' }, code: 1, lines: [/^Things$/, /weaker +list +.*DPoP/i, /^$/, /^1 weaker$/] }
}

for (const [name, { before, after, code, lines }] of Object.entries(cases)) {
  t.test(name, async (t) => {
    const found = await diff(await contract(before), await contract(after))
    t.equal(found.err, '')
    t.equal(found.code, code)
    const shown = found.out.trimEnd().split('\n')
    t.equal(shown.length, lines.length, found.out)
    for (const [index, line] of lines.entries()) t.match(shown[index], line)
  })
}

t.test('for programs', async (t) => {
  const { code, out } = await diff(await contract(), await contract({ version: '2.0.0', query: { required: true } }), '--format', 'json')
  t.equal(code, 1)
  t.strictSame(JSON.parse(out), { hurts: true, counts: { breaking: 1 }, lines: [{ kind: 'breaking', operation: 'list', sentence: 'query parameter "q": is required now' }] })
})

t.test('what cannot be compared', async (t) => {
  const good = await contract()
  t.match(await diff(good), { code: 2, err: /name two files/ })
  t.match(await diff(good, good, '--format', 'yaml'), { code: 2, err: /--format takes text or json/ })
  const broken = join(folder, 'broken.yaml')
  await writeFile(broken, 'openapi: 3.0.3\ninfo: "no end')
  t.match(await diff(good, broken), { code: 78, err: /broken\.yaml:2:\d+: / })
  for (const files of [[good, join(folder, 'missing.yaml')], [join(folder, 'missing.yaml'), good]] as const) t.match(await diff(...files), { code: 2, err: /missing\.yaml cannot be read \(ENOENT\)/ })
  t.match(await diff(good, folder), { code: 2, err: /cannot be read \(EISDIR\)/ })
})
