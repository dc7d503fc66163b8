import type { Figures } from '../figures/figures.ts'
import type { Generation } from '../generation.ts'

/** Who somebody is that figures know by an id, as the registry calls it. */
export type Names = Readonly<Record<string, string>>

/** What people want to know of a process beside its figures: where it serves, where it keeps what outlives it, what the ids of its figures stand for, and the files of the keys and certificates that it shows others. */
export function aboutOf ({ config, custody, registry: { registry } }: Pick<Generation, 'config' | 'custody' | 'registry'>, { quotas, recent }: Pick<Figures, 'quotas' | 'recent'>) {
  const { publicUrl, environment, state, listeners, tracing } = config
  const consumers = new Set([...quotas.map(({ consumer }) => consumer), ...recent?.today.consumers.map(({ consumer }) => consumer) ?? []])
  const named = [
    ...[...consumers].map((id) => [id, registry.tenant(id)?.name] as const),
    ...quotas.map(({ purpose }) => [purpose, registry.purpose(purpose)?.title] as const)
  ]
  return {
    publicUrl,
    environment,
    state,
    tracing: tracing?.nightly ?? false,
    names: Object.fromEntries(named.filter(([, name]) => name !== undefined)) as Names,
    signing: custody.signing(),
    certificates: (['public', 'internal'] as const).flatMap((listener) => {
      const tls = listeners[listener]?.tls
      return tls ? [{ listener, file: tls.certificate }] : []
    })
  }
}

export type About = ReturnType<typeof aboutOf>
