import { execFile } from 'node:child_process'
import { globSync } from 'node:fs'
import { access, readFile, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { Ajv } from 'ajv'
import type { ValidateFunction } from 'ajv'
import t from 'tap'
import { parse } from 'yaml'
import { policies } from '../policies/order.ts'
import { runCommandLine } from './command-line.ts'
import { loadConfig } from './config.ts'
import { root, temporaryFolder } from './harness/process.ts'
import { patternPages, withPatternTable } from './pattern-table.ts'
import { listenerPorts } from './ports.ts'

/** Every page of the repository, by its path from the root. */
const pages = new Map(await Promise.all(globSync('**/*.md', { cwd: root, exclude: (name) => ['node_modules', '.tap', '.varco'].includes(name) }).toSorted()
  .map(async (path) => [path, await readFile(join(root, path), 'utf8')] as const)))
const readme = pages.get('README.md') ?? ''
const everyPage = [...pages.values()].join('\n\n')

/** The text under a heading of the README. */
function section (title: string): string {
  return readme.split(/^## /m).find((part) => part.startsWith(`${title}\n`)) ?? ''
}

/** The rows of a table as cells, without its head. */
function rows (text: string): readonly (readonly string[])[] {
  return text.split('\n').filter((line) => line.startsWith('| ')).slice(1).map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim()))
}

/** A page without its blocks of code. */
function prose (text: string): string {
  return text.replaceAll(/^```[\s\S]*?^```$/gm, '')
}

/** What stands between backticks, also over the end of a line. */
function quoted (text: string): readonly string[] {
  return [...prose(text).matchAll(/`([^`]+)`/g)].map(([, words]) => words?.replaceAll(/\s+/g, ' ') ?? '')
}

/** Where the links of a page lead that stay in the repository: path and anchor as they are written. */
function links (text: string): readonly { readonly path: string, readonly anchor: string | undefined }[] {
  return [...prose(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target).filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => target.split('#')).map(([path = '', anchor]) => ({ path, anchor }))
}

/** The anchors of a page, as they are made from its headings. */
function anchors (text: string): readonly string[] {
  const made: string[] = []
  for (const [, title = ''] of prose(text).matchAll(/^#+ (.+)$/gm)) {
    const slug = title.toLowerCase().replaceAll(/[^\p{L}\p{N}_ -]/gu, '').replaceAll(' ', '-')
    const again = made.filter((other) => other === slug || other.replace(/-\d+$/, '') === slug).length
    made.push(again === 0 ? slug : `${slug}-${again}`)
  }
  return made
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

t.test('the tables of patterns are those that the code gives (npm run patterns -- --write)', async (t) => {
  for (const [path, columns] of Object.entries(patternPages)) {
    const page = pages.get(path) ?? ''
    t.equal(page, withPatternTable(page, columns), path)
    t.throws(() => withPatternTable('no place', columns), { message: /^there is no place for the table/ })
  }
})

t.test('every link leads to a file, and to a heading where it has an anchor', async (t) => {
  let followed = 0
  for (const [from, text] of pages) {
    for (const { path, anchor } of links(text)) {
      const target = path === '' ? from : join(dirname(from), path)
      followed++
      await t.resolves(access(join(root, target)), `${from}: ${path}`)
      if (anchor !== undefined) t.ok(anchors(pages.get(target) ?? '').includes(anchor), `${from}: ${path}#${anchor}`)
    }
  }
  t.ok(followed > 60)
  t.strictSame(anchors('# A\n```\n# none\n```\n## B: `c`, _d_ & é\n## A\n## A'), ['a', 'b-c-_d_--é', 'a-1', 'a-2'])
})

