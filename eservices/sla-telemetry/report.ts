import type { DataQualityNote, Dataset, Row } from '../dataset.ts'

const measures = ['expected', 'observed', 'deviation'] as const

/**
 * The form shared by the yearly report and the live measurements: one row per service level and period, with the expected and the observed
 * value, their deviation, unit and direction of better. `levels` holds one row per measure, `indicators` what each code means; a level
 * whose code no indicator explains is an error.
 */
export function toReport (levels: Dataset, indicators: Dataset): Dataset {
  const groups = Map.groupBy(levels.rows, (row) => `${String(row['code'])} ${String(row['period'])}`)
  return {
    name: 'service-level-report',
    title: levels.title,
    key: ['code', 'period'],
    attributes: ['indicator', 'label', 'direction', ...measures.flatMap((measure) => [measure, `${measure}_text`])],
    rows: [...groups.values()].map((rows) => toLevel(rows, indicators))
  }
}

function toLevel (rows: readonly Row[], indicators: Dataset): Row {
  const [first] = rows as [Row]
  const indicator = indicators.rows.find((row) => row['code'] === first['code'])
  if (!indicator) throw new Error(`service level ${String(first['code'])} has no indicator; add it to indicators.yaml`)
  return {
    code: first['code'],
    period: first['period'],
    unit: first['unit'],
    indicator: indicator['indicator'],
    label: indicator['label'],
    direction: indicator['direction'],
    ...Object.fromEntries(rows.flatMap((row) => [[row['measure'], row['value']], [`${String(row['measure'])}_text`, row['text']]])),
    source: first.source,
    dataQuality: distinct([...indicator.dataQuality, ...rows.flatMap((row) => row.dataQuality)])
  }
}

function distinct (notes: readonly DataQualityNote[]): readonly DataQualityNote[] {
  return [...new Map(notes.map((note) => [`${note.id} ${note.note}`, note])).values()]
}
