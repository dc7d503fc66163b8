import { sandboxSecret } from '../openapi/varco-call.ts'

type Environment = Readonly<Record<string, string | undefined>>

const shortestSecret = 32

/**
 * The secret that each e-service shares with its gateway: `<NAME>_CALL_SECRET` (e.g. TICKETS_CALL_SECRET), else VARCO_CALL_SECRET. Throws
 * a sentence when one is missing, shorter than 32 characters or the public one of the sandbox. With `sandbox` none of this is asked and
 * the public one stands for a missing one.
 */
export function callSecrets (names: readonly string[], env: Environment, sandbox: boolean): (name: string) => string {
  const secrets = new Map(names.map((name) => [name, callSecret(name, env, sandbox)]))
  return (name) => {
    const secret = secrets.get(name)
    if (secret === undefined) throw new Error(`there is no secret for the e-service "${name}"`)
    return secret
  }
}

function callSecret (name: string, env: Environment, sandbox: boolean): string {
  const own = `${prefixOf(name)}CALL_SECRET`
  const variable = env[own] ? own : 'VARCO_CALL_SECRET'
  const secret = env[variable] ?? ''
  if (sandbox) return secret || sandboxSecret
  const fault = secret === '' ? 'is not set' : secret === sandboxSecret ? 'is the public one of the sandbox' : secret.length < shortestSecret ? 'is too short' : undefined
  if (fault) {
    throw new Error(`${variable} ${fault}: set it (or ${own}) to the secret that the gateway has for the e-service "${name}", at least ${shortestSecret} characters; ` +
      'only to try things out, give --sandbox')
  }
  return secret
}

/** The port of the e-services host: ten above the gateway's, which is PORT (8080 when it is not set or empty). Throws a sentence when it is not usable. */
export function hostPort (env: Environment): number {
  const text = env['PORT'] || '8080'
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port < 1 || port > 65_525) throw new Error(`PORT is "${text}": it must be a number from 1 to 65525`)
  return port + 10
}

/** Settings of an e-service: the variables that start with its name, e.g. TICKETS_DEMO_TICKETS as `demoTickets`; never its secret. */
export function settingsOf (name: string, env: Environment): Record<string, string | undefined> {
  const prefix = prefixOf(name)
  return Object.fromEntries(Object.entries(env).filter(([key]) => key.startsWith(prefix) && key !== `${prefix}CALL_SECRET`)
    .map(([key, value]) => [key.slice(prefix.length).toLowerCase().replaceAll(/_([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase()), value]))
}

function prefixOf (name: string): string {
  return `${name.toUpperCase().replaceAll('-', '_')}_`
}
