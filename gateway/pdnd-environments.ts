/**
 * Where each environment of the national platform (PDND) is found, and `sandbox`, its stand-in on this machine.
 * Ids and keys differ in every environment: vouchers of two of them never share a route.
 */

/** The addresses and names of one environment; `apiBase` is without the version segment (`/v2`, `/v3`). */
export interface PdndEnvironment {
  /** The `iss` of its vouchers: a bare domain, compared exactly. */
  readonly issuer: string
  readonly jwksUri: string
  readonly apiBase: string
  /** Where its tracing API is, to which the calls of each day are reported. */
  readonly tracingBase: string
  readonly tokenUrl: string
  /** The `aud` that a client assertion must carry. */
  readonly clientAssertionAudience: string
}

export const environmentNames = ['attestazione', 'collaudo', 'produzione', 'sandbox'] as const
export type EnvironmentName = (typeof environmentNames)[number]

/** The port of the sandbox PDND when `PORT` is not set: one above the gateway's. */
const defaultSandboxPort = 8081

/** The sandbox PDND as reached on a loopback port; its issuer and audience do not depend on the port. */
export function sandboxEnvironment (port: number = defaultSandboxPort): PdndEnvironment {
  const origin = `http://127.0.0.1:${port}`
  return {
    issuer: 'sandbox.varco.localhost',
    jwksUri: `${origin}/.well-known/jwks.json`,
    apiBase: origin,
    tracingBase: origin,
    tokenUrl: `${origin}/token.oauth2`,
    clientAssertionAudience: 'sandbox.varco.localhost/client-assertion'
  }
}

function platform (prefix: string): PdndEnvironment {
  return {
    issuer: `${prefix}interop.pagopa.it`,
    jwksUri: `https://${prefix}interop.pagopa.it/.well-known/jwks.json`,
    apiBase: `https://api.${prefix}interop.pagopa.it`,
    tracingBase: `https://api.${prefix}tracing.interop.pagopa.it`,
    tokenUrl: `https://auth.${prefix}interop.pagopa.it/token.oauth2`,
    clientAssertionAudience: `auth.${prefix}interop.pagopa.it/client-assertion`
  }
}

/** The presets; a configuration may override any single field, never mix two environments. */
export const pdndEnvironments: Readonly<Record<EnvironmentName, PdndEnvironment>> = {
  attestazione: platform('att.'),
  collaudo: platform('uat.'),
  produzione: platform(''),
  sandbox: sandboxEnvironment()
}
