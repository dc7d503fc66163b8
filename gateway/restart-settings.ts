import { isDeepStrictEqual } from 'node:util'
import type { Config } from './config.ts'

/** A setting that a running gateway cannot change, as it is written, and what of a configuration it comes to. */
interface RestartSetting { readonly name: string, readonly of: (config: Config) => unknown }

const settings: readonly RestartSetting[] = [
  { name: 'listeners.public.host', of: ({ listeners }) => listeners.public.host },
  { name: 'listeners.public.port', of: ({ listeners }) => listeners.public.port },
  // Files are read anew while it runs; whether there is TLS, and whether callers are asked for certificates, is decided when the socket is opened.
  { name: 'listeners.public.tls', of: ({ listeners }) => listeners.public.tls !== undefined },
  { name: 'listeners.public.tls.clients', of: ({ listeners: { public: { tls } } }) => tls && tls.clients !== undefined },
  { name: 'listeners.internal', of: ({ listeners }) => listeners.internal !== undefined },
  { name: 'listeners.internal.host', of: ({ listeners }) => listeners.internal?.host },
  { name: 'listeners.internal.port', of: ({ listeners }) => listeners.internal?.port },
  { name: 'listeners.internal.tls', of: ({ listeners }) => listeners.internal?.tls !== undefined },
  { name: 'listeners.operations.host', of: ({ listeners }) => listeners.operations.host },
  { name: 'listeners.operations.port', of: ({ listeners }) => listeners.operations.port },
  { name: 'listeners.operations.token', of: ({ listeners }) => listeners.operations.token },
  { name: 'state', of: ({ state }) => state },
  { name: 'redis', of: ({ redis }) => redis },
  { name: 'watch', of: ({ watch }) => watch },
  { name: 'workers', of: ({ workers }) => workers },
  // The rest of it is read anew by each run.
  { name: 'tracing', of: ({ tracing }) => tracing?.nightly ?? false },
  { name: 'traces', of: ({ traces }) => traces },
  { name: 'pdnd', of: ({ environment, pdnd }) => ({ environment, pdnd }) },
  // From a file or from the platform; another file is read, and the same one anew.
  { name: 'registry', of: ({ registry }) => registry === 'platform' },
  { name: 'registryStaleHours', of: ({ registryStaleHours }) => registryStaleHours }
]

/** Of those, what a process may have beside one that has it otherwise: a rolling restart brings them. */
const rolling: ReadonlySet<string> = new Set(['traces', 'pdnd', 'registry', 'registryStaleHours'])

/** The settings that hold for as long as any process of the gateway runs, in which two configurations differ. */
export function startOf (before: Config, after: Config): readonly string[] {
  return restartOf(before, after).filter((name) => !rolling.has(name))
}

/** The settings, by their names in the configuration, in which two configurations differ and which hold from start to end of a process. Never a value: some are secrets. */
export function restartOf (before: Config, after: Config): readonly string[] {
  const differing = settings.filter(({ of }) => !isDeepStrictEqual(of(before), of(after))).map(({ name }) => name)
  // What is in one that differs as a whole goes without saying.
  return differing.filter((name) => !differing.some((other) => name.startsWith(`${other}.`)))
}
