/**
 * Why the platform refuses a token request, as data: code, the platform's own name, what it means and how to mend it.
 * The platform shows its callers none of this (they get 015-0008); the sandbox shows it on its debug endpoints.
 * Codes and names: client-assertion-validation, dpop-validation and authorization-server of
 * pagopa/interop-be-monorepo, release 2.21.
 */

interface Entry { readonly name: string, readonly explanation: string }

/** Refusals of the checks on the assertion itself and on the platform's state. */
export const assertionErrors = {
  '0001': ['unexpectedClientAssertionSignatureVerificationError', 'The signature could not be checked at all.'],
  '0002': ['invalidAssertionType', 'It must be urn:ietf:params:oauth:client-assertion-type:jwt-bearer.'],
  '0003': ['invalidGrantType', 'grant_type must be client_credentials.'],
  '0004': ['invalidAudience', 'aud must be, or contain, the client-assertion audience of this environment.'],
  '0005': ['audienceNotFound', 'aud is missing. Set it to the client-assertion audience of this environment.'],
  '0006': ['invalidClientAssertionFormat', 'The assertion is not a compact JWS whose payload is a JSON object.'],
  '0007': ['unexpectedClientAssertion', 'The assertion cannot be read. Its header must be a JSON object in base64url.'],
  '0008': ['jtiNotFound', 'The jti claim is missing. Put a new UUID in every assertion.'],
  '0009': ['issuedAtNotFound', 'The iat claim is missing. Set it to the present time in epoch seconds.'],
  '0010': ['expNotFound', 'The exp claim is missing. Set it to a few minutes after iat, in epoch seconds.'],
  '0011': ['issuerNotFound', 'The iss claim is missing. Set it to the client id.'],
  '0012': ['subjectNotFound', 'The sub claim is missing. Set it to the client id.'],
  '0013': ['invalidSubject', 'sub is not the client_id of the form. Both are the id of the client that signs.'],
  '0014': ['invalidPurposeIdClaimFormat', 'purposeId is not a UUID. Copy it from the purpose\'s page.'],
  '0015': ['kidNotFound', 'The header has no kid. Set it to the id that the platform shows for the client\'s key.'],
  '0016': ['clientAssertionSignatureVerificationError', 'The signature check failed, not for its value.'],
  '0017': ['tokenExpiredError', 'exp is past, and no clock tolerance is allowed. Sign a new one for each request.'],
  '0018': ['jsonWebTokenError', 'The assertion is not a well-formed JWS. Build it with a JOSE library.'],
  '0019': ['notBeforeError', 'nbf is in the future. Leave nbf out: the platform does not accept it at all.'],
  '0020': ['invalidPurposeState', 'The purpose has no Active version. It was suspended, archived or not approved yet.'],
  '0021': ['invalidAgreementState', 'The agreement is not Active. Ask the producer, or reactivate it.'],
  '0022': ['invalidEServiceState', 'The agreement\'s descriptor is not usable (Published, Deprecated or Archiving).'],
  '0023': ['invalidClientIdFormat', 'client_id is not a UUID. Leave it out or send the client\'s id.'],
  '0024': ['invalidSubjectFormat', 'sub is not a UUID. Set it to the client id.'],
  '0025': ['invalidDigestClaim', 'digest must be an object with exactly alg and value, both strings.'],
  '0026': ['invalidHashLength', 'digest.value must be 64 characters: a SHA-256 in hexadecimal.'],
  '0027': ['invalidHashAlgorithm', 'digest.alg must be exactly SHA256.'],
  '0028': ['algorithmNotFound', 'The header has no alg. Set it to RS256.'],
  '0029': ['algorithmNotAllowed', 'alg must be RS256.'],
  '0030': ['purposeIdNotProvided', 'A consumer client must say the purpose: add the purposeId claim.'],
  '0031': ['invalidKidFormat', 'kid must be the RFC 7638 thumbprint of the key: 43 characters of base64url.'],
  '0032': ['clientAssertionInvalidClaims', 'Members that the platform does not accept, or of the wrong type.'],
  '0033': ['invalidSignature', 'The signature does not match. Sign with the private key of this kid.'],
  '0034': ['scopeNotProvided', 'The scope claim is missing. Set it to the step of the exchange.'],
  '0035': ['invalidScopeClaimFormat', 'scope must be start_interaction, callback_invocation, get_resource or confirmation.'],
  '0036': ['invalidInteractionIdClaimFormat', 'interactionId is not a UUID. Copy it from the voucher of the start.'],
  '0037': ['invalidUrlCallbackClaimFormat', 'urlCallback is not a URL.'],
  '0038': ['invalidEntityNumberClaimFormat', 'entityNumber is not a number of 0 or more.'],
  '0039': ['asyncExchangeNotAllowed', 'The e-service is called asynchronously. Ask at /token.oauth2.async.'],
  '0040': ['urlCallbackNotProvided', 'A start must say where the callback goes: add the urlCallback claim.'],
  '0041': ['interactionIdNotProvided', 'Only a start comes without an interaction: add the interactionId claim.'],
  '0042': ['entityNumberNotProvided', 'A callback must say how many entities there are: add the entityNumber claim.'],
  '0043': ['invalidEntityNumber', 'entityNumber must be more than 0.']
} as const satisfies Record<string, readonly [string, string]>

