import type { Contract, Operation } from '../openapi/contract.ts'
import { atPointer, isObject } from '../openapi/document.ts'
import type { Json, JsonObject } from '../openapi/document.ts'
import { prepareAgreedClaims } from '../policies/agreed-claims.ts'
import { noDemands } from '../policies/demands.ts'
import type { AsyncScope, Demands, EvidenceDemand, IntegrityDemand, NonBlockingStep, Pattern, Trust } from '../policies/demands.ts'
import { prepareFindings } from './adapters/checked-yaml.ts'
import { findContradictions } from './demand-contradictions.ts'
import schema from './demands.schema.json' with { type: 'json' }

/** `x-modi` as it is written. */
interface Declared {
  readonly patterns?: readonly Pattern[]
  readonly trust?: readonly Trust[]
  readonly dpop?: 'required'
  readonly integrity?: Partial<Omit<IntegrityDemand, 'trust'>>
  readonly audit?: { readonly claims?: JsonObject }
  readonly response?: 'signed'
  readonly async?: AsyncScope
  readonly nonBlocking?: NonBlockingStep
}

const findSchemaFaults = prepareFindings(schema, { strict: false })

/**
 * What the contract demands of the calls of each of its operations, by operationId: `x-modi` at the root holds for every operation that is
 * not public, and one on an operation adds to it. Throws naming everything that would otherwise be a demand that nobody enforces.
 */
export function demandsOf (contract: Contract): ReadonlyMap<string, Demands> {
  const root = contract.document['x-modi']
  const faults = [...faultsOf(root, 'x-modi'), ...misplaced(contract), ...contract.operations.flatMap(findFaults)]
  const agree = prepareAgree(contract, faults)
  const demands = new Map(faults.length > 0 ? [] : contract.operations.map((operation) => [operation.id, resolve(operation, root, agree)]))
  for (const [id, demanded] of demands) faults.push(...findContradictions(demanded).map((fault) => `operation "${id}": ${fault}`))
  faults.push(...findIdleOptions(contract, demands))
  if (faults.length > 0) throw new Error([...new Set(faults)].map((fault) => `${contract.file}: ${fault}`).join('\n'))
  return demands
}

/** The agreed claims that a schema describes; what keeps it from being used is added to the faults, and then nothing is served. */
type Agree = (audit: Declared['audit'], place: string) => EvidenceDemand['claims']

function prepareAgree ({ document }: Contract, faults: string[]): Agree {
  const compile = prepareAgreedClaims(document)
  return (audit, place) => {
    try {
      return audit?.claims && compile(audit.claims)
    } catch (error) {
      faults.push(`${place}.audit.claims: ${(error as Error).message}`)
      return undefined
    }
  }
}

interface Options { readonly name: 'integrity' | 'audit', readonly demanded: (demands: Demands) => boolean, readonly says: string }

const options: readonly Options[] = [
  { name: 'integrity', demanded: ({ integrity }) => integrity !== undefined, says: 'is about signed messages, which are not demanded: add INTEGRITY_REST_01 or INTEGRITY_REST_02 to patterns' },
  { name: 'audit', demanded: ({ evidence }) => evidence !== undefined, says: 'is about tracking evidence, which is not demanded: add AUDIT_REST_01 or AUDIT_REST_02 to patterns' }
]

// Options of something that nobody demands are a demand that was forgotten.
function findIdleOptions ({ document, operations }: Contract, demands: ReadonlyMap<string, Demands>): readonly string[] {
  return options.flatMap(({ name, demanded, says }) => {
    const pointer = `/x-modi/${name}`
    const isIdle = (id: string): boolean => demands.has(id) && !demanded(demands.get(id) as Demands)
    const idle = operations.filter(({ id, source }) => atPointer(source, pointer) !== undefined && isIdle(id))
    const rootIdle = atPointer(document, pointer) !== undefined && demands.size > 0 && [...demands.keys()].every(isIdle)
    return [...rootIdle ? [`x-modi.${name}: ${says}`] : [], ...idle.map(({ id }) => `operation "${id}": x-modi.${name}: ${says}`)]
  })
}

