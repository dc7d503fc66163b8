import { readFile } from 'node:fs/promises'
import { relative } from 'node:path'
import { styleText } from 'node:util'
import type { Severity } from '../../openapi/lint/finding.ts'
import { countsOf } from '../check/checked.ts'
import type { Checked, Problem } from '../check/checked.ts'
import { legible } from './legible.ts'

/** How what was found is shown: in which language, and whether all of it or the first few of each rule. */
export interface TextOptions { readonly language: 'it' | 'en', readonly all: boolean }

const words = {
  it: { error: 'errore', warn: 'avviso', info: 'nota', hint: 'consiglio', more: 'altri di', showAll: '--all li mostra', good: 'niente da segnalare', published: 'PDND lo pubblicherebbe', refused: 'PDND non lo pubblicherebbe', counts: { error: 'errori', warn: 'avvisi', info: 'note', hint: 'consigli' } },
  en: { error: 'error', warn: 'warning', info: 'note', hint: 'hint', more: 'more of', showAll: '--all shows them', good: 'nothing to mend', published: 'PDND would publish it', refused: 'PDND would not publish it', counts: { error: 'errors', warn: 'warnings', info: 'notes', hint: 'hints' } }
} as const
const colors = { error: 'red', warn: 'yellow', info: 'cyan', hint: 'gray' } as const
const severities: readonly Severity[] = ['error', 'warn', 'info', 'hint']
/** So many of one rule are shown; a real contract can have a thousand. */
const mostOfOneRule = 3
const longestLine = 160
/** A title can be a book. */
const longestFacts = 200

/** What was found in files, for people: each with its place, the line there, what is wrong and how to mend it; the worst first. */
export async function checkText (checked: readonly Checked[], options: TextOptions): Promise<string> {
  const files = new Map<string, readonly string[]>()
  const lineAt = async ({ file, line }: Problem): Promise<string | undefined> => {
    if (line === undefined) return undefined
    if (!files.has(file)) files.set(file, (await readFile(file, 'utf8').catch(() => '')).split('\n'))
    return files.get(file)?.[line - 1]
  }
  const parts: string[] = []
  for (const one of checked) parts.push(await textOf(one, options, lineAt))
  return parts.join('\n')
}

async function textOf ({ file, facts, publishable, problems }: Checked, { language, all }: TextOptions, lineAt: (problem: Problem) => Promise<string | undefined>): Promise<string> {
  const said = words[language]
  let text = `${paint('bold', shown(file))}: ${legible(facts[language].slice(0, longestFacts))}\n`
  const groups = [...Map.groupBy(problems, ({ severity, rule }) => `${severities.indexOf(severity)} ${rule}`)].toSorted(([one], [other]) => Number(one[0]) - Number(other[0]))
  for (const [, ofRule] of groups) {
    const same = ofRule.toSorted(byPlace)
    for (const problem of all ? same : same.slice(0, mostOfOneRule)) text += problemText(problem, { language, own: file, source: await lineAt(problem) })
    if (!all && same.length > mostOfOneRule) text += `  … ${same.length - mostOfOneRule} ${said.more} ${same[0]?.rule ?? ''} (${said.showAll})\n`
  }
  const counts = countsOf(problems)
  const told = severities.filter((severity) => counts[severity] > 0).map((severity) => `${counts[severity]} ${counts[severity] === 1 ? said[severity] : said.counts[severity]}`)
  const verdict = publishable === undefined ? '' : `; ${publishable ? said.published : said.refused}`
  return `${text}  ${told.length > 0 ? told.join(', ') : said.good}${verdict}\n`
}

function byPlace (one: Problem, other: Problem): number {
  return one.file.localeCompare(other.file) || (one.line ?? 0) - (other.line ?? 0) || (one.column ?? 0) - (other.column ?? 0)
}

function problemText ({ file, line, column, severity, rule, rac, message }: Problem, { language, own, source }: { readonly language: 'it' | 'en', readonly own: string, readonly source: string | undefined }): string {
  const place = `${file === own ? '' : `${shown(file)}${line === undefined ? '' : ':'}`}${line === undefined ? '' : `${line}:${column ?? 1}`}`
  const name = paint('dim', rac === undefined ? rule : `${rule} (${rac})`)
  const quoted = source === undefined || source.trim() === '' ? '' : `      ${paint('dim', `│ ${legible(source.trimEnd().slice(0, longestLine))}`)}\n`
  return `  ${place === '' ? '' : `${place}  `}${paint(colors[severity], words[language][severity])}  ${legible(message[language])}  ${name}\n${quoted}`
}

function shown (file: string): string {
  const path = relative(process.cwd(), file)
  return legible(path.startsWith('..') ? file : path)
}

function paint (style: Parameters<typeof styleText>[0], text: string): string {
  return styleText(style, text, { stream: process.stdout })
}
