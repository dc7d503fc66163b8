import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parse } from 'yaml'

/** A YAML document of which a measurement changes what it likes. */
export type Written = Record<string, any>

/** The load test's configuration, with the files that it names where they are: it can be written down anywhere. */
export async function usualConfig (): Promise<Written> {
  const folder = import.meta.dirname
  const content = parse(await readFile(join(folder, 'gateway.yaml'), 'utf8')) as Written
  content['registry'] = resolve(folder, content['registry'] as string)
  for (const eservice of Object.values(content['eservices'] as Record<string, Written>)) eservice['contract'] = resolve(folder, eservice['contract'] as string)
  return content
}
