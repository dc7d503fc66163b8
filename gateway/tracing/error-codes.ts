/**
 * What the platform says of rows of a tracing file, and how grave it is: `INVALID` makes it refuse the whole file (state ERROR), with a `WARNING` the row counts all the same (state WARNING).
 * Codes: pagopa/interop-tracing-core.
 */
export const tracingErrorSeverity = {
  INVALID_CSV: 'INVALID',
  INVALID_CSV_HEADERS: 'INVALID',
  INVALID_DELIMITER: 'INVALID',
  INVALID_ROW_SCHEMA: 'INVALID',
  INVALID_DATE: 'INVALID',
  INVALID_PURPOSE: 'INVALID',
  PURPOSE_NOT_FOUND: 'INVALID',
  INVALID_STATUS_CODE: 'INVALID',
  INVALID_TOKEN: 'INVALID',
  INVALID_REQUEST_COUNT: 'INVALID',
  PURPOSE_AND_STATUS_AND_TOKEN_NOT_UNIQUE: 'INVALID',
  TENANT_IS_NOT_PRODUCER_OR_CONSUMER: 'WARNING'
} as const satisfies Record<string, 'INVALID' | 'WARNING'>

export type TracingErrorCode = keyof typeof tracingErrorSeverity

/** The columns of a tracing file, in the order in which the platform's manual has them. */
export const tracingColumns = ['date', 'purpose_id', 'status', 'token_id', 'requests_count'] as const

/** The states of a tracing, which is what the platform holds of one tenant and one day. */
export const tracingStates = ['PENDING', 'COMPLETED', 'MISSING', 'ERROR', 'WARNING'] as const
export type TracingState = (typeof tracingStates)[number]
