import { legible } from '../commands/legible.ts'
import type { TracingStanding } from './standing.ts'
import type { TraceVerdict } from './trace-rules.ts'
import type { TracingError } from './tracing-api.ts'
import type { DayState } from './tracing-days.ts'

/** A day in one line. */
export function dayLine ({ day, state, rows, calls, errors, lastError }: Pick<DayState, 'day' | 'state' | 'rows' | 'calls' | 'errors'> & { readonly lastError?: string | undefined }): string {
  const found = errors > 0 ? `  ${errors} findings` : ''
  return `${day}  ${state.padEnd(9)}  ${calls} calls in ${rows} rows${found}${lastError === undefined ? '' : `\n            ${legible(lastError)}`}\n`
}

/** What a validation found. */
export function verdictText (file: string, { day = 'no day', rows, calls, invalid, warnings, findings }: TraceVerdict): string {
  const lines = findings.map(({ row, code, severity, message }) => `${file}: row ${row}: ${severity} ${code}: ${legible(message)}\n`)
  const more = invalid + warnings - findings.length
  return `${lines.join('')}${more > 0 ? `${more} more\n` : ''}${file}: ${day}, ${calls} calls in ${rows} rows: ${invalid === 0 ? 'the platform would take it' : 'the platform would refuse it'}${warnings > 0 ? `, with ${warnings} warnings` : ''}\n`
}

/** What the platform says of a file. */
export function errorsText (day: string, total: number, errors: readonly TracingError[]): string {
  const lines = errors.map(({ rowNumber, severity, errorCode, purposeId, message }) => legible(`${day}: row ${rowNumber}: ${severity} ${errorCode}${purposeId === '' ? '' : ` (purpose ${purposeId})`}: ${message}`))
  return `${lines.map((line) => `${line}\n`).join('')}${total > errors.length ? `${total - errors.length} more\n` : ''}${total === 0 ? `${day}: the platform found nothing wrong\n` : ''}`
}

/** How it stands as a whole. */
export function standingText ({ lastFiledDay, lastFiledAt, missingDays, lastError, days }: TracingStanding): string {
  return [
    ...days.map((day) => dayLine(day)),
    lastFiledDay === null ? 'the platform has no day yet\n' : `the platform has ${lastFiledDay}, since ${lastFiledAt}\n`,
    missingDays.length === 0 ? '' : `missing: ${missingDays.slice(0, 10).join(', ')}${missingDays.length > 10 ? ` and ${missingDays.length - 10} more` : ''}\n`,
    lastError === null ? '' : `${legible(lastError)}\n`
  ].join('')
}
