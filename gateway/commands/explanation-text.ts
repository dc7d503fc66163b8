import { styleText } from 'node:util'
import type { Line } from '../../policies/check.ts'

/** What the lines of an explanation come to. What was not checked is never accepted. */
export function verdictOf (lines: readonly Line[]): 'accepted' | 'refused' | 'not decided' {
  if (lines.some((line) => line.outcome === 'fail')) return 'refused'
  return lines.some((line) => line.outcome === 'not checked') ? 'not decided' : 'accepted'
}

const marks = { pass: ['pass', 'green'], fail: ['FAIL', 'red'], 'not checked': ['????', 'yellow'] } as const

/** An explanation for a person: a line for each check, what failed with how to mend it, the verdict on `what` at the end. */
export function explanationText (lines: readonly Line[], verdict: ReturnType<typeof verdictOf>, what: string): string {
  const width = Math.max(...lines.map((line) => line.check.length))
  const text = lines.map((line) => {
    const [mark, color] = marks[line.outcome]
    const head = `${styleText(color, mark, { stream: process.stdout })}  ${line.check.padEnd(width)}  `
    if (line.outcome === 'pass') return `${head}${line.got}${line.got === line.expected ? '' : `, expected ${line.expected}`}\n`
    if (line.outcome === 'not checked') return `${head}${line.got}\n`
    return `${head}expected ${line.expected}, got ${line.got}\n${' '.repeat(width + 8)}${line.code}: ${line.mend}\n`
  })
  const undecided = lines.find((line) => line.outcome === 'not checked')
  return `${text.join('')}\n${what}: ${verdict}${undecided && verdict === 'not decided' ? ` (${undecided.got})` : ''}\n`
}
