import { readdir, readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { parse } from 'yaml'
import { isMeantAsContract } from '../../openapi/corpus/document-fault.ts'
import { checkConfiguration } from '../check/configuration.ts'
import { countsOf } from '../check/checked.ts'
import type { Checked } from '../check/checked.ts'
import { checkContract } from '../check/contract.ts'
import { toGithub } from '../check/github.ts'
import { toSarif } from '../check/sarif.ts'
import { valueAt } from '../document-value.ts'
import { checkText } from './check-text.ts'
import { exitCodes, UsageError } from './command.ts'
import type { Command, Terminal } from './command.ts'

const formats = ['text', 'json', 'sarif', 'github'] as const
const rulesUrl = 'http://127.0.0.1:8080/rules'

/** `varco check`: contracts and configurations before anybody depends on them. */
export const check: Command = {
  name: 'check',
  summary: 'Check contracts as PDND will, and configurations with all that they name',
  usage: `varco check FILE… [--profile pdnd|modi] [--offline] [--format text|json|sarif|github] [--lang it|en] [--all]

Each file is a contract (OpenAPI, YAML or JSON), a configuration of the gateway, or a folder of contracts.
A contract is judged by rules, and loaded as a gateway would to serve it:
  --profile pdnd  what PDND's publication gate will say (default)
  --profile modi  what the guidelines ask, also where the gate does not look, and what a gateway needs
A configuration is checked with its registry, grants, keys and contracts, by the profile that it says for each; then its upstreams and the platform are asked.
  --offline       nobody is asked, and secrets need not be set, as in the review of a change
  --format        sarif: SARIF 2.1.0; github: workflow commands; json: {valid, files: [{file, kind, valid, summary, problems}]}
  --all           every problem, not the first few of each rule;  --lang: by default as LANG says
Exit code 0 when there is no error, 1 when there is one (or a file cannot be read), 2 when there is no such file.`,
  async run (args, terminal) {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: { profile: { type: 'string', default: 'pdnd' }, offline: { type: 'boolean', default: false }, format: { type: 'string', default: 'text' }, lang: { type: 'string' }, all: { type: 'boolean', default: false } } })
    const format = formats.find((one) => one === values.format)
    const profile = (['pdnd', 'modi'] as const).find((one) => one === values.profile)
    const language = languageOf(values.lang, terminal)
    if (positionals.length === 0) throw new UsageError('name what to check: contracts, configurations, or folders of contracts')
    if (!format) throw new UsageError(`--format takes ${formats.join(', ')}, not ${JSON.stringify(values.format)}`)
    if (!profile) throw new UsageError(`--profile takes pdnd or modi, not ${JSON.stringify(values.profile)}`)
    const files = (await Promise.all(positionals.map(filesAt))).flat()
    const checked: Checked[] = []
    for (const file of files) {
      if (await isConfiguration(file)) checked.push(...await checkConfiguration(file, { env: terminal.env, offline: values.offline }))
      else checked.push(await checkContract(file, { profile, rulesUrl }))
    }
    terminal.out(await written(checked, format, { language, all: values.all }))
    return checked.every(isValid) ? exitCodes.ok : exitCodes.findings
  }
}

function languageOf (asked: string | undefined, { env }: Terminal): 'it' | 'en' {
  if (asked !== undefined && asked !== 'it' && asked !== 'en') throw new UsageError(`--lang takes it or en, not ${JSON.stringify(asked)}`)
  return asked ?? ((env['LC_ALL'] ?? env['LC_MESSAGES'] ?? env['LANG'] ?? '').startsWith('it') ? 'it' : 'en')
}

/** The file that was named, or the contracts in the folder. Throws when there is none. */
async function filesAt (place: string): Promise<readonly string[]> {
  const kind = await stat(place).catch(() => { throw new UsageError(`there is no ${place}`) })
  if (!kind.isDirectory()) return [resolve(place)]
  const names = (await readdir(place)).filter((name) => /\.(?:ya?ml|json)$/i.test(name)).toSorted()
  const texts = new Map(await Promise.all(names.map(async (name) => [name, await readFile(join(place, name), 'utf8').catch(() => '')] as const)))
  const contracts = names.filter((name) => isMeantAsContract(texts.get(name) as string))
  // What they share is judged with those that refer to it.
  const found = contracts.filter((name) => !contracts.some((other) => other !== name && refersTo(texts.get(other) as string, name)))
  if (found.length === 0) throw new UsageError(`there is no contract in ${place}: no YAML or JSON file has openapi at its top`)
  return found.map((name) => resolve(place, name))
}

function refersTo (text: string, name: string): boolean {
  return ['', './'].some((start) => ['"', "'", ' '].some((before) => text.includes(`${before}${start}${name}#`)))
}

/** A configuration says where the platform is; whatever else is no contract is judged as one, and told so. */
async function isConfiguration (file: string): Promise<boolean> {
  const text = await readFile(file, 'utf8').catch(() => '')
  if (isMeantAsContract(text)) return false
  try {
    const document: unknown = parse(text, { logLevel: 'silent' })
    return ['pdnd', 'eservices', 'publicUrl'].some((name) => valueAt(document, [name]) !== undefined)
  } catch {
    return /^(?:pdnd|eservices|publicUrl):/m.test(text)
  }
}

function isValid ({ problems }: Checked): boolean {
  return problems.every(({ severity }) => severity !== 'error')
}

async function written (checked: readonly Checked[], format: (typeof formats)[number], options: { readonly language: 'it' | 'en', readonly all: boolean }): Promise<string> {
  if (format === 'text') return checkText(checked, options)
  if (format === 'github') return toGithub(checked, options.language)
  if (format === 'sarif') return `${JSON.stringify(toSarif(checked, options.language))}\n`
  const files = checked.map((one) => ({ ...one, valid: isValid(one), summary: countsOf(one.problems) }))
  return `${JSON.stringify({ valid: checked.every(isValid), files })}\n`
}
