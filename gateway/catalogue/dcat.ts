import type { Operation } from '../../openapi/contract.ts'
import type { Config } from '../config.ts'
import type { LiveEService } from '../route.ts'
import { contractText, titleOf } from './contract-text.ts'
import { contractPath } from './eservice-page.ts'
import { inLanguage } from './language.ts'
import { pagePath } from './list-page.ts'
import type { Distribution, OpenDataset, ToldText } from './open-data.ts'
import type { Owner } from './standing.ts'
import { words } from './words.ts'

type Node = Readonly<Record<string, unknown>>

/** The datasets of an e-service, and who produces it. */
export interface OfferedData { readonly eservice: LiveEService, readonly owner: Owner, readonly datasets: readonly OpenDataset[] }

const eu = 'http://publications.europa.eu/resource/authority'
const context = {
  dcat: 'http://www.w3.org/ns/dcat#', dct: 'http://purl.org/dc/terms/', dcatapit: 'http://dati.gov.it/onto/dcatapit#', foaf: 'http://xmlns.com/foaf/0.1/', vcard: 'http://www.w3.org/2006/vcard/ns#',
  owl: 'http://www.w3.org/2002/07/owl#', rdfs: 'http://www.w3.org/2000/01/rdf-schema#', xsd: 'http://www.w3.org/2001/XMLSchema#'
}

/**
 * The catalogue of open data in DCAT-AP_IT, as JSON-LD with its graph flat. Every table takes a voucher: that is said (`dct:accessRights`, `dct:rights`), `dcat:accessURL`
 * leads to the page that says how to obtain one, `dcat:downloadURL` to the data where they have one address. `today` is the day on which what is counted on without end was changed last.
 */
export function writeDcat (offered: readonly OfferedData[], { publicUrl }: Pick<Config, 'publicUrl'>, today: string): string {
  const used = offered.filter(({ datasets }) => datasets.length > 0)
  const nodes = new Map<string, Node>()
  const put = (node: Node): Node => {
    nodes.set(String(node['@id']), node)
    return { '@id': node['@id'] }
  }
  const agent = ({ name, identifier }: { readonly name: string, readonly identifier: string }): Node => put({ '@id': `${publicUrl}/catalog.jsonld#agent-${encodeURIComponent(identifier)}`, '@type': ['dcatapit:Agent', 'foaf:Agent'], 'dct:identifier': identifier, 'foaf:name': inItalian(name) })
  const refs = used.flatMap(({ eservice, owner, datasets }) => {
    const page = publicUrl + pagePath(eservice.config.name)
    const producer = { name: owner.name ?? eservice.config.producer, identifier: owner.identifier ?? eservice.config.producer }
    const service = put(serviceOf(eservice, publicUrl, page))
    const contact = contactOf(eservice, page)
    return datasets.map((dataset) => put({
      '@id': `${page}#${dataset.id}`,
      '@type': ['dcatapit:Dataset', 'dcat:Dataset'],
      'dct:identifier': `${producer.identifier}:${eservice.config.name}-${dataset.id}`,
      'dct:title': told(dataset.title),
      'dct:description': told(dataset.description),
      'dct:publisher': agent(producer),
      'dct:rightsHolder': agent(dataset.holder ?? producer),
      'dct:accrualPeriodicity': { '@id': `${eu}/frequency/${dataset.frequency}` },
      'dct:modified': typedDay(dataset.modified ?? today),
      ...dataset.issued !== undefined && { 'dct:issued': typedDay(dataset.issued) },
      'dcat:theme': dataset.themes.map((theme) => ({ '@id': `${eu}/data-theme/${theme}` })),
      'dct:language': { '@id': `${eu}/language/ITA` },
      'dct:accessRights': { '@id': `${eu}/access-right/RESTRICTED` },
      'dcat:landingPage': { '@id': inLanguage(page, 'it') },
      ...dataset.keywords.length > 0 && { 'dcat:keyword': dataset.keywords.map(inItalian) },
      ...dataset.spatial.length > 0 && { 'dct:spatial': dataset.spatial.map((place) => put({ '@id': place, '@type': 'dct:Location' })) },
      ...dataset.temporal && { 'dct:temporal': put(periodOf(dataset.temporal, `${page}#${dataset.id}-period`)) },
      ...contact && { 'dcat:contactPoint': put(contact) },
      'dcat:distribution': dataset.distributions.map((distribution) => put(distributionOf(distribution, dataset, { eservice, page, service, publicUrl, license: put(licenseOf(dataset)) })))
    }))
  })
  const first = offered[0]
  const catalogue: Node = {
    '@id': `${publicUrl}/catalog.jsonld#catalog`,
    '@type': ['dcatapit:Catalog', 'dcat:Catalog'],
    'dct:title': told({ it: words.it.openData, en: words.en.openData }),
    'dct:description': told({ it: words.it.openDataLead, en: words.en.openDataLead }),
    ...first && { 'dct:publisher': agent({ name: first.owner.name ?? first.eservice.config.producer, identifier: first.owner.identifier ?? first.eservice.config.producer }) },
    'dct:modified': typedDay(used.flatMap(({ datasets }) => datasets.map(({ modified = today }) => modified)).toSorted().at(-1) ?? today),
    'dct:language': { '@id': `${eu}/language/ITA` },
    'foaf:homepage': { '@id': `${publicUrl}/` },
    'dcat:themeTaxonomy': { '@id': `${eu}/data-theme` },
    'dcat:dataset': refs
  }
  return JSON.stringify({ '@context': context, '@graph': [catalogue, ...nodes.values()] }, undefined, 2)
}