/** Refusals of the checks on a DPoP proof, with a numbering of their own: the name tells them from the others. */
export const proofErrors = {
  '0001': ['unexpectedDPoPProofSignatureVerificationError', 'The signature could not be checked with the jwk at all.'],
  '0002': ['invalidDPoPProofFormat', 'The proof is not a compact JWS whose payload is a JSON object.'],
  '0003': ['unexpectedDPoPProofError', 'Header or jwk cannot be read. The jwk is exactly crv, kty, x, y or kty, n, e.'],
  '0004': ['dpopJtiNotFound', 'The jti claim is missing. Put a new UUID in every proof.'],
  '0005': ['dpopJtiAlreadyCached', 'This jti was used before. Sign a new proof for each request.'],
  '0006': ['dpopIatNotFound', 'The iat claim is missing. Set it to the present time in epoch seconds.'],
  '0007': ['dpopTypNotFound', 'The header has no typ. Set it to dpop+jwt.'],
  '0008': ['invalidDPoPTyp', 'typ must be exactly dpop+jwt.'],
  '0009': ['dpopJwkNotFound', 'The header has no jwk. Put in the public key that signs the proof.'],
  '0010': ['dpopHtmNotFound', 'The htm claim is missing. Set it to the method of the request.'],
  '0011': ['invalidDPoPHtm', 'htm must be the method of the request.'],
  '0012': ['dpopHtuNotFound', 'The htu claim is missing. Set it to the address of the request, without query.'],
  '0013': ['invalidDPoPHtu', 'htu must be the address of the request without its query, character by character.'],
  '0014': ['dpopProofSignatureVerificationError', 'The signature check failed, not for its value: alg and jwk must fit.'],
  '0015': ['invalidDPoPJwt', 'The proof is not a well-formed JWS. Build it with a JOSE library.'],
  '0016': ['dpopAlgorithmNotFound', 'The header has no alg. Set it to ES256 or RS256.'],
  '0017': ['dpopAlgorithmNotAllowed', 'alg must be ES256 or RS256.'],
  '0018': ['dpopProofInvalidClaims', 'Members that the platform does not accept, or of the wrong type.'],
  '0019': ['invalidDPoPSignature', 'The signature does not match. Sign with the private key of the jwk.'],
  '0020': ['expiredDPoPProof', 'A proof is good for 60 s after its iat. Sign a new one for each request.'],
  '0021': ['notYetValidDPoPProof', 'iat is more than 10 s in the future. Set the clock.'],
  '0022': ['multipleDPoPProofsError', 'Send one DPoP header with one proof: there is a comma in it.'],
  '0023': ['dpopTokenBindingMismatch', 'The voucher is bound to another key. Sign with the key of the token request.'],
  '0024': ['dpopAthNotFound', 'The ath claim is missing. Set it to the SHA-256 of the voucher in base64url.'],
  '0025': ['invalidDPoPAth', 'ath must be the SHA-256 of the voucher that the proof comes with, in base64url.']
} as const satisfies Record<string, readonly [string, string]>

