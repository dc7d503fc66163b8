import { access, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { policies } from '../policies/order.ts'
import { runCommandLine } from './command-line.ts'
import { loadConfig } from './config.ts'
import { root, temporaryFolder } from './harness/process.ts'
import { withPatternTable } from './pattern-table.ts'
import { listenerPorts } from './ports.ts'

const readme = await readFile(join(root, 'README.md'), 'utf8')

/** The text under a heading. */
function section (title: string): string {
  return readme.split(/^## /m).find((part) => part.startsWith(`${title}\n`)) ?? ''
}

/** The rows of a table as cells, without its head. */
function rows (text: string): readonly (readonly string[])[] {
  return text.split('\n').filter((line) => line.startsWith('| ')).slice(1).map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim()))
}

/** What stands between backticks. */
function quoted (text: string): readonly string[] {
  return [...text.matchAll(/`([^`\n]+)`/g)].map(([, word]) => word ?? '')
}

const life = rows(section('The life of a request')).map(([step = '', what = '', where = '']) => ({ step: step.replace(/^\d+\. /, ''), what, files: quoted(where) }))

t.test('the life of a request has the steps of the code, in their order, with their files', async (t) => {
  const source = await readFile(join(root, 'gateway/app.ts'), 'utf8')
  const told = /The life of a request, in order: ([\s\S]*?)\.\n/.exec(source)?.[1]?.replaceAll(/\n \* /g, ' ') ?? ''
  const steps = [...told.matchAll(/([a-z ]+) \(([^)]*)\)/g)].flatMap(([, names = '', files = '']) => names.trim().split(' and ').map((step) => ({ step, files: files.match(/[a-z/-]+\.ts/g) ?? [] })))
  t.ok(steps.length >= 7)
  t.strictSame(life.map(({ step }) => step), steps.map(({ step }) => step))
  const all = life.flatMap(({ files }) => files)
  for (const { files } of steps) for (const file of files) t.ok(all.includes(`gateway/${file}`), `${file} is in the README`)
  t.ok(life.every(({ files }) => files.length > 0))
})

t.test('it lists the policies in the order in which they run, before, over and after the body', async (t) => {
  const names: readonly string[] = policies.map(({ name }) => name)
  const listed = (stage: string): readonly string[] => quoted(life.find(({ step }) => step === stage)?.what ?? '').filter((word) => names.includes(word))
  t.strictSame(listed('admit'), policies.filter(({ stage }) => stage === 'before-body').map(({ name }) => name))
  t.strictSame(listed('body'), policies.filter(({ stage }) => stage === 'body').map(({ name }) => name))
  t.strictSame(listed('quota'), policies.filter(({ stage }) => stage === 'after-body').map(({ name }) => name))
})

t.test('the table of patterns is the one that the code gives (npm run patterns -- --write)', async (t) => {
  t.equal(readme, withPatternTable(readme))
  t.throws(() => withPatternTable('no place'), { message: /^there is no place for the table/ })
})

t.test('every file that it names is there', async (t) => {
  const links = [...readme.matchAll(/\]\(([^)#]+)\)/g)].map(([, path]) => path ?? '').filter((path) => !path.includes('://'))
  const paths = [...quoted(readme), ...links].filter((word) => /^[\w.-]+(\/[\w.-]+)*\.(ts|js|json|yaml|yml|md)$/.test(word) || links.includes(word))
  t.ok(paths.length > 20)
  for (const path of new Set(paths)) t.resolves(access(join(root, path)), path)
})

t.test('every npm script and every command that it names is there, with its options', async (t) => {
  const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> }
  const named = [...readme.matchAll(/npm (?:run ([a-z:]+)|(start|test))/g)].map(([, name, builtIn]) => name ?? builtIn ?? '')
  t.ok(named.length >= 7)
  for (const name of new Set(named)) t.ok(scripts[name], `npm run ${name}`)

  const commands = [...readme.matchAll(/npx varco ([a-z]+)([^`\n]*)/g)]
  t.ok(commands.length >= 3)
  for (const [whole, name = '', rest = ''] of commands) {
    let usage = ''
    const code = await runCommandLine([name, '--help'], { out: (text) => { usage += text }, err: () => undefined, stdin: async () => Buffer.alloc(0), env: {}, now: Date.now })
    t.equal(code, 0, whole)
    for (const option of rest.match(/--[a-z]+/g) ?? []) t.match(usage, new RegExp(`${option}\\b`), `${name} ${option}`)
  }
})

t.test('the ports of its table are those of the code', async (t) => {
  const table = rows(section('Two commands')).flatMap(([what = '', port = '']) => /^\d+$/.test(port) ? [[what.split(/[ ,:;]/)[0] ?? '', Number(port)] as const] : [])
  const { gateway, sandbox, operations, internal, eservices } = listenerPorts({})
  t.strictSame(Object.fromEntries(table), { gateway, sandbox, operations, internal, 'e-services': eservices })
})

t.test('its configuration is a good one, and is not without its secrets', async (t) => {
  const path = join(await temporaryFolder(t), 'gateway.yaml')
  for (const named of ['parking-permits.v1.yaml', 'registry.yaml']) await writeFile(join(path, '..', named), '')
  await writeFile(path, /```yaml\n([\s\S]*?)```/.exec(readme)?.[1] ?? '')
  const secret = 'a-secret-of-forty-characters-or-so-12345'
  const config = await loadConfig(path, { VARCO_OPERATIONS_TOKEN: secret, PARKING_SECRET: secret })
  t.match(config, { environment: 'collaudo', eservices: [{ name: 'parking-permits', upstream: { secret } }] })
  t.notMatch(JSON.stringify(config.shown), new RegExp(secret))
  await t.rejects(loadConfig(path, {}), { message: /^.*:5: .*VARCO_OPERATIONS_TOKEN is not set\n.*:9: .*PARKING_SECRET is not set$/ })
})
