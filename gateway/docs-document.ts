import { atPointer, isObject } from '../openapi/document.ts'
import type { Json, JsonObject } from '../openapi/document.ts'
import type { Operation } from '../openapi/contract.ts'
import { denials } from '../policies/denials.ts'
import type { DenialCode } from '../policies/denials.ts'
import { policies } from '../policies/order.ts'
import { noDemands } from '../policies/demands.ts'
import type { Demands, EvidenceDemand, IntegrityDemand, NonBlockingStep, Trust } from '../policies/demands.ts'
import type { Config } from './config.ts'
import { problemOf } from './refuse.ts'
import type { LiveEService } from './route.ts'

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
  const { name, burst } = eservice.config
  const source = inline(operation.source, eservice.contract.document, []) as JsonObject
  const parameters = operation.parameters.map(({ name: parameter, in: place, required, schema, explode }) => {
    const declared = [source['parameters']].flat().find((one) => isObject(one as Json) && (one as JsonObject)['name'] === parameter) as JsonObject | undefined
    return declared ?? { name: parameter, in: place, required, explode, schema: inline(schema, eservice.contract.document, []) }
  })
  const demands = eservice.demands.get(operation.id) ?? noDemands
  const gate = operation.isPublic
    ? 'Pubblica: nessun voucher, nessun conteggio.'
    : `**Al varco:** ${demands.trust.map((trust) => callers[trust]).join(' o ')}, poi in ordine: ${policies.map((policy) => policy.name).join(' → ')}. ${dpopText(demands)}${certificateText(demands)}${evidenceText(demands.evidence)}${integrityText(demands.integrity)}${laterText(demands)}**Limiti:** ${burst.requests} richieste ogni ${burst.seconds} s per client; quota giornaliera della finalità (dailyCalls).`
  return {
    ...source,
    operationId: `${name}.${operation.id}`,
    tags: [name],
    parameters,
    description: `${typeof source['description'] === 'string' ? `${source['description']}\n\n` : ''}${gate}`,
    security: operation.isPublic ? [] : [{ [schemeOf(name)]: [] }],
    responses: withRefusals(isObject(source['responses']) ? source['responses'] : {}, operation, config, demands)
  }
}

const callers: Readonly<Record<Trust, string>> = { pdnd: 'voucher PDND', x509: 'token firmato con il certificato X.509 del fruitore' }

// A voucher that is bound to a key is never taken without its proof, so each operation says which of the two it takes.
function dpopText ({ dpop, trust }: Demands): string {
  if (!trust.includes('pdnd')) return ''
  return dpop
    ? '**Serve un voucher DPoP** (RFC 9449): `Authorization: DPoP <voucher>` e, nell\'intestazione `DPoP`, una prova firmata nuova a ogni chiamata. '
    : 'Il voucher si invia come `Authorization: Bearer`; se è legato a una chiave (DPoP), come `Authorization: DPoP` con una prova nuova a ogni chiamata. '
}

function certificateText ({ trust, singleUse }: Demands): string {
  if (!trust.includes('x509')) return ''
  const once = singleUse ? ' e `jti`; è buono per una sola chiamata (ID_AUTH_REST_02)' : ' (ID_AUTH_REST_01)'
  return `Il token di un fruitore fuori da PDND si invia come \`Authorization: Bearer\`: un JWT con \`typ\` JWT, il certificato in \`x5c\`, \`x5t#S256\` o \`x5u\`, e le claim \`iat\`, \`exp\`, \`aud\`${once}. `
}

function integrityText (demand: IntegrityDemand | undefined): string {
  if (!demand) return ''
  const keys = demand.trust.map((trust) => trust === 'pdnd' ? 'una chiave del client depositata su PDND (INTEGRITY_REST_02)' : 'un certificato X.509 (INTEGRITY_REST_01)').join(' o ')
  const names = ['digest', 'content-type', 'content-encoding', ...demand.headers].map((name) => `\`${name}\``).join(', ')
  const codings = demand.contentCodings.length > 0 ? ` Il corpo può essere inviato in ${demand.contentCodings.join(', ')}: l'impronta è quella dei byte inviati.` : ''
  return `**Serve la firma del messaggio**${demand.emptyBody === 'signed' ? ', anche senza corpo' : ', se c\'è un corpo'}: in \`Digest\` l'impronta del corpo (\`SHA-256=<base64>\`) e in \`Agid-JWT-Signature\` un JWT firmato con ${keys}, nuovo a ogni chiamata (\`jti\`), che in \`signed_headers\` elenca le intestazioni inviate tra ${names}.${codings} `
}

function evidenceText (demand: EvidenceDemand | undefined): string {
  if (!demand) return ''
  const { bound, claims } = demand
  const digest = bound ? ' Il voucher va richiesto con la sua impronta (SHA-256 in esadecimale) nella claim `digest`, e la stessa tracciatura accompagna tutte le chiamate fatte con quel voucher.' : ''
  const agreed = claims && claims.names.length > 0 ? ` Claim concordate: ${claims.names.map((name) => `\`${name}\``).join(', ')}.` : ''
  return `**Serve la tracciatura** (${bound ? 'AUDIT_REST_02' : 'AUDIT_REST_01'}): in \`Agid-JWT-TrackingEvidence\` un JWT firmato dal client che chiama.${digest}${agreed} `
}

const nonBlockingTexts: Readonly<Record<NonBlockingStep, string>> = {
  push: '**NONBLOCK_PUSH_REST:** in `X-ReplyTo` l\'URL https a cui inviare la risposta, di un\'origine concordata con l\'erogatore; si risponde 202 e `X-Correlation-ID` lega la risposta alla richiesta. ',
  'pull-request': '**NONBLOCK_PULL_REST:** si risponde 202, con lo stato all\'indirizzo in `Location`. ',
  'pull-status': '**NONBLOCK_PULL_REST:** si risponde 200 finché la risposta non c\'è, poi 303 con il suo indirizzo in `Location`. ',
  'pull-result': '**NONBLOCK_PULL_REST:** si risponde 200 con il risultato. '
}

// What is answered later, and how.
function laterText ({ scope, nonBlocking }: Demands): string {
  const callback = scope === 'start_interaction' ? ' La risposta arriva alla `urlCallback` del voucher: https, porta 443, host pubblico.' : ''
  return `${scope ? `**Scambio asincrono:** serve un voucher con scope \`${scope}\` (\`/token.oauth2.async\`).${callback} ` : ''}${nonBlocking ? nonBlockingTexts[nonBlocking] : ''}`
}

/** The refusals of the policies that have something to say of such a call. */
function refusalsOf ({ scope, nonBlocking, trust }: Demands): readonly DenialCode[] {
  const idle = new Set([...scope ? [] : ['interaction', 'transition'], ...scope === 'start_interaction' || nonBlocking === 'push' ? [] : ['replyTo']])
  return policies.flatMap((policy): readonly DenialCode[] => !idle.has(policy.name) ? policy.denials : policy.name === 'interaction' ? ['scope-mismatch'] : [])
    .filter((code) => trust.includes('x509') || !(code.startsWith('token-') || code === 'client-unknown'))
}

function withRefusals (responses: JsonObject, operation: Operation, config: Config, demands: Demands): Document {
  const codes = operation.isPublic ? [] : refusalsOf(demands)
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
