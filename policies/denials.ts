import type { Problem } from '../openapi/problem.ts'
import type { LimitState } from './limiter.ts'

/**
 * Every way in which Varco refuses a call: the status, the title, and how to mend it. One table feeds the answers, the documentation
 * pages under /problems, the contracts' responses and the tests. Codes are stable: they are never renamed.
 */
interface DenialType {
  readonly status: number
  readonly title: string
  /** What the caller can do about it. */
  readonly mend: string
  /** `error` of WWW-Authenticate (RFC 6750, 3.1; RFC 9449, 7.1 and 9); null where the challenge carries none. */
  readonly challenge?: 'invalid_token' | 'invalid_dpop_proof' | 'use_dpop_nonce' | null
}

const askAgain = 'Request a new voucher from the platform (PDND) and repeat the call.'
const retryLater = 'Repeat the call after the number of seconds in Retry-After.'

export const denials = {
  'malformed-request': { status: 400, title: 'Malformed request', mend: 'Correct the request line or the headers as the detail says.' },
  'invalid-parameter': { status: 400, title: 'Invalid parameter', mend: 'Send the parameters as the contract declares them.' },
  'invalid-body': { status: 400, title: 'Invalid body', mend: 'Send a body that matches the schema in the contract.' },
  'route-not-found': { status: 404, title: 'No such operation', mend: 'Check the path against the contract; paths are case-sensitive and have no trailing slash.' },
  'method-not-allowed': { status: 405, title: 'Method not allowed', mend: 'Use one of the methods in the Allow header.' },
  'not-acceptable': { status: 406, title: 'Not acceptable', mend: 'Accept one of the media types that the contract declares for this operation.' },
  'request-timeout': { status: 408, title: 'Request timeout', mend: 'Send the whole request in time.' },
  'content-too-large': { status: 413, title: 'Content too large', mend: 'Send a smaller body.' },
  'uri-too-long': { status: 414, title: 'URI too long', mend: 'Shorten the path and the query string.' },
  'unsupported-media-type': { status: 415, title: 'Unsupported media type', mend: 'Send a Content-Type that the contract declares for this operation.' },
  'expectation-failed': { status: 417, title: 'Expectation failed', mend: 'Send no Expect header other than 100-continue.' },
  'headers-too-large': { status: 431, title: 'Request header fields too large', mend: 'Send fewer or shorter headers (16 KiB and 100 fields at most).' },

  'voucher-missing': { status: 401, title: 'Voucher missing', challenge: null, mend: 'Send the voucher in one header: Authorization: Bearer <voucher>, or Authorization: DPoP <voucher> when it is bound to a key; where the contract takes certificates, a token that you signed with yours as Bearer. An internal application sends its own token as Bearer, or connects with its certificate.' },
  'voucher-malformed': { status: 401, title: 'Voucher malformed', challenge: 'invalid_token', mend: 'Send the voucher exactly as the platform issued it (typ at+jwt, RS256).' },
  'voucher-unverifiable': { status: 401, title: 'Voucher not verifiable', challenge: 'invalid_token', mend: 'Use a voucher issued by the platform environment that this gateway trusts, unchanged.' },
  'voucher-claims-invalid': { status: 401, title: 'Voucher claims invalid', challenge: 'invalid_token', mend: askAgain },
  'voucher-issuer-mismatch': { status: 401, title: 'Voucher of another issuer', challenge: 'invalid_token', mend: 'Request the voucher from the platform environment that this gateway trusts.' },
  'voucher-audience-mismatch': { status: 401, title: 'Voucher for another audience', challenge: 'invalid_token', mend: 'Request a voucher for a purpose on this e-service: its audience is set by the e-service version in the catalogue.' },
  'voucher-expired': { status: 401, title: 'Voucher expired', challenge: 'invalid_token', mend: askAgain },
  'voucher-not-yet-valid': { status: 401, title: 'Voucher not yet valid', challenge: 'invalid_token', mend: 'Check the clock of the machine that asked for the voucher, or wait.' },
  'voucher-lifetime-exceeded': { status: 401, title: 'Voucher lifetime too long', challenge: 'invalid_token', mend: 'Request a voucher from the platform: it never issues one for more than 24 hours.' },
  'dpop-required': { status: 401, title: 'DPoP required', challenge: 'invalid_token', mend: 'Request a voucher with a DPoP proof and send it as Authorization: DPoP <voucher>, with a proof of its own for this call in the header DPoP.' },
  'dpop-missing': { status: 401, title: 'DPoP proof missing', challenge: 'invalid_dpop_proof', mend: 'Send one proof for this call in the header DPoP, signed with the key that the voucher is bound to.' },
  'dpop-malformed': { status: 401, title: 'DPoP proof malformed', challenge: 'invalid_dpop_proof', mend: 'Send exactly one proof: a JWT with typ dpop+jwt, alg ES256 or RS256 and the public key in jwk (RFC 9449, 4.2).' },
  'dpop-unverifiable': { status: 401, title: 'DPoP proof not verifiable', challenge: 'invalid_dpop_proof', mend: 'Sign the proof with the private key of the jwk in its header.' },
  'dpop-proof-invalid': { status: 401, title: 'DPoP proof invalid', challenge: 'invalid_dpop_proof', mend: 'Make a new proof for every call: jti, htm, htu (the public URL without query), iat and ath as RFC 9449, 4.2 says.' },
  'dpop-nonce-required': { status: 401, title: 'DPoP nonce required', challenge: 'use_dpop_nonce', mend: 'Repeat the call with a new proof whose claim nonce is the value of the header DPoP-Nonce of this answer.' },
  'dpop-binding-mismatch': { status: 401, title: 'Voucher and DPoP key do not match', challenge: 'invalid_token', mend: 'Sign the proof with the key that the voucher is bound to (cnf.jkt); send a voucher without cnf as Authorization: Bearer <voucher>.' },
  'dpop-replayed': { status: 401, title: 'DPoP proof used before', challenge: 'invalid_dpop_proof', mend: 'Make a new proof, with a jti of its own, for every call.' },
  'tls-required': { status: 401, title: 'TLS required', challenge: null, mend: 'Call over TLS (https).' },
  'client-certificate-missing': { status: 401, title: 'Client certificate missing', challenge: null, mend: 'Open the connection with the client certificate of your administration (mutual TLS).' },
  'client-certificate-untrusted': { status: 401, title: 'Client certificate not trusted', challenge: null, mend: 'Use a client certificate that is valid now and issued by an authority that the producer trusts, or registered for your application.' },
  'client-certificate-mismatch': { status: 403, title: 'Client certificate of another administration', mend: 'Use a client certificate that the producer has registered for your administration.' },
  'caller-kind-not-trusted': { status: 401, title: 'Kind of caller not taken here', challenge: 'invalid_token', mend: 'Call with what the contract of the operation takes: a voucher of the platform, or a token signed with a certificate; an internal application with its own token or certificate, on the listener for them, and not where a voucher is demanded.' },
  'token-malformed': { status: 401, title: 'Token malformed', challenge: 'invalid_token', mend: 'Send a JWT with typ JWT, an RS, PS or ES algorithm, and the certificate in x5c, x5t#S256 or x5u (ModI ID_AUTH_REST_01); an internal application with typ client-authentication+jwt, and the thumbprint of its key in kid.' },
  'token-unverifiable': { status: 401, title: 'Token not verifiable', challenge: 'invalid_token', mend: 'Sign the token with the key of a certificate that is valid now and that the producer trusts; an internal application with a key that is registered for it.' },
  'token-claims-invalid': { status: 401, title: 'Token claims invalid', challenge: 'invalid_token', mend: 'Make the token with the claims as the detail says (ModI ID_AUTH_REST_01, ID_AUTH_REST_02).' },
  'token-audience-mismatch': { status: 401, title: 'Token for another audience', challenge: 'invalid_token', mend: 'Set aud to the audience of this e-service.' },
  'token-expired': { status: 401, title: 'Token expired', challenge: 'invalid_token', mend: 'Make a new token and repeat the call.' },
  'token-not-yet-valid': { status: 401, title: 'Token not yet valid', challenge: 'invalid_token', mend: 'Check the clock of the machine that made the token, or wait.' },
  'token-replayed': { status: 401, title: 'Token used before', challenge: 'invalid_token', mend: 'Make a new token, with a jti of its own, for every call.' },
  'signature-missing': { status: 401, title: 'Message signature missing', challenge: null, mend: 'Sign the message: send Digest: SHA-256=<base64> and, in one header Agid-JWT-Signature, a JWT over it (ModI INTEGRITY_REST_01, INTEGRITY_REST_02).' },
  'signature-malformed': { status: 401, title: 'Message signature malformed', challenge: null, mend: 'Send exactly one JWT in Agid-JWT-Signature, with typ JWT, alg RS256 and kid, the id of a key of your client on the platform, or with a certificate where the contract takes one.' },
  'signature-unverifiable': { status: 401, title: 'Message signature not verifiable', challenge: null, mend: 'Sign with the private key that goes with the kid or the certificate in the header, and send the token unchanged.' },
  'signature-claims-invalid': { status: 401, title: 'Message signature claims invalid', challenge: null, mend: 'Set the claims iss (your client id), aud, iat, exp, jti and signed_headers as ModI INTEGRITY_REST_02 says.' },
  'signature-audience-mismatch': { status: 401, title: 'Message signature for another audience', challenge: null, mend: 'Set aud of Agid-JWT-Signature to the audience of the e-service in the catalogue, or to the URL of the call.' },
  'signature-expired': { status: 401, title: 'Message signature expired', challenge: null, mend: 'Sign every call anew, and check the clock of the machine that signs.' },
  'signature-not-yet-valid': { status: 401, title: 'Message signature not yet valid', challenge: null, mend: 'Check the clock of the machine that signs, or wait.' },
  'signature-signer-mismatch': { status: 401, title: 'Message signed by another client', challenge: null, mend: 'Sign with a key of the client that the voucher was issued to, and name that client in iss and sub.' },
  'signature-headers-mismatch': { status: 401, title: 'Signed headers do not match', challenge: null, mend: 'List in signed_headers each header to be signed once, in lower case, with the value that is sent: digest, content-type and content-encoding where they are sent, and those that the contract names.' },
  'signature-replayed': { status: 401, title: 'Message signature used before', challenge: null, mend: 'Sign every call anew, with a jti of its own.' },
  'digest-missing': { status: 401, title: 'Digest missing', challenge: null, mend: 'Send Digest: SHA-256=<base64 of the SHA-256 of the body>; that of no body is of no bytes.' },
  'digest-malformed': { status: 401, title: 'Digest malformed', challenge: null, mend: 'Send Digest: SHA-256=<base64>: the 32 bytes of the SHA-256 in base64 with padding, not in hexadecimal.' },
  'digest-mismatch': { status: 401, title: 'Digest of another body', challenge: null, mend: 'Compute the digest over the bytes of the body exactly as they are sent, behind any content coding.' },
  'evidence-missing': { status: 401, title: 'Tracking evidence missing', challenge: null, mend: 'Send tracking evidence in one header, Agid-JWT-TrackingEvidence: a JWT signed with a key of your client (ModI AUDIT_REST_01, AUDIT_REST_02).' },
  'evidence-malformed': { status: 401, title: 'Tracking evidence malformed', challenge: null, mend: 'Send exactly one JWT as tracking evidence, with typ JWT, alg RS256 and kid, the id of a key of your client on the platform, or with a certificate where the contract takes one.' },
  'evidence-unverifiable': { status: 401, title: 'Tracking evidence not verifiable', challenge: null, mend: 'Sign the evidence with the private key that goes with the kid or the certificate in its header, and send it unchanged.' },
  'evidence-claims-invalid': { status: 401, title: 'Tracking evidence claims invalid', challenge: null, mend: 'Set the claims iss (your client id), aud, iat, exp, jti and purposeId, and dnonce where AUDIT_REST_02 holds.' },
  'evidence-agreed-claims-invalid': { status: 401, title: 'Agreed claims of the tracking evidence invalid', challenge: null, mend: 'Set the claims that the contract describes under x-modi.audit.claims; their names are case-sensitive.' },
  'evidence-audience-mismatch': { status: 401, title: 'Tracking evidence for another audience', challenge: null, mend: 'Set aud of the evidence to the audience of the e-service in the catalogue.' },
  'evidence-expired': { status: 401, title: 'Tracking evidence expired', challenge: null, mend: 'Make new evidence that lives as long as the voucher, and where AUDIT_REST_02 holds request a new voucher with it.' },
  'evidence-not-yet-valid': { status: 401, title: 'Tracking evidence not yet valid', challenge: null, mend: 'Check the clock of the machine that made the evidence, or wait.' },
  'evidence-signer-mismatch': { status: 401, title: 'Tracking evidence signed by another client', challenge: null, mend: 'Sign the evidence with a key of the client that the voucher was issued to.' },
  'evidence-purpose-mismatch': { status: 403, title: 'Tracking evidence for another purpose', mend: 'Set purposeId of the evidence to the purpose that the voucher was issued for.' },
  'evidence-digest-missing': { status: 401, title: 'Voucher without the digest of the evidence', challenge: 'invalid_token', mend: 'Put the digest of the evidence into the client assertion, as digest: { alg: SHA256, value: <SHA-256 in hexadecimal> }, and request a new voucher with it (AUDIT_REST_02).' },
  'evidence-digest-mismatch': { status: 401, title: 'Voucher for other evidence', challenge: 'invalid_token', mend: 'Send the evidence that the voucher was requested with, unchanged, or request a new voucher with the digest of this one.' },
  'registry-unavailable': { status: 503, title: 'Registry unavailable', mend: retryLater },
  'trust-source-unavailable': { status: 503, title: 'Trust source unavailable', mend: retryLater },
  'record-store-unavailable': { status: 503, title: 'Record store unavailable', mend: retryLater },
  'evidence-store-unavailable': { status: 503, title: 'Evidence store unavailable', mend: retryLater },
  'replay-filter-unavailable': { status: 503, title: 'Replay filter unavailable', mend: retryLater },

  'producer-mismatch': { status: 403, title: 'Voucher for another producer', mend: 'Request a voucher for a purpose on an e-service of this producer.' },
  'eservice-mismatch': { status: 403, title: 'Voucher for another e-service', mend: 'Request a voucher for a purpose on this e-service.' },
  'descriptor-mismatch': { status: 403, title: 'Voucher for another e-service version', mend: 'Call the version that the agreement is for, or upgrade the agreement in the platform.' },
  'descriptor-not-usable': { status: 403, title: 'E-service version not in use', mend: 'Upgrade the agreement to a published version of the e-service.' },
  'client-unknown': { status: 403, title: 'Client unknown', mend: 'Have the producer register your certificate with a client of your administration; the operator of the gateway that of an internal application.' },
  'agreement-missing': { status: 403, title: 'No agreement', mend: 'Request the use of this e-service (richiesta di fruizione) in the platform.' },
  'agreement-not-active': { status: 403, title: 'Agreement not active', mend: 'Have the agreement activated in the platform by the producer or by your own administration.' },
  'agreement-mismatch': { status: 403, title: 'Agreement on another version', mend: 'Request a voucher again: the agreement is on another version of the e-service.' },
  'purpose-unknown': { status: 403, title: 'Purpose unknown', mend: 'Declare the purpose (finalità) for this e-service in the platform and use its id.' },
  'purpose-mismatch': { status: 403, title: 'Purpose of another use', mend: 'Use a purpose that belongs to your administration and to this e-service.' },
  'purpose-not-active': { status: 403, title: 'Purpose not active', mend: 'Have the purpose activated in the platform; a suspended or waiting one gives no access.' },
  'delegation-not-active': { status: 403, title: 'Delegation not active', mend: 'Have the delegation activated in the platform, or declare a purpose of your own: one of a delegate ends with its delegation.' },
  'grant-missing': { status: 403, title: 'No grant', mend: 'Ask the producer to grant your purpose what it needs of this e-service.' },
  'grant-expired': { status: 403, title: 'Grant expired', mend: 'Ask the producer to review and renew the grant.' },
  'operation-not-granted': { status: 403, title: 'Operation not granted', mend: 'Call an operation that the grant is for, or ask the producer to review the grant.' },
  'field-withheld': { status: 403, title: 'Field withheld', mend: 'Leave out the parameter: your purpose may not see that field, so it may not select by it either.' },

  'scope-mismatch': { status: 403, title: 'Voucher with another scope', mend: 'Request a voucher with the scope of this operation (/token.oauth2.async); where it takes none, one without scope (/token.oauth2).' },
  'async-exchange-not-enabled': { status: 403, title: 'No asynchronous exchange', mend: 'Ask the producer: this version of the e-service does not offer this step of an asynchronous exchange.' },
  'interaction-unknown': { status: 403, title: 'Interaction unknown', mend: 'Continue the interaction with the client that started it here, on the same e-service version, or start a new one.' },
  'interaction-state-mismatch': { status: 409, title: 'Step out of order', mend: 'Start an interaction once; get the resource as often as needed, then confirm once, as the last step.' },
  'interaction-expired': { status: 403, title: 'Interaction expired', mend: 'Start a new interaction and finish it within the times that the e-service version declares in the platform.' },
  'interactions-unavailable': { status: 503, title: 'Interactions unavailable', mend: retryLater },
  'reply-to-invalid': { status: 400, title: 'Address for the answer not acceptable', mend: 'Give one https URL on a public host: in X-ReplyTo one of an origin that the producer allows you, as urlCallback one on port 443.' },
  'name-resolution-unavailable': { status: 503, title: 'Name resolution unavailable', mend: retryLater },

  'address-limit-exceeded': { status: 429, title: 'Too many requests', mend: retryLater },
  'burst-exceeded': { status: 429, title: 'Too many requests', mend: retryLater },
  'quota-exceeded': { status: 429, title: 'Daily quota exceeded', mend: 'Wait for the next day (Europe/Rome), or have the quota that the detail names raised in the platform (PDND).' },

  'not-cached': { status: 504, title: 'Not in the cache', mend: 'Repeat the call without only-if-cached in Cache-Control.' },
  'eservice-refused': { status: 400, title: 'Refused by the e-service', mend: 'See the contract for what the e-service answers in this case.' },
  'overloaded': { status: 503, title: 'Overloaded', mend: retryLater },
  'internal-error': { status: 500, title: 'Internal error', mend: 'Report the correlationId to the producer.' },
  'method-not-implemented': { status: 501, title: 'Method not implemented', mend: 'Use GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS.' },
  'upstream-unreachable': { status: 502, title: 'E-service unreachable', mend: 'Repeat the call later; if it persists, report the correlationId to the producer.' },
  'upstream-invalid': { status: 502, title: 'Invalid answer of the e-service', mend: 'Report the correlationId to the producer.' },
  'loop-detected': { status: 508, title: 'Loop detected', mend: 'Report the correlationId to the producer: the e-service leads back to this gateway.' },
  'upstream-timeout': { status: 504, title: 'E-service too slow', mend: 'Repeat the call later; if it persists, report the correlationId to the producer.' }
} as const satisfies Record<string, DenialType>

export type DenialCode = keyof typeof denials

/**
 * A refusal as a value. `detail` is what the caller is told beyond the title (ids, audiences and times only); `check` names what failed
 * and `reason` says it in full: both are for the log and for `explain`. `retryAfter` in seconds.
 */
export interface Denial {
  readonly denial: DenialCode
  readonly check: string
  readonly detail?: string | undefined
  readonly reason?: string | undefined
  readonly retryAfter?: number | undefined
  /** All that is wrong where it is more than one thing, or has a place in the request; told to the caller. */
  readonly errors?: Problem['errors']
  /** Where the caller stands with its limits, once it is known who calls: every answer tells it. */
  readonly limit?: LimitState | undefined
  /** What the next DPoP proof of the caller must contain, where it needs a nonce. */
  readonly nonce?: string | undefined
  /** Instead of the table's status; only for an e-service's own refusals. */
  readonly status?: number
}

/** True when a policy answered with a refusal. */
export function isDenial (answer: unknown): answer is Denial {
  return typeof answer === 'object' && answer !== null && 'denial' in answer
}

/** The full entry of a code. */
export function denialType (code: DenialCode): DenialType {
  return denials[code]
}
