/** The loopback ports of Varco's listeners. `PORT` moves them all together; they are also what `${GATEWAY_PORT}` and the like stand for. */
export interface ListenerPorts { readonly gateway: number, readonly sandbox: number, readonly operations: number, readonly internal: number, readonly eservices: number }

/** Derives the ports from `PORT` (8080 when it is not set). Throws a sentence when it is not a usable number. */
export function listenerPorts (env: Readonly<Record<string, string | undefined>>): ListenerPorts {
  const text = env['PORT'] || '8080'
  const gateway = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (gateway < 1 || gateway > 65_525) throw new Error(`PORT is "${text}": it must be a number from 1 to 65525`)
  return { gateway, sandbox: gateway + 1, operations: gateway + 2, internal: gateway + 3, eservices: gateway + 10 }
}

/** The same ports as variables for a configuration; what the environment sets by itself wins. */
export function portVariables (env: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  const ports = listenerPorts(env)
  return {
    GATEWAY_PORT: String(ports.gateway),
    SANDBOX_PORT: String(ports.sandbox),
    OPERATIONS_PORT: String(ports.operations),
    INTERNAL_PORT: String(ports.internal),
    ESERVICES_PORT: String(ports.eservices),
    ...env
  }
}