t.test('the README leads to every page, and a page of a room to each of its sections', async (t) => {
  const led = links(readme).map(({ path }) => path)
  t.ok(pages.size >= 8)
  for (const [path, text] of pages) {
    if (path !== 'README.md') t.ok(led.includes(path), path)
    if (!path.endsWith('/README.md')) continue
    const listed = links(text).filter((link) => link.path === '').map(({ anchor }) => anchor)
    for (const [, title = ''] of prose(text).matchAll(/^## (.+)$/gm)) t.ok(listed.includes(anchors(`## ${title}`)[0]), `${path}: ${title}`)
  }
})

t.test('every file and folder that the pages name is there', async (t) => {
  const paths = new Set(quoted(everyPage).filter((word) => /^[\w.-]+(\/[\w.-]+)*\.(ts|js|json|yaml|yml|md)$/.test(word) || /^(openapi|policies|gateway|eservices|loadtest|test)\/[\w./-]*$/.test(word)))
  t.ok(paths.size > 30)
  for (const path of paths) await t.resolves(access(join(root, path)), path)
})

t.test('the house has the rooms and folders that are told of, and no others where code is', async (t) => {
  const plan = /```\n([\s\S]*?)```/.exec(section('The house'))?.[1] ?? ''
  const rooms = [...plan.matchAll(/^([a-z]+)\/ /gm)].map(([, room = '']) => room)
  const code = new Set(globSync('*/**/*.{ts,js,yaml}', { cwd: root, exclude: (name) => name.startsWith('.') || name === 'node_modules' }).map((file) => dirname(file)))
  t.strictSame(rooms.toSorted(), [...new Set([...code].map((folder) => folder.split('/')[0] ?? ''))].toSorted())
  for (const room of ['openapi', 'gateway']) {
    const told = new RegExp(`^${room}/ ([\\s\\S]*?)(?=^[a-z]|$(?![\\s\\S]))`, 'm').exec(plan)?.[1] ?? ''
    const folders = new Set([...code].filter((folder) => folder.startsWith(`${room}/`)).map((folder) => folder.split('/')[1] ?? ''))
    t.strictSame([...told.matchAll(/\b([a-z]+)\//g)].map(([, folder = '']) => folder).toSorted(), [...folders].toSorted(), room)
  }
})

t.test('every npm script that the pages name is there, with its options', async (t) => {
  const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> }
  const named = [...everyPage.matchAll(/npm (?:run ([a-z:-]+)|(start|test))/g)].map(([, name, builtIn]) => name ?? builtIn ?? '')
  t.ok(named.length >= 20)
  for (const name of new Set(named)) t.ok(scripts[name], `npm run ${name}`)

  const options = new Map<string, Set<string>>()
  const note = (name: string, text: string): void => { for (const [option] of text.matchAll(/--[a-z][a-z-]*/g)) options.set(name, (options.get(name) ?? new Set()).add(option)) }
  for (const words of quoted(everyPage)) for (const [, name = '', rest = ''] of words.matchAll(/^npm run ([a-z:-]+)(.* -- .*|\s\[--.*)$/g)) note(name, rest)
  // In a table of commands the options of a command may stand anywhere in its row.
  for (const line of everyPage.split('\n')) {
    const name = /^\| `npm run ([a-z:-]+)/.exec(line)?.[1]
    if (name) note(name, quoted(line).filter((words) => words.startsWith('npm') || words.startsWith('--')).join(' '))
  }
  t.ok(options.size >= 7)
  for (const [name, wanted] of options) {
    const words = (scripts[name] ?? '').split(' ').slice(1)
    const told = async (...mode: string[]): Promise<string> => (await promisify(execFile)(process.execPath, [...words, ...mode, '--help'], { cwd: root })).stdout
    const usage = await told() + (wanted.has('--guard') ? await told('--guard') : '')
    for (const option of wanted) t.match(usage, new RegExp(`${option}\\b`), `${name} ${option}`)
  }
})

t.test('every command of varco that the pages name is there, with its options', async (t) => {
  const named = [...everyPage.matchAll(/(?:npx |`)varco ([a-z]+)([^`\n]*)(.*)/g)]
  t.ok(named.length >= 30)
  const usages = new Map<string, string>()
  for (const [whole, name = '', rest = '', row = ''] of named) {
    if (!usages.has(name)) {
      let usage = ''
      const code = await runCommandLine([name, '--help'], { out: (text) => { usage += text }, err: () => undefined, stdin: async () => Buffer.alloc(0), env: {}, now: Date.now })
      t.equal(code, 0, whole)
      usages.set(name, usage)
    }
    const usage = usages.get(name) ?? ''
    const [, subcommand] = /^ ([a-z]+)/.exec(rest) ?? []
    const subcommands = [...usage.matchAll(new RegExp(`^varco ${name} ([a-z]+)`, 'gm'))].map(([, word]) => word)
    if (subcommand && subcommands.length > 0) t.ok(subcommands.includes(subcommand), `${name} ${subcommand}`)
    for (const option of [rest, ...quoted(`\`${row}`).filter((words) => words.startsWith('--'))].flatMap((words) => words.match(/--[a-z-]+/g) ?? [])) t.match(usage, new RegExp(`${option}\\b`), `${name} ${option}`)
  }
})

t.test('the ports of the pages are those of the code', async (t) => {
  const table = rows(section('Two commands')).flatMap(([what = '', port = '']) => /^\d+$/.test(port) ? [[what.split(/[ ,:;]/)[0] ?? '', Number(port)] as const] : [])
  const { gateway, sandbox, operations, internal, eservices } = listenerPorts({})
  t.strictSame(Object.fromEntries(table), { gateway, sandbox, operations, internal, 'e-services': eservices })
  const named = [...everyPage.matchAll(/(?:127\.0\.0\.1:|\bon |\bport )(\d{4,5})\b/g)].map(([, port]) => Number(port))
  t.ok(named.length >= 4)
  for (const port of named) t.ok([gateway, sandbox, operations, internal, eservices].includes(port), String(port))
})

t.test('every member of the configuration and of x-modi that the pages name is there, with its values', async (t) => {
  interface Schema { readonly properties: Readonly<Record<string, unknown>> }
  const read = async (name: string): Promise<Schema> => JSON.parse(await readFile(join(root, 'gateway', name), 'utf8')) as Schema
  const config = await read('config.schema.json')
  const own = (config.properties['eservices'] as { additionalProperties: Schema }).additionalProperties
  const ajv = new Ajv({ allErrors: true, verbose: true, strict: false })
  const [judgeConfig, judgeDemands] = [ajv.compile(config), ajv.compile(await read('demands.schema.json'))]
  // Of an extract nothing is judged but names and choices: the rest is left out or stands for something.
  const wrong = (judge: ValidateFunction, value: unknown): boolean =>
    !judge(value) && (judge.errors ?? []).some(({ keyword, data }) => keyword === 'additionalProperties' || (keyword === 'enum' && data !== null))
  const nested = (path: readonly string[], value: unknown): unknown => path.reduceRight((inner, name) => ({ [name]: inner }), value)
  const isGood = (words: string): boolean | undefined => {
    const [, dotted = '', written] = /^([A-Za-z0-9-]+(?:\.(?:<name>|[A-Za-z0-9]+))*)(?:: (.+))?$/.exec(words) ?? []
    const path = dotted.replace('<name>', 'name').split('.')
    const [first = ''] = path
    if (path.length === 1 && written === undefined) return undefined
    const value: unknown = written === undefined ? null : parse(written)
    if (first === 'x-modi') return !wrong(judgeDemands, value)
    const places = [...first in config.properties ? [path] : [], ...first in own.properties ? [['eservices', 'name', ...path]] : []]
    return places.length === 0 ? undefined : places.some((place) => !wrong(judgeConfig, nested(place, value)))
  }
  const judged = [...new Set(quoted(everyPage))].flatMap((words) => isGood(words) === undefined ? [] : [words])
  t.ok(judged.length > 35)
  for (const words of judged) t.ok(isGood(words), words)
  for (const words of ['limits.bursts', 'eservices.<name>.replyTo: [{ consumers }]', 'quota: { mode: blocks }', 'x-modi: { dpop: always }']) t.equal(isGood(words), false, words)
})

t.test('every metric, address of operations and variable of the environment that the pages name is in the code', async (t) => {
  const files = globSync('{openapi,gateway,eservices}/**/*.{ts,js}', { cwd: root }).filter((file) => !file.endsWith('.test.ts'))
  const code = (await Promise.all(files.map(async (file) => readFile(join(root, file), 'utf8')))).join('\n')
  const eservices = globSync('openapi/*.v1.yaml', { cwd: root }).map((file) => basename(file, '.v1.yaml').toUpperCase().replaceAll('-', '_'))
  // TICKETS_SOME_SETTING is what the e-service reads as settings['someSetting'].
  const setting = (name: string): string => {
    const own = eservices.find((eservice) => name.startsWith(`${eservice}_`))
    return own === undefined ? name : `settings['${name.slice(own.length + 1).toLowerCase().replaceAll(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase())}']`
  }
  const all = quoted(everyPage)
  const metrics = all.flatMap((words) => /^varco_[a-z_]+\*?$/.exec(words) ?? [])
  const addresses = all.flatMap((words) => /^\/-\/[a-z-]+/.exec(words) ?? [])
  const variables = all.flatMap((words) => /^[A-Z]+(?:_[A-Z0-9]+)+(?==|$)/.exec(words) ?? [])
  t.ok(metrics.length >= 12 && addresses.length >= 9 && variables.length >= 8)
  // A star at the end stands for several.
  for (const name of new Set([...metrics, ...addresses])) t.ok(new RegExp(name.endsWith('*') ? name.slice(0, -1) : `${name}(?![\\w-])`).test(code), name)
  for (const name of new Set(variables)) t.ok(code.includes(name) || code.includes(setting(name)), name)
})

t.test('the configuration of the pages is a good one, and is not without its secrets', async (t) => {
  const examples = [...everyPage.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text]) => text)
  t.equal(examples.length, 1)
  const path = join(await temporaryFolder(t), 'gateway.yaml')
  for (const named of ['parking-permits.v1.yaml', 'registry.yaml']) await writeFile(join(path, '..', named), '')
  await writeFile(path, examples[0] ?? '')
  const secret = 'a-secret-of-forty-characters-or-so-12345'
  const config = await loadConfig(path, { VARCO_OPERATIONS_TOKEN: secret, PARKING_SECRET: secret })
  t.match(config, { environment: 'collaudo', eservices: [{ name: 'parking-permits', upstream: { secret } }] })
  t.notMatch(JSON.stringify(config.shown), new RegExp(secret))
  await t.rejects(loadConfig(path, {}), { message: /^.*:5: .*VARCO_OPERATIONS_TOKEN is not set\n.*:9: .*PARKING_SECRET is not set$/ })
})
