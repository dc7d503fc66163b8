import type { Problem } from './problem.ts'

/**
 * Refusals of the interop API: the platform's code, its title and the status. Codes and names: m2m-gateway-v3 and the common errors of
 * pagopa/interop-be-monorepo, release 2.21. What it says of a resource that belongs to another of its parts has a code of the sandbox.
 */
const apiErrors = {
  purposeNotFound: ['012-0008', 'Purpose not found', 404],
  eserviceDescriptorNotFound: ['012-0010', 'Eservice descriptor not found', 404],
  purposeAgreementNotFound: ['012-0022', 'Agreement for purpose not found', 404],
  dpopProofValidationFailed: ['012-0041', 'DPoP proof validation failed', 401],
  dpopProofSignatureValidationFailed: ['012-0042', 'DPoP proof signature validation failed', 401],
  dpopProofJtiAlreadyUsed: ['012-0044', 'DPoP proof JTI already in use', 401],
  dpopTokenBindingFailed: ['012-0045', 'DPoP token binding failed', 401],
  clientNotFound: ['012-0048', 'Client not found', 404],
  operationForbidden: ['012-9989', 'Insufficient privileges', 403],
  invalidClaim: ['012-9990', 'Claim not valid or missing', 400],
  unauthorizedError: ['012-9993', 'Unauthorized', 403],
  missingHeader: ['012-9994', 'Header has not been passed', 400],
  badRequestError: ['012-9999', 'Bad request', 400],
  badBearerToken: ['012-10007', 'Bad Bearer token', 400],
  tokenVerificationFailed: ['012-10014', 'Token verification failed', 401],
  badDPoPToken: ['012-10028', 'Bad DPoP token', 400],
  resourceNotFound: ['sandbox-404', 'Not found', 404]
} as const satisfies Record<string, readonly [string, string, number]>

/** A refusal of the interop API by the platform's name; the detail says to a developer what to mend, and quotes no voucher or proof. */
export function apiProblem (name: keyof typeof apiErrors, detail: string): Problem {
  const [code, title, status] = apiErrors[name]
  return { type: 'about:blank', status, title, detail, errors: [{ code, detail }] }
}
