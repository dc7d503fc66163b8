import { atPointer, isObject } from '../../openapi/document.ts'
import type { Json, JsonObject } from '../../openapi/document.ts'
import type { Operation } from '../../openapi/contract.ts'
import { denials } from '../../policies/denials.ts'
import type { DenialCode } from '../../policies/denials.ts'
import { noDemands } from '../../policies/demands.ts'
import type { Grants } from '../../policies/grants.ts'
import type { Config } from '../config.ts'
import type { EServiceConfig } from '../eservice-config.ts'
import type { Deprecation } from '../deprecation.ts'
import { codeText, neededHeaders, needsText } from './docs-demands.ts'
import type { Needs } from './docs-demands.ts'
import { refusalsOf } from './docs-refusals.ts'
import { durabilityOf } from '../records/call-record.ts'
import { problemOf } from '../refuse.ts'
import type { LiveEService } from '../route.ts'

type Document = Record<string, unknown>

/**
 * Fills the document that was generated from the routes with what the contracts say of each operation and what the gateway adds to it:
 * the checks that a call must pass, the refusals by code, the limits. Everything is inlined, so that four contracts cannot clash.
 */
export function describeOperations (generated: object, eservices: readonly LiveEService[], config: Config): Document {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const eservice of eservices) {
    for (const operation of eservice.contract.operations) {
      (paths[eservice.basePath + operation.path] ??= {})[operation.method.toLowerCase()] = describe(eservice, operation, config)
    }
  }
  return {
    ...generated,
    // Relative, so that a page opened under another name of this gateway calls where it came from.
    servers: [{ url: '/', description: 'Questo gateway' }],
    tags: eservices.map(({ config: { name }, contract }) => ({
      name,
      description: withoutHtml(`${contract.title}, versione ${contract.version}`),
      externalDocs: { description: 'Contratto', url: `/openapi/${name}.v${contract.version.split('.')[0]}.yaml` }
    })),
    paths,
    'x-sandbox': sandboxOf(config),
    components: {
      securitySchemes: Object.fromEntries(eservices.map(({ config: { name }, terms }) => [schemeOf(name), {
        type: 'http',
        scheme: 'bearer',
        bearerFormat: 'JWT',
        description: `Voucher PDND per l'e-service ${name} (eserviceId ${terms.eserviceId}, aud ${terms.audience.join(' o ')}).`
      }]))
    }
  }
}

/** The origin of the sandbox PDND, where the docs may ask for vouchers; undefined with a real platform. */
export function sandboxOf ({ environment, pdnd }: Config): string | undefined {
  return environment === 'sandbox' ? new URL(pdnd.tokenUrl).origin : undefined
}

/** The name under which Swagger UI keeps the voucher of an e-service. */
function schemeOf (name: string): string {
  return `voucher-${name}`
}

function describe (eservice: LiveEService, operation: Operation, config: Config): Document {
  const { name } = eservice.config
  const deprecation = eservice.deprecations.get(operation.id)
  const source = inline(operation.source, eservice.contract.document, []) as JsonObject
  const parameters = operation.parameters.map(({ name: parameter, in: place, required, schema, explode }) => {
    const declared = [source['parameters']].flat().find((one) => isObject(one as Json) && (one as JsonObject)['name'] === parameter) as JsonObject | undefined
    return declared ?? { name: parameter, in: place, required, explode, schema: inline(schema, eservice.contract.document, []) }
  })
  const needs = needsOf(eservice, operation, config)
  return {
    ...source,
    ...deprecation && { deprecated: true },
    operationId: `${name}.${operation.id}`,
    tags: [name],
    parameters: [...parameters, ...needs ? demandedHeaders(needs, operation) : []],
    description: [source['description'], deprecation && deprecationText(deprecation), needs ? gateText(needs, operation, eservice.config) : publicText].filter((text) => typeof text === 'string').join('\n\n'),
    security: operation.isPublic ? [] : [{ [schemeOf(name)]: [] }],
    responses: withRefusals(isObject(source['responses']) ? source['responses'] : {}, [...needs ? codesOf(needs) : [], ...eservice.config.concurrency === undefined ? [] : ['overloaded' as const]], config)
  }
}

/** What a call of an operation needs; undefined where it is public. */
export function needsOf (eservice: LiveEService, operation: Operation, config: Config): Needs | undefined {
  return operation.isPublic ? undefined : { ...eservice.demands.get(operation.id) ?? noDemands, dpopNonces: eservice.config.dpopNonces, retentionDays: eservice.config.evidence?.retentionDays, granted: grantedOf(operation, eservice.terms.grants), internal: config.listeners.internal !== undefined }
}

/** What the grants of an e-service are for an operation of it. */
function grantedOf ({ id }: Operation, grants: Grants | undefined): Needs['granted'] {
  if (!grants) return 'no'
  const all = [...grants.byPurpose.values(), ...grants.byConsumer.values(), ...grants.any ? [grants.any] : []]
  return all.some(({ views }) => views.has(id)) ? 'in part' : 'whole'
}

