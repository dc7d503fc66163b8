import type { Contract, Operation } from '../../openapi/contract.ts'
import { isObject } from '../../openapi/document.ts'
import type { Json, JsonObject } from '../../openapi/document.ts'
import { webAddress } from './contract-text.ts'
import type { Language } from './language.ts'

/** A text in Italian, and in English where it is known. */
export type ToldText = { readonly it: string } & Partial<Record<Language, string>>

/** A file of a dataset: what an operation answers in a format (EU file types). */
export interface Distribution { readonly operation: Operation, readonly format: string, readonly mediaType: string }

/**
 * Data that may be reused, as a contract says (`info.x-open-data`): `themes` and `frequency` are codes of the EU's lists, days are `YYYY`, `YYYY-MM` or
 * `YYYY-MM-DD`, places URIs. Where no `holder` is named the producer is.
 */
export interface OpenDataset {
  readonly id: string
  readonly title: ToldText
  readonly description: ToldText
  readonly themes: readonly string[]
  readonly frequency: string
  readonly license: { readonly url: string, readonly name: string }
  readonly holder: { readonly name: string, readonly identifier: string } | undefined
  readonly issued: string | undefined
  readonly modified: string | undefined
  readonly temporal: { readonly start: string, readonly end: string | undefined } | undefined
  readonly spatial: readonly string[]
  readonly keywords: readonly string[]
  readonly distributions: readonly Distribution[]
}

/** The formats that answers can be had in, by media type; what is none of them is not offered as data. */
const formats: Readonly<Record<string, string>> = { 'text/csv': 'CSV', 'application/json': 'JSON', 'application/geo+json': 'GEOJSON', 'application/ld+json': 'JSON_LD', 'application/xml': 'XML', 'text/turtle': 'RDF_TURTLE', 'application/zip': 'ZIP', 'application/pdf': 'PDF' }

/** The open data of a contract. What of them cannot be described as DCAT-AP_IT asks is left out: half a description would be refused by whoever harvests them. */
export function openDatasets ({ document, operations }: Contract): readonly OpenDataset[] {
  const info = isObject(document['info']) ? document['info'] : {}
  const said = info['x-open-data']
  if (!isObject(said) || !Array.isArray(said['datasets'])) return []
  return (said['datasets'] as readonly Json[]).flatMap((one) => isObject(one) ? readDataset({ ...said, ...one }, operations) ?? [] : [])
}

function readDataset (said: JsonObject, operations: readonly Operation[]): OpenDataset | undefined {
  const [id, title, description, frequency, license] = [textOf(said['id']), toldOf(said['title']), toldOf(said['description']), codeOf(said['frequency']), webAddress(said['license'])]
  const themes = listOf(said['themes']).filter((theme) => code.test(theme))
  const named = listOf(said['operations'])
  const distributions = operations.filter(({ id, method }) => method === 'GET' && named.includes(id)).flatMap(distributionsOf)
  if (id === undefined || !/^[a-z0-9-]{1,60}$/.test(id) || !title || !description || frequency === undefined || license === undefined || themes.length === 0 || distributions.length === 0) return undefined
  const holder = isObject(said['rightsHolder']) ? said['rightsHolder'] : {}
  const [name, identifier] = [textOf(holder['name']), textOf(holder['identifier'])]
  const temporal = isObject(said['temporal']) ? said['temporal'] : {}
  const start = dayOf(temporal['start'])
  return {
    id, title, description, frequency, themes, distributions,
    license: { url: license, name: textOf(said['licenseName']) ?? license },
    holder: name !== undefined && identifier !== undefined ? { name, identifier } : undefined,
    issued: dayOf(said['issued']),
    modified: dayOf(said['modified']),
    temporal: start === undefined ? undefined : { start, end: dayOf(temporal['end']) },
    spatial: listOf(said['spatial']).filter((place) => webAddress(place) !== undefined),
    keywords: listOf(said['keywords'])
  }
}

function distributionsOf (operation: Operation): readonly Distribution[] {
  const types = [...operation.responses.get('200')?.content.keys() ?? []].map((type) => type.split(';')[0]?.trim().toLowerCase() ?? '')
  return types.flatMap((mediaType) => {
    const format = formats[mediaType]
    return format === undefined ? [] : [{ operation, format, mediaType }]
  })
}

const code = /^[A-Z][A-Z0-9_]{1,40}$/

function codeOf (value: Json | undefined): string | undefined {
  return typeof value === 'string' && code.test(value) ? value : undefined
}

function textOf (value: Json | undefined): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined
}

function dayOf (value: Json | undefined): string | undefined {
  return typeof value === 'string' && /^\d{4}(?:-\d{2}(?:-\d{2})?)?$/.test(value) && !Number.isNaN(Date.parse(value)) ? value : undefined
}

function listOf (value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? (value as readonly Json[]).filter((one) => typeof one === 'string') : []
}

function toldOf (value: Json | undefined): ToldText | undefined {
  if (!isObject(value)) return undefined
  const [it, en] = [textOf(value['it']), textOf(value['en'])]
  return it === undefined ? undefined : { it, ...en !== undefined && { en } }
}
