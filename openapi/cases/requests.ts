import { bodyCases } from './bodies.ts'
import { multipartCases } from './multipart.ts'
import { otherParameterCases } from './other-parameters.ts'
import { patchAndFormCases } from './patches-and-forms.ts'
import { queryParameterCases } from './query-parameters.ts'
import type { RequestCase } from './request-case.ts'

/** Every request whose verdict is known. */
export const requestCases: readonly RequestCase[] = [...queryParameterCases, ...otherParameterCases, ...bodyCases, ...patchAndFormCases, ...multipartCases]
