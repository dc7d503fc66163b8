import type { OperationClass, Rate } from '../../policies/burst.ts'
import { quotaModes } from '../../policies/quota.ts'
import type { Config } from '../config.ts'
import type { EServiceConfig } from '../eservice-config.ts'
import { changeLine, limitLine } from './plan-line.ts'
import type { PlanLine } from './plan-line.ts'

/** Compares the limits of the gateway as a whole, and for how long it keeps records. */
export function planCommonLimits ({ limits: before, cache: cacheBefore, audit: auditBefore }: Config, { limits: after, cache: cacheAfter, audit: auditAfter }: Config): readonly PlanLine[] {
  return [
    ...planRate('limits.unproven', before.unproven, after.unproven),
    ...limitLine('limits.bodyBytes', before.bodyBytes, after.bodyBytes),
    ...limitLine('limits.signedAnswerBytes', before.signedAnswerBytes, after.signedAnswerBytes),
    ...limitLine('limits.connections', before.connections, after.connections),
    ...changeLine('changed', 'limits.overload.delayMs', before.overload.delayMs, after.overload.delayMs),
    ...changeLine('changed', 'limits.overload.memoryMiB', memoryOf(before), memoryOf(after)),
    ...(['bytes', 'entryBytes'] as const).flatMap((name) => changeLine('changed', `cache.${name}`, cacheBefore[name], cacheAfter[name])),
    ...changeLine('changed', 'audit.retentionDays', auditBefore.retentionDays, auditAfter.retentionDays)
  ]
}

function memoryOf ({ overload: { memoryBytes } }: Config['limits']): number | undefined {
  return memoryBytes === undefined ? undefined : memoryBytes / 1024 / 1024
}

/** Compares the limits of one e-service. */
export function planLimits (before: EServiceConfig, after: EServiceConfig): readonly PlanLine[] {
  return [
    ...planRate('burst', before.burst, after.burst),
    ...planClasses(before, after),
    ...planQuota(before.quota.mode, after.quota.mode),
    ...limitLine('concurrency', before.concurrency, after.concurrency),
    ...limitLine('upstream.timeoutMs', before.upstream.timeoutMs, after.upstream.timeoutMs).map((line): PlanLine => ({ ...line, kind: 'changed' }))
  ]
}

function planRate (name: string, before: Rate, after: Rate): readonly PlanLine[] {
  const change = compareRates(before, after)
  return change === undefined ? [] : [{ kind: change, sentence: `${name} was ${rateText(before)}, is ${rateText(after)}` }]
}

/** More at once and more in the long run are both more. */
function compareRates (before: Rate, after: Rate): 'weaker' | 'stricter' | undefined {
  if (before.requests === after.requests && before.seconds === after.seconds) return undefined
  return after.requests > before.requests || after.requests / after.seconds > before.requests / before.seconds ? 'weaker' : 'stricter'
}

function rateText ({ requests, seconds }: Rate): string {
  return `${requests} in ${seconds} s`
}

function planClasses (before: EServiceConfig, after: EServiceConfig): readonly PlanLine[] {
  const [earlier, later] = [classesOf(before), classesOf(after)]
  return [
    ...[...earlier.values()].flatMap((one): readonly PlanLine[] => {
      const other = later.get(one.name)
      if (other) return planRate(`the class ${one.name}`, one.burst, other.burst)
      const effect = compareRates(one.burst, after.burst)
      return [{ kind: effect ?? 'changed', sentence: `the class ${one.name} (${rateText(one.burst)}: ${one.operations.join(', ')}) is gone; what is in no class has ${rateText(after.burst)}` }]
    }),
    ...[...later.values()].flatMap((one): readonly PlanLine[] => earlier.has(one.name) ? [] : [{
      kind: compareRates(before.burst, one.burst) ?? 'changed', sentence: `the class ${one.name} is new (${rateText(one.burst)}: ${one.operations.join(', ')}); what is in no class had ${rateText(before.burst)}`
    }]),
    ...planMoves(earlier, later)
  ]
}

function classesOf ({ classes }: EServiceConfig): ReadonlyMap<string, OperationClass> {
  return new Map(classes.map((one) => [one.name, one]))
}

/** Operations that changed their class, among the classes that are there before and after. */
function planMoves (before: ReadonlyMap<string, OperationClass>, after: ReadonlyMap<string, OperationClass>): readonly PlanLine[] {
  return [...after.values()].flatMap(({ name, operations }): readonly PlanLine[] => {
    const earlier = before.get(name)
    if (!earlier) return []
    return [
      ...operations.filter((id) => !earlier.operations.includes(id)).map((operation): PlanLine => ({ kind: 'stricter', operation, sentence: `counts with the class ${name} now` })),
      ...earlier.operations.filter((id) => !operations.includes(id)).map((operation): PlanLine => ({ kind: 'weaker', operation, sentence: `counts with the class ${name} no longer` }))
    ]
  })
}

function planQuota (before: EServiceConfig['quota']['mode'], after: EServiceConfig['quota']['mode']): readonly PlanLine[] {
  if (before === after) return []
  return [{ kind: quotaModes.indexOf(after) < quotaModes.indexOf(before) ? 'weaker' : 'stricter', sentence: `quota.mode was ${before}, is ${after}` }]
}