/** The step of the token request that failed; `status` is what the caller gets. */
export const requestErrors = {
  '0001': ['clientAssertionRequestValidationFailed', 'A parameter of the form is not acceptable.', 400],
  '0002': ['clientAssertionValidationFailed', 'The header or the claims of the assertion are not acceptable.', 400],
  '0003': ['clientAssertionSignatureValidationFailed', 'Its signature or its validity in time is not acceptable.', 400],
  '0006': ['tokenGenerationStatesEntryNotFound', 'This client, key and purpose are not linked on the platform.', 400],
  '0007': ['incompleteTokenGenerationStatesConsumerClient', 'The purpose has no agreement on its e-service.', 500],
  '0008': ['platformStateValidationFailed', 'The agreement, the descriptor or the purpose is not active.', 400],
  '0009': ['dpopProofValidationFailed', 'The header or the claims of the DPoP proof are not acceptable.', 400],
  '0010': ['dpopProofSignatureValidationFailed', 'The signature of the DPoP proof is not acceptable.', 400],
  '0012': ['dpopProofJtiAlreadyUsed', 'The DPoP proof was used for a voucher before.', 400],
  '0015': ['asyncRequestValidationFailed', 'A parameter of the form is not acceptable.', 400],
  '0016': ['asyncClientAssertionClaimsValidationFailed', 'A claim that this scope needs is missing or not acceptable.', 400],
  '0017': ['asyncExchangeNotEnabled', 'The e-service is not called asynchronously. Ask at /token.oauth2.', 400],
  '0018': ['interactionNotFound', 'There is no such interaction, or its time is over.', 400],
  '0019': ['interactionStateNotAllowed', 'This scope does not follow the last one of the interaction.', 400],
  '0020': ['producerKeychainEntryNotFound', 'The producer of the e-service has no such key in its keychain.', 400],
  '0021': ['catalogEntryNotFound', 'The version of the e-service with which the interaction started is gone.', 400],
  '0022': ['asyncExchangeResponseTimeExceeded', 'The callback comes later after the start than the e-service promises.', 400],
  '0023': ['entityNumberExceedsMaxResultSet', 'There are more entities than the e-service promises at most.', 400],
  '0024': ['tokenGenerationStatesEntriesByPurposeIdNotFound', 'The purpose of the interaction is gone.', 400],
  '0025': ['asyncExchangePropertiesNotFound', 'The version of the e-service says nothing of asynchronous exchange any more.', 500],
  '0027': ['resourceAvailableTimeExpired', 'The resource is not kept any longer after the callback.', 400],
  '0028': ['asyncExchangeConfirmationNotEnabled', 'The e-service takes no confirmation.', 400],
  '0029': ['interactionClientMismatch', 'Another client started the interaction.', 400]
} as const satisfies Record<string, readonly [string, string, number]>

export type AssertionErrorCode = keyof typeof assertionErrors
export type ProofErrorCode = keyof typeof proofErrors
export type RequestErrorCode = keyof typeof requestErrors

/** One failed check, as shown by the debug endpoints; `detail` says what was found or expected this time. */
export interface Failure extends Entry { readonly code: AssertionErrorCode | ProofErrorCode, readonly detail?: string }

/** The refusal of a token request: the step that failed, why, and every failed check of that step. */
export interface Refusal extends Entry {
  readonly code: RequestErrorCode
  readonly status: 400 | 500
  readonly detail?: string
  readonly failures: readonly Failure[]
}

/** A failed check of the assertion by its code; the detail may quote its own values, never its signature. */
export function failure (code: AssertionErrorCode, detail?: string): Failure {
  return toFailure(code, assertionErrors[code], detail)
}

/** A failed check of the DPoP proof by its code; the detail may quote its claims, never a member of its jwk. */
export function proofFailure (code: ProofErrorCode, detail?: string): Failure {
  return toFailure(code, proofErrors[code], detail)
}

function toFailure (code: Failure['code'], [name, explanation]: readonly [string, string], detail?: string): Failure {
  return { code, name, explanation, ...detail === undefined ? {} : { detail } }
}

/** The refusal of a whole request at one step. */
export function refusal (code: RequestErrorCode, failures: readonly Failure[] = [], detail?: string): Refusal {
  const [name, explanation, status] = requestErrors[code]
  return { code, name, explanation, status, ...detail === undefined ? {} : { detail }, failures }
}

/** A received value as it may be shown: quoted and escaped, at most 120 characters of it. */
export function shown (value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 120 ? `${text.slice(0, 120)}...` : text
}
