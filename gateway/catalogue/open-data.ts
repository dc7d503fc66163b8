import type { Contract, Operation } from '../../openapi/contract.ts'
import { isObject } from '../../openapi/document.ts'
import type { Json, JsonObject } from '../../openapi/document.ts'
import { webAddress } from './contract-text.ts'
import type { Language } from './language.ts'
import { ToldMembers } from './told-members.ts'
import type { LeftOut } from './told-members.ts'

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

/** What a contract says of its open data: what is offered of them, and what of it is not. */
export interface OpenData { readonly datasets: readonly OpenDataset[], readonly leftOut: readonly LeftOut[] }

/** Reads the open data of a contract. A dataset that cannot be described as DCAT-AP_IT asks is left out: half a description would be refused by whoever harvests them. */
export function readOpenData ({ document, operations }: Contract): OpenData {
  const info = isObject(document['info']) ? document['info'] : {}
  const [said, pointer] = [info['x-open-data'], '/info/x-open-data']
  if (said === undefined) return { datasets: [], leftOut: [] }
  const datasets = isObject(said) ? said['datasets'] : undefined
  if (!isObject(said) || !Array.isArray(datasets)) return { datasets: [], leftOut: [{ pointer, message: 'no data are offered: it must be an object with license and a list of datasets' }] }
  const found = (datasets as readonly Json[]).map((one, index) => readDataset(one, { pointer: `${pointer}/datasets/${index}`, said, saidAt: pointer, operations }))
  const leftOut = new Map(found.flatMap((one) => one.leftOut).map((one) => [`${one.pointer} ${one.message}`, one]))
  return { datasets: found.flatMap(({ dataset }) => dataset ?? []), leftOut: [...leftOut.values()] }
}

/** Where a dataset stands, what is said of all, and the operations that may have it. */
interface Around { readonly pointer: string, readonly said: JsonObject, readonly saidAt: string, readonly operations: readonly Operation[] }

function readDataset (one: Json, { pointer, said, saidAt, operations }: Around): { readonly dataset?: OpenDataset, readonly leftOut: readonly LeftOut[] } {
  if (!isObject(one)) return { leftOut: [{ pointer, message: 'the dataset is not offered: it must be an object with id, title, description, themes, frequency and operations' }] }
  const members = new ToldMembers({ own: one, pointer }, { own: said, pointer: saidAt })
  const id = members.needed('id', (value) => /^[a-z0-9-]{1,60}$/.test(textOf(value) ?? '') ? textOf(value) : undefined, 'up to 60 lower-case letters, digits and hyphens')
  const title = members.needed('title', toldOf, inLanguages)
  const description = members.needed('description', toldOf, inLanguages)
  const frequency = members.needed('frequency', codeOf, 'a code of the EU’s frequencies, as ANNUAL or NEVER')
  const license = members.needed('license', webAddress, 'the web address of a licence')
  const themes = members.list('themes', codeOf, 'a code of the EU’s data themes, as GOVE')
  if (themes.length === 0) members.miss('themes', 'themes must name at least one of the EU’s data themes, as GOVE')
  const reading = operations.filter(({ method }) => method === 'GET')
  const distributions = members.list('operations', (value) => reading.find((operation) => operation.id === value), 'the operationId of a GET operation of this contract').flatMap(distributionsOf)
  if (distributions.length === 0) members.miss('operations', `operations must name at least one GET operation that answers 200 in one of ${Object.keys(formats).join(', ')}`)
  const more = readMore(members)
  const isWhole = id !== undefined && title && description && frequency !== undefined && license !== undefined && themes.length > 0 && distributions.length > 0
  if (!isWhole) return { leftOut: members.leftOut.map((told) => ({ ...told, message: `the dataset is not offered: ${told.message}` })) }
  const { licenseName = license, ...rest } = more
  return { dataset: { id, title, description, frequency, themes, distributions, license: { url: license, name: licenseName }, ...rest }, leftOut: members.leftOut.map((told) => ({ ...told, message: `not told of the dataset: ${told.message}` })) }
}

/** What may be left away. */
function readMore (members: ToldMembers): Pick<OpenDataset, 'holder' | 'issued' | 'modified' | 'temporal' | 'spatial' | 'keywords'> & { readonly licenseName: string | undefined } {
  return {
    licenseName: members.optional('licenseName', textOf, 'a text'),
    holder: members.optional('rightsHolder', holderOf, 'an object with name and identifier'),
    issued: members.optional('issued', dayOf, someDay),
    modified: members.optional('modified', dayOf, someDay),
    temporal: members.optional('temporal', periodOf, `an object with start and, where it has one, end, each ${someDay}`),
    spatial: members.list('spatial', webAddress, 'the web address of a place'),
    keywords: members.list('keywords', textOf, 'a text')
  }
}

function distributionsOf (operation: Operation): readonly Distribution[] {
  const types = [...operation.responses.get('200')?.content.keys() ?? []].map((type) => type.split(';')[0]?.trim().toLowerCase() ?? '')
  return types.flatMap((mediaType) => {
    const format = formats[mediaType]
    return format === undefined ? [] : [{ operation, format, mediaType }]
  })
}

const inLanguages = 'an object with a text in Italian (it) and, where there is one, in English (en)'
const someDay = 'a day in quotes, as \'2026-03-02\', \'2026-03\' or \'2026\''

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

function holderOf (value: Json | undefined): OpenDataset['holder'] {
  const holder = isObject(value) ? value : {}
  const [name, identifier] = [textOf(holder['name']), textOf(holder['identifier'])]
  return name === undefined || identifier === undefined ? undefined : { name, identifier }
}

function periodOf (value: Json | undefined): OpenDataset['temporal'] {
  const period = isObject(value) ? value : {}
  const [start, end] = [dayOf(period['start']), dayOf(period['end'])]
  return start === undefined || (end === undefined && period['end'] !== undefined) ? undefined : { start, end }
}

function toldOf (value: Json | undefined): ToldText | undefined {
  if (!isObject(value)) return undefined
  const [it, en] = [textOf(value['it']), textOf(value['en'])]
  return it === undefined ? undefined : { it, ...en !== undefined && { en } }
}
