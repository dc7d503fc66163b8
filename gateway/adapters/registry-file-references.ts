import type { Finding } from './checked-yaml.ts'

/** What a schema cannot say of a registry file: ids and aliases are unique, and every id points at something. */

type Path = readonly (string | number)[]
interface Item { readonly path: Path, readonly fields: Readonly<Record<string, unknown>> }

/**
 * Every duplicate id or alias and every id that leads nowhere, for a document that may break its schema elsewhere:
 * whatever has not the expected shape is passed over, because the schema already reports it.
 */
export function checkReferences (document: unknown): Finding[] {
  const tenants = items(document, 'tenants')
  const eservices = items(document, 'eservices')
  const agreements = items(document, 'agreements')
  const purposes = items(document, 'purposes')
  const clients = [...items(document, 'clients'), ...items(document, 'internalClients')]
  const delegations = items(document, 'delegations')
  return [
    ...findRepeats(document),
    ...dangling(eservices, 'producerId', tenants, 'tenant'),
    ...[agreements, purposes, delegations].flatMap((kind) => dangling(kind, 'eserviceId', eservices, 'e-service')),
    ...[agreements, purposes, clients].flatMap((kind) => dangling(kind, 'consumerId', tenants, 'tenant')),
    ...['delegatorId', 'delegateId'].flatMap((key) => dangling(delegations, key, tenants, 'tenant')),
    ...dangling(purposes, 'delegationId', delegations, 'delegation'),
    ...agreements.flatMap((agreement) => foreignDescriptor(agreement, eservices)),
    ...clients.flatMap((client) => unlinked(client, purposes))
  ]
}

/** Every duplicate id or alias alone. */
export function findRepeats (document: unknown): Finding[] {
  const [tenants, eservices, purposes, consumers, internal, agreements, delegations] = ['tenants', 'eservices', 'purposes', 'clients', 'internalClients', 'agreements', 'delegations'].map((key) => items(document, key)) as [Item[], Item[], Item[], Item[], Item[], Item[], Item[]]
  const clients = [...consumers, ...internal]
  const descriptors = eservices.flatMap(({ path, fields }) => items(fields, 'descriptors', path))
  const versions = purposes.flatMap(({ path, fields }) => items(fields, 'versions', path))
  return [
    ...[tenants, eservices, agreements, purposes, clients, delegations, descriptors, versions].flatMap((of) => repeats(of, 'id')),
    ...[tenants, eservices, purposes, clients].flatMap((of) => repeats(of, 'alias'))
  ]
}

/** Every id of an agreement or a purpose that is none of these e-services. */
export function findUnserved (document: unknown, eserviceIds: readonly string[]): Finding[] {
  const served = eserviceIds.map((id) => ({ path: [], fields: { id } }))
  return ['agreements', 'purposes'].flatMap((key) => dangling(items(document, key), 'eserviceId', served, 'e-service', 'the configuration'))
}

function items (holder: unknown, key: string, at: Path = []): Item[] {
  const found = isRecord(holder) ? holder[key] : undefined
  if (!Array.isArray(found)) return []
  return found.flatMap((fields: unknown, index) => isRecord(fields) ? [{ path: [...at, key, index], fields }] : [])
}

function isRecord (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function repeats (kind: readonly Item[], key: 'id' | 'alias'): Finding[] {
  const seen = new Set<unknown>()
  return kind.flatMap(({ path, fields }) => {
    const value = fields[key]
    const first = !seen.has(value)
    seen.add(value)
    if (first || typeof value !== 'string') return []
    return [{ path: [...path, key], message: `${key} "${value}" is already taken: give each its own` }]
  })
}

function dangling (kind: readonly Item[], key: string, targets: readonly Item[], noun: string, where?: string): Finding[] {
  return lost(kind.map(({ path, fields }) => ({ path: [...path, key], value: fields[key] })), targets, noun, where)
}

function unlinked ({ path, fields }: Item, purposes: readonly Item[]): Finding[] {
  const links: unknown[] = Array.isArray(fields.purposes) ? fields.purposes : []
  return lost(links.map((value, index) => ({ path: [...path, 'purposes', index], value })), purposes, 'purpose')
}

function lost (ids: readonly { path: Path, value: unknown }[], targets: readonly Item[], noun: string, where = 'this file'): Finding[] {
  const known = new Set(targets.map(({ fields }) => fields.id))
  const wrong = ids.filter(({ value }) => typeof value === 'string' && !known.has(value))
  return wrong.map(({ path, value }) => ({ path, message: `no ${noun} of ${where} has the id "${String(value)}"` }))
}

function foreignDescriptor ({ path, fields }: Item, eservices: readonly Item[]): Finding[] {
  const eservice = eservices.find((candidate) => candidate.fields.id === fields.eserviceId)
  if (eservice === undefined || typeof fields.descriptorId !== 'string') return []
  if (items(eservice.fields, 'descriptors').some((each) => each.fields.id === fields.descriptorId)) return []
  const message = `the e-service has no descriptor with the id "${fields.descriptorId}"`
  return [{ path: [...path, 'descriptorId'], message }]
}
