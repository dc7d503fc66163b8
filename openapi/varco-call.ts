/**
 * What the gateway tells an e-service about a call, and how it proves it: the header `Varco-Call`, a JWS (HS256 with a secret that the
 * gateway shares with that upstream alone), valid for 30 s and bound to the method and the target of the one request it came with.
 */
export const varcoCallHeader = 'varco-call'
export const varcoCallIssuer = 'varco'
export const varcoCallLifetimeSeconds = 30

/** The secret of a sandbox start. It is public: every production start refuses it. */
export const sandboxSecret = 'sandbox-only-secret-never-in-production'

/** Who calls, for which purpose, through which e-service version. Absent on public operations such as /status. */
export interface Caller {
  readonly clientId: string
  readonly consumerId: string
  readonly purposeId: string
  readonly eserviceId: string
  readonly descriptorId: string
}

/**
 * A URL to which the caller wants something sent, and the addresses that its host had when the gateway judged them: connect to one of
 * these, under the host's name, and follow no redirect. Whatever the name resolves to later was not judged.
 */
export interface PinnedUrl { readonly url: string, readonly addresses: readonly string[] }

/** The verified call as an e-service sees it. */
export interface VarcoCall {
  readonly operationId: string
  readonly correlationId: string
  readonly caller?: Caller
  /** The producer's purpose grant under which the call was admitted: the gateway takes out of the answer what it withholds. Absent where the producer grants nothing one by one. */
  readonly grant?: { readonly id: string, readonly version: number }
  /** The asynchronous exchange that the call is a step of, and which step; where the callback goes only with `start_interaction`. */
  readonly interactionId?: string
  readonly scope?: 'start_interaction' | 'callback_invocation' | 'get_resource' | 'confirmation'
  readonly urlCallback?: PinnedUrl
  /** Where the answer to a push goes (NONBLOCK_PUSH_REST). */
  readonly replyTo?: PinnedUrl
}

/** The claims of the JWS: `aud` is the base path of the e-service, `htm` the method, `htu` the request target as sent to the upstream. */
export interface VarcoCallClaims extends VarcoCall {
  readonly iss: typeof varcoCallIssuer
  readonly aud: string
  readonly iat: number
  readonly exp: number
  readonly htm: string
  readonly htu: string
}