function resolve ({ id, isPublic, source }: Operation, root: Json | undefined, agree: Agree): Demands {
  if (isPublic) return noDemands
  const [all = {}, own = {}] = [root, source['x-modi']] as readonly (Declared | undefined)[]
  const names = new Set([...all.patterns ?? [], ...own.patterns ?? []])
  const has = (...some: readonly Pattern[]): boolean => some.some((name) => names.has(name))
  const by = (kind: string): readonly Trust[] => [...names.has(`${kind}_REST_02` as Pattern) ? ['pdnd' as const] : [], ...names.has(`${kind}_REST_01` as Pattern) ? ['x509' as const] : []]
  const trust = own.trust ?? all.trust ?? noDemands.trust
  return {
    patterns: [...names],
    trust,
    channel: has('ID_AUTH_CHANNEL_02') ? 'mutual-tls' : has('ID_AUTH_CHANNEL_01', 'PROFILE_CONF_ID_AUTH_01') ? 'tls' : 'any',
    dpop: all.dpop === 'required' || own.dpop === 'required',
    singleUse: has('ID_AUTH_REST_02', 'PROFILE_NON_REPUDIATION_01'),
    integrity: has('INTEGRITY_REST_01', 'INTEGRITY_REST_02')
      ? { trust: by('INTEGRITY'), ...integrityOf(all.integrity, own.integrity) }
      : undefined,
    // AUDIT_REST_01 is for either trust; AUDIT_REST_02 is bound to a voucher, so only the platform's will do.
    evidence: has('AUDIT_REST_01', 'AUDIT_REST_02')
      ? { trust: has('AUDIT_REST_02') ? ['pdnd'] : trust, bound: has('AUDIT_REST_02'), claims: bothClaims(agree(all.audit, 'x-modi'), agree(own.audit, `operation "${id}": x-modi`)) }
      : undefined,
    signedResponse: all.response === 'signed' || own.response === 'signed' || has('PROFILE_NON_REPUDIATION_01'),
    nonRepudiation: has('PROFILE_NON_REPUDIATION_01'),
    scope: own.async,
    nonBlocking: own.nonBlocking
  }
}

/** What an operation says of signatures is held besides what the root says; only the content codings, which demand nothing, are its own. */
function integrityOf (all: Declared['integrity'] = {}, own: Declared['integrity'] = {}): Omit<IntegrityDemand, 'trust'> {
  return {
    headers: [...new Set([...all.headers ?? [], ...own.headers ?? []].map((name) => name.toLowerCase()))],
    emptyBody: [all, own].some(({ emptyBody }) => emptyBody === 'signed') ? 'signed' : 'unsigned',
    contentCodings: own.contentCodings ?? all.contentCodings ?? []
  }
}

function bothClaims (all: EvidenceDemand['claims'], own: EvidenceDemand['claims']): EvidenceDemand['claims'] {
  if (!all || !own) return all ?? own
  return {
    schema: { allOf: [all.schema, own.schema] },
    names: [...new Set([...all.names, ...own.names])],
    findFaults: (claims) => [...new Set([...all.findFaults(claims), ...own.findFaults(claims)])]
  }
}

function findFaults ({ id, isPublic, source }: Operation): readonly string[] {
  const declared = source['x-modi']
  if (declared === undefined) return []
  if (isPublic) return [`operation "${id}": x-modi demands something of a call that needs no voucher (security: []); take one of the two out`]
  return faultsOf(declared, `operation "${id}": x-modi`)
}

function faultsOf (declared: Json | undefined, place: string): string[] {
  if (declared === undefined) return []
  const faults = findSchemaFaults(declared).map(({ path, message }) => `${[place, ...path].join('.')}: ${message}`)
  const perOperation = place === 'x-modi' && isObject(declared) ? ['async', 'nonBlocking'].filter((name) => Object.hasOwn(declared, name)) : []
  return [...faults, ...perOperation.map((name) => `${place}.${name}: belongs on an operation, not at the root`)]
}

// Where one is easily written and would say nothing.
function misplaced ({ document }: Contract): readonly string[] {
  const paths = Object.entries(document['paths'] as JsonObject).map(([path, item]) => [`path "${path}"`, item] as const)
  return [['info', document['info']] as const, ...paths].filter(([, place]) => isObject(place) && Object.hasOwn(place, 'x-modi'))
    .map(([place]) => `${place}: x-modi holds for nothing there; put it at the root or on an operation`)
}