/** Every way in which a call of an operation can be refused for what it is: by the policies, and where it cannot be kept as evidence. */
function codesOf (needs: Needs): readonly DenialCode[] {
  return [...refusalsOf(needs).flatMap(({ codes }) => codes), ...needs.nonRepudiation ? ['evidence-store-unavailable' as const] : [], ...durabilityOf(needs) === 'synced' ? ['record-store-unavailable' as const] : []]
}

/** Since and until when an operation is there, in Italian and below it in English. */
function deprecationText ({ since, sunset, successor }: Deprecation): string {
  return [
    ['Deprecata', 'dal', sunset && `dismessa dal **${sunset}**`, successor && `al suo posto: <${successor}>`],
    ['Deprecated', 'since', sunset && `gone from **${sunset}** on`, successor && `in its place: <${successor}>`]
  ].map(([word, from, ...rest]) => `**${word}** ${from} **${since}**${rest.filter(Boolean).map((one) => `; ${one}`).join('')}.`).join('\n\n')
}

const publicText = 'Pubblica: nessun voucher, nessun conteggio. / Public: no voucher, nothing is counted.'

const gateTexts = {
  it: { title: 'Al varco', limits: (requests: number, seconds: number) => `**Limiti:** ${requests} richieste ogni ${seconds} s per client`, shared: 'con', quotas: '; al giorno (Europe/Rome) le chiamate dichiarate per la finalità (`dailyCalls`), per il fruitore (`dailyCallsPerConsumer`) e in tutto (`dailyCallsTotal`)', order: 'Verifiche, in ordine', command: 'Da riga di comando' },
  en: { title: 'At the gateway', limits: (requests: number, seconds: number) => `**Limits:** ${requests} requests in ${seconds} s for each client`, shared: 'with', quotas: '; a day (Europe/Rome) the calls declared for the purpose (`dailyCalls`), for the consumer (`dailyCallsPerConsumer`) and in total (`dailyCallsTotal`)', order: 'Checks, in order', command: 'From the command line' }
}

/** What stands at the gate, in Italian and below it in English. */
function gateText (needs: Needs, { method, path, id }: Operation, { name, burst: rest, classes, quota }: EServiceConfig): string {
  const own = classes.find(({ operations }) => operations.includes(id))
  const { requests, seconds } = own?.burst ?? rest
  const others = own?.operations.filter((operation) => operation !== id).map((operation) => `\`${codeText(operation)}\``).join(', ')
  const order = refusalsOf(needs).map(({ policy }) => policy).join(' → ')
  return (['it', 'en'] as const).map((language) => {
    const { title, limits, shared, quotas, order: checks, command } = gateTexts[language]
    const byHand = needs.trust.includes('pdnd') ? `\n- **${command}:** \`npx varco call ${name} ${method} '${codeText(path)}'\`` : ''
    return `**${title}**\n\n${needsText(needs, language)}\n- ${limits(requests, seconds)}${others ? `, ${shared} ${others}` : ''}${quota.mode === 'observe' ? '' : quotas}.\n- **${checks}:** ${order}.${byHand}`
  }).join('\n\n')
}

/** The headers that the gateway demands and the contract does not declare itself. */
function demandedHeaders (needs: Needs, { parameters }: Operation): readonly Document[] {
  const declared = new Set(parameters.filter((parameter) => parameter.in === 'header').map((parameter) => parameter.name.toLowerCase()))
  return neededHeaders(needs).filter(({ name }) => !declared.has(name.toLowerCase())).map(({ name, needed, says }) => ({ name, in: 'header', required: needed, description: says, schema: { type: 'string' } }))
}

function withRefusals (responses: JsonObject, codes: readonly DenialCode[], config: Config): Document {
  const byStatus = Map.groupBy(new Set(codes), (code) => String(denials[code].status))
  const described: Document = { ...responses }
  for (const [status, refusals] of byStatus) {
    const declared = isObject(responses[status]) ? responses[status] : { description: denials[refusals[0] as DenialCode].title }
    described[status] = {
      ...declared,
      content: { 'application/problem+json': {
        ...atPointer(declared, '/content/application~1problem+json') as JsonObject | undefined,
        examples: Object.fromEntries(refusals.map((code) => [code, { summary: denials[code].title, value: problemOf({ denial: code, check: code }, '6f1a2c34-0a52-4b8e-9a2b-6d3f0c9b7e11', config.publicUrl) }]))
      } }
    }
  }
  return described
}

/** References followed, a schema that contains itself cut where it repeats; descriptions without HTML. */
function inline (value: Json, root: JsonObject, trail: readonly string[]): Json {
  if (Array.isArray(value)) return value.map((item) => inline(item as Json, root, trail))
  if (!isObject(value)) return value
  const reference = value['$ref']
  if (typeof reference === 'string') return trail.includes(reference) ? {} : inline(atPointer(root, reference.slice(1)) ?? {}, root, [...trail, reference])
  return Object.fromEntries(Object.entries(value).map(([key, member]) =>
    [key, key === 'description' && typeof member === 'string' ? withoutHtml(member) : inline(member, root, trail)]))
}

/** Markdown in which what would become an HTML element is shown as it is written: a contract brings text to the page, nothing else. */
function withoutHtml (markdown: string): string {
  return markdown.replaceAll(/<(?=[a-z/!?])/gi, '&lt;')
}
