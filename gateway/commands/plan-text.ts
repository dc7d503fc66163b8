import { styleText } from 'node:util'
import { planKinds } from '../plan/plan-line.ts'
import type { PlanKind, PlanLine } from '../plan/plan-line.ts'
import { legible } from './legible.ts'

const colors = { breaking: 'red', weaker: 'red', restart: 'yellow', stricter: 'yellow', changed: 'none', added: 'green' } as const
const mostNamed = 3
const kindWidth = Math.max(...planKinds.map((kind) => kind.length))

/** How many lines of a plan are of each kind that it has. */
export function planCounts (lines: readonly PlanLine[]): Readonly<Partial<Record<PlanKind, number>>> {
  return Object.fromEntries(planKinds.map((kind) => [kind, lines.filter((line) => line.kind === kind).length] as const).filter(([, count]) => count > 0))
}

/** A plan for a person: a table for each e-service, the one with the worst first, and what is the same of several operations said once. */
export function planText (lines: readonly PlanLine[]): string {
  if (lines.length === 0) return 'Nothing would change.\n'
  const worst = (group: readonly PlanLine[]): number => Math.min(...group.map(({ kind }) => planKinds.indexOf(kind)))
  const groups = [...Map.groupBy(lines, ({ eservice }) => eservice ?? '')].toSorted(([, one], [, other]) => worst(one) - worst(other))
  const counts = Object.entries(planCounts(lines)).map(([kind, count]) => `${count} ${kind}`).join(', ')
  return `${groups.map(([name, group]) => `${name === '' ? 'gateway' : name}\n${tableOf(group)}\n`).join('')}${counts}\n`
}

function tableOf (lines: readonly PlanLine[]): string {
  const rows = [...Map.groupBy(lines, ({ kind, sentence }) => `${kind} ${sentence}`).values()].map((same) => {
    const { kind, sentence } = same[0] as PlanLine
    return { kind, sentence: legible(sentence), operations: named(same.flatMap(({ operation }) => operation ?? [])) }
  }).toSorted((one, other) => planKinds.indexOf(one.kind) - planKinds.indexOf(other.kind))
  const width = Math.max(...rows.map(({ operations }) => operations.length))
  return rows.map(({ kind, sentence, operations }) => {
    const color = colors[kind]
    const mark = kind.padEnd(kindWidth)
    return `  ${color === 'none' ? mark : styleText(color, mark, { stream: process.stdout })}  ${width > 0 ? `${operations.padEnd(width)}  ` : ''}${sentence}\n`
  }).join('')
}

function named (operations: readonly string[]): string {
  const shown = legible(operations.slice(0, mostNamed).join(', '))
  return operations.length > mostNamed ? `${shown} +${operations.length - mostNamed}` : shown
}