interface Place { readonly eservice: LiveEService, readonly page: string, readonly service: Node, readonly publicUrl: string, readonly license: Node }

function distributionOf ({ operation, format, mediaType }: Distribution, { id }: OpenDataset, { eservice, page, service, publicUrl, license }: Place): Node {
  const title = typeof operation.source['summary'] === 'string' ? operation.source['summary'] : operation.id
  return {
    '@id': `${page}#${id}-${encodeURIComponent(operation.id)}-${format.toLowerCase()}`,
    '@type': ['dcatapit:Distribution', 'dcat:Distribution'],
    'dct:title': inItalian(`${title} (${format})`),
    'dct:description': told(howToDownload(operation, mediaType)),
    'dct:format': { '@id': `${eu}/file-type/${format}` },
    'dcat:mediaType': { '@id': `http://www.iana.org/assignments/media-types/${mediaType}` },
    'dct:license': license,
    'dct:rights': { '@id': `${eu}/access-right/${operation.isPublic ? 'PUBLIC' : 'RESTRICTED'}` },
    'dcat:accessURL': { '@id': `${page}#open-data` },
    ...isWhole(operation) && { 'dcat:downloadURL': { '@id': publicUrl + eservice.basePath + operation.path } },
    'dcat:accessService': service
  }
}

/** Whether there is one address of all of it: what must be chosen from has none. */
function isWhole ({ path, parameters }: Operation): boolean {
  return !path.includes('{') && !parameters.some(({ required }) => required)
}

function howToDownload ({ isPublic, parameters }: Operation, mediaType: string): ToldText {
  const pages = parameters.some(({ name }) => name === 'cursor')
  return {
    it: `Con l'intestazione Accept: ${mediaType}${isPublic ? '' : ' e un voucher PDND'}${pages ? ', a pagine: la successiva è nell\'intestazione Link' : ''}.`,
    en: `With the header Accept: ${mediaType}${isPublic ? '' : ' and a PDND voucher'}${pages ? ', in pages: the next is in the header Link' : ''}.`
  }
}

function serviceOf (eservice: LiveEService, publicUrl: string, page: string): Node {
  return {
    '@id': `${page}#service`,
    '@type': 'dcat:DataService',
    'dct:title': inItalian(titleOf(eservice)),
    'dcat:endpointURL': { '@id': publicUrl + eservice.basePath },
    'dcat:endpointDescription': { '@id': publicUrl + contractPath(eservice, 'yaml') }
  }
}

/** The licences whose kind is known to the vocabulary that DCAT-AP_IT names. */
const licenseTypes: readonly (readonly [RegExp, string])[] = [[/creativecommons\.org\/licenses\/by\//, 'Attribution'], [/creativecommons\.org\/licenses\/by-sa\//, 'ShareAlike-CopyLeft'], [/creativecommons\.org\/publicdomain\//, 'PublicDomain']]

function licenseOf ({ license: { url, name } }: OpenDataset): Node {
  const type = licenseTypes.find(([pattern]) => pattern.test(url))?.[1]
  return { '@id': url, '@type': ['dcatapit:LicenseDocument', 'dct:LicenseDocument'], 'foaf:name': name, ...type !== undefined && { 'dct:type': { '@id': `http://purl.org/adms/licencetype/${type}` } } }
}

function contactOf ({ contract }: LiveEService, page: string): Node | undefined {
  const { contact: { name, email, url } } = contractText(contract)
  if (name === undefined || email === undefined) return undefined
  return { '@id': `${page}#contact`, '@type': ['dcatapit:Organization', 'vcard:Organization', 'vcard:Kind'], 'vcard:fn': name, 'vcard:hasEmail': { '@id': `mailto:${email}` }, ...url !== undefined && { 'vcard:hasURL': { '@id': url } } }
}

function periodOf ({ start, end }: NonNullable<OpenDataset['temporal']>, id: string): Node {
  return { '@id': id, '@type': 'dct:PeriodOfTime', 'dcatapit:startDate': typedDay(start), ...end !== undefined && { 'dcatapit:endDate': typedDay(end) } }
}

/** A day, month or year, with the type that says which. */
function typedDay (day: string): Node {
  const type = ({ 4: 'xsd:gYear', 7: 'xsd:gYearMonth' } as Readonly<Record<number, string>>)[day.length] ?? 'xsd:date'
  return { '@type': type, '@value': day }
}

function inItalian (text: string): Node {
  return { '@language': 'it', '@value': text }
}

function told ({ it, en }: ToldText): readonly Node[] {
  return [inItalian(it), ...en === undefined ? [] : [{ '@language': 'en', '@value': en }]]
}
