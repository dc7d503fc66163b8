import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseObject } from '../openapi/document.ts'
import type { JsonObject } from '../openapi/document.ts'
import { rowKey, toDataset } from './dataset.ts'
import type { Dataset } from './dataset.ts'
import { reconcile } from './reconcile.ts'
import type { Check } from './reconcile.ts'

/**
 * Loads every dataset of a data folder (one YAML file each), proves that their rows are well formed, runs the reconciliation checks of
 * `checks.yaml` and attaches a note to every figure that does not reconcile. Throws DocumentError naming file and row.
 */
export async function loadDatasets (folder: URL): Promise<ReadonlyMap<string, Dataset>> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.yaml') && file !== 'checks.yaml').toSorted()
  const sources = await readYaml(new URL('../../sources.yaml', folder))
  const datasets = await Promise.all(files.map(async (file) => toDataset(await readYaml(new URL(file, folder)), fileURLToPath(new URL(file, folder)), sources)))
  return annotate(new Map(datasets.map((dataset) => [dataset.name, dataset])), await loadChecks(folder))
}

/** The reconciliation checks of a data folder; none when it has no `checks.yaml`. */
export async function loadChecks (folder: URL): Promise<readonly Check[]> {
  const files = await readdir(folder)
  if (!files.includes('checks.yaml')) return []
  const { checks } = await readYaml(new URL('checks.yaml', folder))
  return checks as unknown as readonly Check[]
}

async function readYaml (url: URL): Promise<JsonObject> {
  return parseObject(await readFile(url, 'utf8'), fileURLToPath(url))
}

function annotate (datasets: ReadonlyMap<string, Dataset>, checks: readonly Check[]): ReadonlyMap<string, Dataset> {
  const notes = Map.groupBy(reconcile(datasets, checks), (discrepancy) => `${discrepancy.dataset} ${discrepancy.key}`)
  return new Map([...datasets].map(([name, dataset]) => [name, {
    ...dataset,
    rows: dataset.rows.map((row) => {
      const found = notes.get(`${name} ${rowKey(row, dataset.key)}`)
      return found ? { ...row, dataQuality: [...row.dataQuality, ...found.map(({ check, note }) => ({ id: check, note }))] } : row
    })
  }]))
}
