import { activeVersion, usableDescriptorStates } from '../../policies/registry.ts'
import type { RegistryFile } from '../adapters/registry-file.ts'
import { planIdentities } from './plan-identities.ts'
import { limitLine } from './plan-line.ts'
import type { PlanLine } from './plan-line.ts'

const mostNamed = 10

/** Names by ids of what has a state in which it counts. */
type Active = ReadonlyMap<string, string>

/** Compares two registry files by what is active, by who is who, and by the calls that may be made. */
export function planRegistry (before: RegistryFile, after: RegistryFile): readonly PlanLine[] {
  const kinds: readonly (readonly [noun: string, state: string, of: (file: RegistryFile) => Active])[] = [
    ['e-service version', 'usable', usableVersions],
    ['agreement', 'active', activeAgreements],
    ['purpose', 'active', ({ purposes }) => new Map(purposes.filter((purpose) => activeVersion(purpose)).map(({ id, alias }) => [id, alias]))],
    ['delegation', 'active', activeDelegations],
    ['client', 'registered', ({ clients }) => new Map(clients.map(({ id, alias }) => [id, alias]))],
    ['internal client', 'registered', ({ internalClients = [] }) => new Map(internalClients.map(({ id, alias }) => [id, alias]))]
  ]
  return [
    ...kinds.flatMap(([noun, state, of]) => planActive(`registry: ${noun}`, state, of(before), of(after))),
    ...planIdentities(before, after, prepareNames(before, after)),
    ...planQuotas(before, after)
  ]
}

function planActive (noun: string, state: string, before: Active, after: Active): readonly PlanLine[] {
  const only = (one: Active, other: Active): readonly string[] => [...one].filter(([id]) => !other.has(id)).map(([, name]) => name)
  const [gone, come] = [only(before, after), only(after, before)]
  return [
    ...gone.length > 0 ? [{ kind: 'breaking', sentence: `${noun}s no longer ${state}, ${gone.length}: ${named(gone)}` } as const] : [],
    ...come.length > 0 ? [{ kind: 'added', sentence: `${noun}s ${state} now, ${come.length}: ${named(come)}` } as const] : []
  ]
}

function named (names: readonly string[]): string {
  const shown = names.slice(0, mostNamed).join(', ')
  return names.length > mostNamed ? `${shown} and ${names.length - mostNamed} more` : shown
}

function usableVersions ({ eservices }: RegistryFile): Active {
  return new Map(eservices.flatMap(({ alias, descriptors }) => descriptors.filter(({ state }) => usableDescriptorStates.has(state)).map(({ id, version }) => [id, `${alias} version ${version}`] as const)))
}

function activeAgreements (file: RegistryFile): Active {
  const nameOf = prepareNames(file)
  return new Map(file.agreements.filter(({ state }) => state === 'Active').map(({ id, consumerId, eserviceId }) => [id, `${nameOf(consumerId)} on ${nameOf(eserviceId)}`]))
}

function activeDelegations (file: RegistryFile): Active {
  const nameOf = prepareNames(file)
  return new Map((file.delegations ?? []).filter(({ state }) => state === 'Active').map(({ id, delegatorId, delegateId, eserviceId }) => [id, `${nameOf(delegateId)} for ${nameOf(delegatorId)} on ${nameOf(eserviceId)}`]))
}

/** Prepares telling the names by which people know what is in registry files; an id that none has is its own name. */
export function prepareNames (...files: readonly RegistryFile[]): (id: string) => string {
  const names = new Map(files.flatMap(({ tenants, eservices, purposes, clients }) => [...tenants, ...eservices, ...purposes, ...clients].map(({ id, alias }) => [id, alias] as const)))
  return (id) => names.get(id) ?? id
}

function planQuotas (before: RegistryFile, after: RegistryFile): readonly PlanLine[] {
  const compare = (earlier: ReadonlyMap<string, number>, later: ReadonlyMap<string, number>): readonly PlanLine[] =>
    [...earlier].flatMap(([name, limit]) => later.has(name) ? limitLine(`registry: ${name}`, limit, later.get(name)) : [])
  return [
    ...compare(...pair(before, after, ({ purposes }) => purposes.flatMap((purpose) => {
      const active = activeVersion(purpose)
      return active ? [[`dailyCalls of the purpose ${purpose.alias}`, active.dailyCalls]] : []
    }))),
    ...(['dailyCallsPerConsumer', 'dailyCallsTotal'] as const).flatMap((limit) => compare(...pair(before, after, ({ eservices }) =>
      eservices.flatMap(({ alias, descriptors }) => descriptors.map((descriptor) => [`${limit} of ${alias} version ${descriptor.version}`, descriptor[limit]])))))
  ]
}

function pair (before: RegistryFile, after: RegistryFile, of: (file: RegistryFile) => readonly (readonly [string, number])[]): [ReadonlyMap<string, number>, ReadonlyMap<string, number>] {
  return [new Map(of(before)), new Map(of(after))]
}
