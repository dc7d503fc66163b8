import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { Document, Ruleset, Spectral } from '@stoplight/spectral-core'
import type { ISpectralDiagnostic } from '@stoplight/spectral-core'
import parsers from '@stoplight/spectral-parsers'
import { resolverFor } from './bundle-resolver.ts'
import type { Finding } from './finding.ts'
import type { LintAnswer, LintQuestion } from './lint.ts'
import { positionsIn } from './position.ts'
import { rules } from './rules.ts'
import { toRuleset } from './rules/rule.ts'

const severities = ['error', 'warn', 'info', 'hint'] as const
const maxBytes = 5 * 1024 * 1024
const racs = new Map(rules.map(({ id, rac }) => [id, rac]))
const ruleset = new Ruleset(toRuleset(rules))

/** Judges a contract by the rules of a profile. Loads Spectral: only a thread or a command of its own may import this. */
export async function judge ({ file, rulesUrl }: LintQuestion): Promise<LintAnswer> {
  const text = await readFile(file, 'utf8').catch(() => undefined)
  if (text === undefined) return { error: 'cannot be read' }
  if (Buffer.byteLength(text) > maxBytes) return { error: 'is larger than 5 MiB; split it or remove embedded data' }
  const parser = extname(file) === '.json' ? parsers.Json : parsers.Yaml
  const spectral = new Spectral({ resolver: resolverFor(file, (text) => text) })
  spectral.setRuleset(ruleset)
  const results = await spectral.run(new Document(text, parser as typeof parsers.Yaml, file))
  const positions = new Map([[file, positionsIn(text)]])
  const findings: Finding[] = []
  for (const result of results) {
    const place = result.source ?? file
    if (!positions.has(place)) positions.set(place, positionsIn(await readFile(place, 'utf8').catch(() => '')))
    findings.push(toFinding(result, place, positions.get(place)?.(result.path) ?? { line: 1, column: 1 }, rulesUrl))
  }
  return { findings }
}

function toFinding ({ path, severity, code, message }: ISpectralDiagnostic, file: string, position: { line: number, column: number }, rulesUrl: string): Finding {
  const rule = String(code)
  const rac = racs.get(rule)
  const name = severities[severity]
  return {
    file, ...position, pointer: toPointer(path), severity: name, rule, reference: rule, ...(rac && { rac }),
    message: { it: message, en: message }, url: `${rulesUrl}/${rule}`, blocksPublication: name === 'error'
  }
}

function toPointer (path: readonly (string | number)[]): string {
  return path.map((token) => `/${String(token).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
