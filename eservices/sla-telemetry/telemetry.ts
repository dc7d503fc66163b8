import type { Queries } from '../database.ts'
import type { Ports, TakeReport } from '../eservice.ts'
import { readFigures, replaceFigures } from '../live-figures.ts'
import { minutesOfMonth, monthsBetween } from '../rome.ts'
import { levelsOf } from './live-levels.ts'
import { loadObjectives } from './objectives.ts'
import type { Objectives } from './objectives.ts'
import { keepReport, readHours, readObserved } from './observations.ts'

/** Prepares taking in telemetry: the figures of the months that a report is about are worked out anew with it. Setting: `slos`, the file with the objectives. Throws DocumentError when that cannot be used. */
export async function prepareTelemetry ({ database, now, settings }: Ports): Promise<TakeReport> {
  const objectivesOf = await loadObjectives(settings['slos'] ?? new URL('slos.yaml', import.meta.url))
  await database.transaction(async (queries) => refreshLast(queries, objectivesOf))
  return async (report) => database.transaction(async (queries) => {
    const { taken, span } = await keepReport(queries, report, now())
    for (const month of span ? monthsBetween(span.from, span.to) : []) await refresh(queries, month, objectivesOf)
    return { taken, ignored: report.minutes.length - taken }
  })
}

async function refresh (queries: Queries, month: string, objectivesOf: (eservice: string) => Objectives): Promise<void> {
  const { from, to } = minutesOfMonth(month)
  const levels = []
  for (const one of await readObserved(queries)) levels.push(levelsOf(one, month, await readHours(queries, one.name, from / 60, to / 60), objectivesOf(one.name)))
  await replaceFigures(queries, 'measurements', month, levels.flatMap(({ measurements }) => measurements))
  await replaceFigures(queries, 'throughputs', month, levels.flatMap(({ throughputs }) => throughputs))
}

/** Objectives hold from the month on in which they are declared: months that are over keep those that they had. */
async function refreshLast (queries: Queries, objectivesOf: (eservice: string) => Objectives): Promise<void> {
  const last = (await readFigures(queries, 'throughputs')).at(-1)?.['period']
  if (typeof last === 'string') await refresh(queries, last, objectivesOf)
}
