import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { Document, Spectral } from '@stoplight/spectral-core'
import type { ISpectralDiagnostic as Diagnostic } from '@stoplight/spectral-core'
import parsers from '@stoplight/spectral-parsers'
import { parseDocument } from 'yaml'
import { resolverFor } from './bundle-resolver.ts'
import { DocumentError, maxDocumentBytes, parseObject } from '../document.ts'
import { findExcess, growsTooLarge, mostValues } from '../reading/extent.ts'
import type { Finding, Profile } from './finding.ts'
import { toFinding } from './found.ts'
import type { LintAnswer, LintQuestion } from './lint.ts'
import { positionsIn } from '../reading/position.ts'
import { rulesetOf } from './ruleset.ts'
import type { BundledFile } from '../reading/vendored.ts'

const rulesets = { pdnd: rulesetOf('pdnd'), modi: rulesetOf('modi') }

/**
 * Judges a contract by the rules of a profile: `pdnd` reads it with the parser of the gate, which has weaknesses of its own, `modi` with that of
 * the loader. Loads Spectral: only a thread or a command of its own may import this.
 */
export async function judge ({ file, profile, rulesUrl }: LintQuestion): Promise<LintAnswer> {
  const text = await readFile(file, 'utf8').catch(() => undefined)
  if (text === undefined) return { error: 'cannot be read' }
  if (Buffer.byteLength(text) > maxDocumentBytes) return { error: 'is larger than 5 MiB; split it or remove embedded data' }
  try {
    return { findings: await findIn(file, text, profile, rulesUrl) }
  } catch (error) {
    if (error instanceof DocumentError) return { findings: [unreadable(error, profile, rulesUrl)] }
    return { error: `cannot be judged: ${causeOf(error)}` }
  }
}

async function findIn (file: string, text: string, profile: Profile, rulesUrl: string): Promise<Finding[]> {
  const files = new Map<string, BundledFile>([[file, { path: file, text }]])
  const spectral = new Spectral({ resolver: resolverFor(file, files, ({ path, text }) => profile === 'pdnd' ? boundedText(path, text) : JSON.stringify(parseObject(text, path))) })
  spectral.setRuleset(rulesets[profile])
  const results = await spectral.run(profile === 'pdnd' ? asTheGate(file, text) : asTheLoader(file, text))
  const positions = new Map<string, ReturnType<typeof positionsIn>>()
  return results.map((result) => {
    const { path, text } = files.get(result.source ?? file) ?? { path: file, text: '' }
    const position = positions.get(path) ?? positionsIn(text)
    positions.set(path, position)
    return toFinding(result, path, place(result, position), profile, rulesUrl)
  })
}

function asTheGate (file: string, text: string): Parameters<Spectral['run']>[0] {
  refuseExcess(file, text)
  return new Document(text, (extname(file) === '.json' ? parsers.Json : parsers.Yaml) as typeof parsers.Json, file)
}

function boundedText (file: string, text: string): string {
  refuseExcess(file, text)
  return text
}

/** The parser of the gate writes out what aliases repeat, however much that is: whether it can is asked before. */
function refuseExcess (file: string, text: string): void {
  if (!/[\s[{,:]\*[^\s*]/.test(text)) return
  let excess: string | undefined
  try {
    const document = parseDocument(text, { merge: true, uniqueKeys: false, logLevel: 'silent' })
    excess = growsTooLarge(document) ? `holds more than ${mostValues} values once its aliases are written out` : findExcess(document.toJS({ maxAliasCount: -1 }))
  } catch {
    // Each parser has its own opinion of what is wrong with it.
    return
  }
  if (excess !== undefined) throw new DocumentError(file, `cannot be read: it ${excess}`)
}

function asTheLoader (file: string, text: string): Parameters<Spectral['run']>[0] {
  // Without what aliases share: what is found is told for each place that is written.
  const data = JSON.parse(JSON.stringify(parseObject(text, file))) as unknown
  return { parsed: { data, ast: data, lineMap: [], diagnostics: [] }, getLocationForJsonPath: () => undefined, source: file } as never
}

/** A mistake of the parser is where it says; all else is where its path leads. */
function place ({ code, path, range }: Diagnostic, position: ReturnType<typeof positionsIn>): { line: number, column: number } {
  if (code === 'parser') return { line: range.start.line + 1, column: range.start.character + 1 }
  return position(path)
}

function unreadable (error: DocumentError, profile: Profile, rulesUrl: string): Finding {
  return toFinding({ code: 'parser', message: error.reason, severity: 0, path: [] }, error.file, { line: error.line ?? 1, column: error.column }, profile, rulesUrl)
}

function causeOf (error: unknown): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error
  return first instanceof Error ? first.message : String(first)
}
