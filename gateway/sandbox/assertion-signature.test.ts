import { errors } from 'jose'
import t from 'tap'
import { signatureFailure } from './assertion-signature.ts'

const cases: readonly (readonly [string, unknown])[] = [
  ['0001', new RangeError('unforeseen')],
  ['0016', new errors.JOSEAlgNotAllowed('alg')],
  ['0017', new errors.JWTExpired('exp', {})],
  ['0018', new errors.JWSInvalid('form')],
  ['0018', new errors.JWTClaimValidationFailed('iat', {}, 'iat')],
  ['0019', new errors.JWTClaimValidationFailed('nbf', {}, 'nbf')],
  ['0033', new errors.JWSSignatureVerificationFailed()]
]

for (const [code, error] of cases) {
  t.test(`${(error as Error).name} is the platform's ${code}`, async (t) => {
    t.equal(signatureFailure(error).code, code)
  })
}
