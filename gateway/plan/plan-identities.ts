import { nameOf } from '../../policies/certificate-name.ts'
import type { CertificateName } from '../../policies/certificate-name.ts'
import type { RegisteredInternalClient } from '../adapters/internal-clients.ts'
import type { CertifiedClient } from '../adapters/certificates-registered.ts'
import type { RegistryFile } from '../adapters/registry-file.ts'
import { listLines } from './plan-line.ts'
import type { PlanLine } from './plan-line.ts'

interface Known { readonly name: string, readonly purposes: readonly string[], readonly proofs: readonly string[] }

/** Compares, of the clients and tenants that are in both registry files, for what they may call and with what they prove who they are. */
export function planIdentities (before: RegistryFile, after: RegistryFile, nameOfId: (id: string) => string): readonly PlanLine[] {
  const [earlier, later] = [knownIn(before), knownIn(after)]
  return [
    ...[...earlier].flatMap(([id, { name, purposes, proofs }]): readonly PlanLine[] => {
      const other = later.get(id)
      if (!other) return []
      return [
        ...listLines(`registry: the purposes of the client ${name}`, purposes.map(nameOfId), other.purposes.map(nameOfId), { come: 'added', gone: 'breaking' }),
        ...listLines(`registry: what the client ${name} proves itself with`, proofs, other.proofs, { come: 'weaker', gone: 'breaking' })
      ]
    }),
    ...planTenants(before, after)
  ]
}

function knownIn ({ clients, internalClients = [] }: RegistryFile): ReadonlyMap<string, Known> {
  return new Map([
    ...clients.map(({ id, alias, purposes, certificates }): [string, Known] => [id, { name: alias, purposes, proofs: certifiedBy({ ...certificates && { certificates } }) }]),
    ...internalClients.map(({ id, alias, purposes, ...proofs }): [string, Known] => [id, { name: alias, purposes, proofs: internalProofs(proofs) }])
  ])
}

/** One that is named by its file is the same as by its thumbprint. */
function certifiedBy ({ certificates = [] }: Pick<CertifiedClient, 'certificates'>): readonly string[] {
  return certificates.flatMap((certificate) => 'certificates' in certificate ? certificate.certificates.slice(0, 1).map((leaf) => `the certificate ${nameOf(leaf).thumbprint}`) : [`the certificate ${textOf(certificate)}`])
}

function textOf (name: CertificateName): string {
  return 'thumbprint' in name ? name.thumbprint : name.subject
}

// A key or a certificate that was not read, because nobody is let in by it, is known by its file.
function internalProofs ({ keys = [], certificates = [] }: Pick<RegisteredInternalClient, 'keys' | 'certificates'>): readonly string[] {
  return [...keys.map(({ kid, file }) => `the key ${kid ?? file}`), ...certificates.map(({ thumbprint, file }) => `the certificate ${thumbprint ?? file}`)]
}

/** Who has no certificates comes with any that is trusted (ID_AUTH_CHANNEL_02). */
function planTenants (before: RegistryFile, after: RegistryFile): readonly PlanLine[] {
  const later = new Map(after.tenants.map((tenant) => [tenant.id, (tenant.certificates ?? []).map(textOf)]))
  return before.tenants.flatMap(({ id, alias, certificates = [] }): readonly PlanLine[] => {
    const [own, other] = [certificates.map(textOf), later.get(id)]
    if (!other || own.length + other.length === 0) return []
    if (other.length === 0) return [{ kind: 'weaker', sentence: `registry: the tenant ${alias} needs no certificate of its own any more` }]
    if (own.length === 0) return [{ kind: 'stricter', sentence: `registry: the tenant ${alias} needs a certificate of its own now` }]
    return listLines(`registry: the certificates of the tenant ${alias}`, own, other, { come: 'weaker', gone: 'breaking' })
  })
}
