import { dirname } from 'node:path'
import type { Agreement, Client, Delegation, EService, Purpose, Registry, Tenant } from '../../policies/registry.ts'
import { environmentNames } from '../pdnd-environments.ts'
import type { EnvironmentName } from '../pdnd-environments.ts'
import { AgreementsByParties } from './agreements-by-parties.ts'
import type { CertifiedClient } from './certificates-registered.ts'
import { prepareFindings, readCheckedYaml } from './checked-yaml.ts'
import type { Finding } from './checked-yaml.ts'
import type { RegisteredInternalClient } from './internal-clients.ts'
import { readCertificateFiles, withCertificates } from './registry-file-certificates.ts'
import type { CertificateFiles } from './registry-file-certificates.ts'
import { findMute, readInternal, withInternal } from './registry-file-internal.ts'
import type { ReadInternal } from './registry-file-internal.ts'
import { checkReferences, findRepeats, findUnserved } from './registry-file-references.ts'
import { localRegistrySchema, registryFileSchema } from './registry-file-schema.ts'

/** A kebab-case name that people and the command line use instead of an id. */
export interface Named { readonly alias: string }

/** The platform's state as one reviewed file: the same nouns as the registry port, named, in the order of the file. */
export interface RegistryFile {
  /** The environment of PDND whose ids these are, where the file says so. */
  readonly environment?: EnvironmentName
  readonly tenants: readonly (Tenant & Named)[]
  readonly eservices: readonly (EService & Named)[]
  readonly agreements: readonly Agreement[]
  readonly purposes: readonly (Purpose & Named)[]
  readonly clients: readonly (Client & Named & CertifiedClient)[]
  /** The administration's own applications; their keys are there where they were read. */
  readonly internalClients?: readonly (RegisteredInternalClient & Named)[]
  readonly delegations?: readonly Delegation[]
}

const findFaults = prepareFindings(registryFileSchema)
const findLocalFaults = prepareFindings(localRegistrySchema)

/**
 * Reads a registry file (YAML 1.2, UTF-8); an agreement's `producerId` is its e-service's and not repeated in the file,
 * and where it names certificates as files they are read with it.
 * With `environment` a file that says to be of another one is refused: ids of two environments have nothing to do with each other.
 * With `publicKeys`, the folder of the keys and certificates of internal clients, those are read too: for whoever lets such clients in.
 * Throws CheckedFileError with every problem of the file, each with its line, or when it cannot be read.
 */
export async function readRegistryFile (path: string, environment?: EnvironmentName, publicKeys?: string): Promise<RegistryFile> {
  const file = await readFile<RegistryFile>(path, { environment, publicKeys }, (content) => [...findFaults(content), ...checkReferences(content)])
  return withProducers(file, new Map(file.eservices.map(({ id, producerId }) => [id, producerId])))
}

/**
 * Reads a registry file of what the platform does not know (clients and tenants with their certificates, purposes and agreements of those that did not join
 * it): every list may be left out, and ids may be the platform's. `producers` of the e-services that are served, by their ids. Throws as `readRegistryFile`.
 */
export async function readLocalRegistry (path: string, environment: EnvironmentName, producers: ReadonlyMap<string, string>, publicKeys?: string): Promise<RegistryFile> {
  const file = await readFile<Partial<RegistryFile>>(path, { environment, publicKeys }, (content) => [...findLocalFaults(content), ...findRepeats(content), ...findUnserved(content, [...producers.keys()])])
  return withProducers({ tenants: [], eservices: [], agreements: [], purposes: [], clients: [], ...file }, producers)
}

async function readFile<File extends Partial<RegistryFile>> (path: string, { environment, publicKeys }: { readonly environment: EnvironmentName | undefined, readonly publicKeys: string | undefined }, find: (content: unknown) => readonly Finding[]): Promise<File> {
  let files: CertificateFiles | undefined
  let internal: ReadInternal | undefined
  const content = await readCheckedYaml<File>(path, async (content): Promise<Finding[]> => {
    files = await readCertificateFiles(content, dirname(path))
    internal = publicKeys === undefined ? undefined : await readInternal(content, { folder: publicKeys, mayBeMissing: environment === 'sandbox' })
    return [...find(content), ...findMute(content), ...findForeign(content, environment), ...files.findings, ...internal?.findings ?? []]
  })
  return {
    ...content,
    ...content.clients && { clients: content.clients.map((client) => withCertificates(client, files?.certificates ?? new Map())) },
    ...content.internalClients && internal && { internalClients: content.internalClients.map((client) => withInternal(client, internal as ReadInternal)) }
  }
}

function findForeign (content: unknown, environment: EnvironmentName | undefined): Finding[] {
  const { environment: own } = (content ?? {}) as { environment?: unknown }
  const named = environmentNames.find((name) => name === own)
  if (environment === undefined || named === undefined || named === environment) return []
  return [{ path: ['environment'], message: `this is the registry of ${named}, and pdnd.environment of the configuration is ${environment}: name the registry of ${environment}` }]
}

/** The read port over a registry file: maps by id, no I/O. */
export function registryOf (file: RegistryFile): Registry {
  const tenants = byId(file.tenants)
  const clients = byId(file.clients)
  const eservices = byId(file.eservices)
  const purposes = byId(file.purposes)
  const delegations = byId(file.delegations ?? [])
  const agreements = new AgreementsByParties(file.agreements)
  return {
    settle: () => 'settled',
    tenant: (id) => tenants.get(id),
    client: (id) => clients.get(id),
    eservice: (id) => eservices.get(id),
    purpose: (id) => purposes.get(id),
    delegation: (id) => delegations.get(id),
    agreement: (eserviceId, consumerId) => agreements.find(eserviceId, consumerId)
  }
}

function byId<Item extends { readonly id: string }> (items: readonly Item[]): Map<string, Item> {
  return new Map(items.map((item) => [item.id, item]))
}

function withProducers (file: RegistryFile, producers: ReadonlyMap<string, string>): RegistryFile {
  const agreements = file.agreements.map((each) => ({ ...each, producerId: producers.get(each.eserviceId)! }))
  return { ...file, agreements }
}
