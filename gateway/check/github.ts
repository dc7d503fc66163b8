import { relative } from 'node:path'
import type { Severity } from '../../openapi/lint/finding.ts'
import type { Checked } from './checked.ts'

const commands: Readonly<Record<Severity, string>> = { error: 'error', warn: 'warning', info: 'notice', hint: 'notice' }

/** What was found as workflow commands of GitHub Actions, which shows them beside the lines. */
export function toGithub (checked: readonly Checked[], language: 'it' | 'en'): string {
  return checked.flatMap((one) => one.problems).map(({ file, line, column, severity, rule, rac, message }) => {
    const place = [`file=${property(relative(process.cwd(), file))}`, ...line === undefined ? [] : [`line=${line}`, `col=${column ?? 1}`], `title=${property(rac === undefined ? rule : `${rule} (${rac})`)}`]
    return `::${commands[severity]} ${place.join(',')}::${text(message[language])}\n`
  }).join('')
}

function text (value: string): string {
  return value.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function property (value: string): string {
  return text(value).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
