import { ProblemError } from '../eservice.ts'

/** 404: a kind of service or a version without a questionnaire. */
export function questionnaireUnknown (): ProblemError {
  return new ProblemError({
    status: 404,
    code: 'questionnaire-unknown',
    title: 'Not Found',
    detail: 'There is no questionnaire for this kind of service in this version; GET /questionnaires lists them.'
  })
}

type Errors = NonNullable<ProblemError['errors']>

/** 422: a batch whose content does not fit. `errors` says where and how to mend it. */
export function unprocessable (code: string, detail: string, errors: Errors): ProblemError {
  return new ProblemError({ status: 422, code, title: 'Unprocessable Content', detail, errors })
}
