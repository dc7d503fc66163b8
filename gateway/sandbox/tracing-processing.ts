import { STATUS_CODES } from 'node:http'
import type { Registry } from '../../policies/registry.ts'
import type { RegistryFile } from '../adapters/registry-file.ts'
import { tracingColumns, tracingErrorSeverity } from '../tracing/error-codes.ts'
import type { TracingErrorCode } from '../tracing/error-codes.ts'
import { readCsv } from './tracing-csv.ts'

/** What the platform says of a row; `rowNumber` begins with 1, 0 is the file. */
export interface TracingFinding { readonly purposeId: string, readonly severity: 'INVALID' | 'WARNING', readonly errorCode: TracingErrorCode, readonly message: string, readonly rowNumber: number }

/** What came of a file: the state of its tracing, what was found, how many rows and calls it has. */
export interface Processed { readonly state: 'COMPLETED' | 'WARNING' | 'ERROR', readonly errors: readonly TracingFinding[], readonly rows: number, readonly calls: number }

/** Whose file it is, for which day, and what the platform knows. */
export interface ProcessingContext { readonly tenantId: string, readonly date: string, readonly registry: Registry & { current (): RegistryFile } }

type Row = Readonly<Record<string, string>>

/** Rows are looked at in chunks of so many: within one of them they have to differ. */
const chunkRows = 5000

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const statuses = new Set(Object.keys(STATUS_CODES).map(Number))

/** The platform's own checks of a row, as lax as they are: numbers in any spelling that JavaScript reads, a day compared as text. */
const formChecks: readonly { readonly code: TracingErrorCode, readonly isWrong: (row: Row, context: ProcessingContext) => boolean, readonly message: (row: Row, context: ProcessingContext) => string }[] = [
  { code: 'INVALID_PURPOSE', isWrong: ({ purpose_id: id }) => !uuid.test(id ?? ''), message: () => 'purpose_id: Invalid uuid' },
  { code: 'INVALID_STATUS_CODE', isWrong: ({ status }) => status === undefined || !statuses.has(Number(status)), message: () => 'status: not an HTTP status code' },
  { code: 'INVALID_TOKEN', isWrong: ({ token_id: id }) => !uuid.test(id ?? ''), message: () => 'token_id: Invalid uuid' },
  { code: 'INVALID_REQUEST_COUNT', isWrong: ({ requests_count: count }) => count === undefined || count === '' || !(Number(count) >= 0), message: () => 'requests_count: not a number of 0 or more' },
  { code: 'INVALID_DATE', isWrong: ({ date }, context) => date !== context.date, message: ({ date }, context) => `date: ${date} is not the date of the tracing, ${context.date}` }
]

/** Processes a file as the platform does: any INVALID finding and the whole file counts for nothing (ERROR), with warnings alone it counts (WARNING). */
export function processTracing (bytes: Buffer, context: ProcessingContext): Processed {
  const errors: TracingFinding[] = []
  const find = (rowNumber: number, errorCode: TracingErrorCode, message: string, purposeId = ''): void => {
    errors.push({ purposeId, severity: tracingErrorSeverity[errorCode], errorCode, message, rowNumber })
  }
  let rows = 0
  let calls = 0
  let chunk: Row[] = []
  const processChunk = (): void => {
    const first = rows - chunk.length + 1
    const seen = Map.groupBy(chunk.keys(), (index) => keyOf(chunk[index] as Row))
    for (const [index, row] of chunk.entries()) {
      const purposeId = row['purpose_id'] ?? ''
      const wrong = formChecks.filter(({ isWrong }) => isWrong(row, context))
      for (const { code, message } of wrong) find(first + index, code, message(row, context), purposeId)
      const same = seen.get(keyOf(row)) as number[]
      if (same.length > 1) find(first + index, 'PURPOSE_AND_STATUS_AND_TOKEN_NOT_UNIQUE', `the same purpose_id, status and token_id stand in rows ${same.slice(0, 10).map((one) => first + one).join(', ')}`, purposeId)
      // A row that is wrong in itself is not looked up.
      const standing = wrong.length > 0 || same.length > 1 ? undefined : faultOfPurpose(purposeId, context)
      if (standing) find(first + index, standing, `purpose_id: ${purposeId}`, purposeId)
      calls += Number(row['requests_count']) || 0
    }
    chunk = []
  }
  for (const row of readCsv(bytes.toString('utf8'))) {
    if (rows === 0) {
      // Looked at with the first row, whose cells they are: a file without one has no columns that could be wrong.
      const columns = Object.keys(row).toSorted().join()
      if (columns !== tracingColumns.toSorted().join()) {
        find(0, 'INVALID_CSV_HEADERS', `the columns must be ${tracingColumns.toSorted().join()}; they are ${columns.slice(0, 200)}`)
        return { state: 'ERROR', errors, rows, calls }
      }
    }
    rows++
    chunk.push(row)
    if (chunk.length === chunkRows) processChunk()
  }
  processChunk()
  const isInvalid = errors.some(({ severity }) => severity === 'INVALID')
  return { state: isInvalid ? 'ERROR' : errors.length > 0 ? 'WARNING' : 'COMPLETED', errors, rows, calls }
}

function keyOf (row: Row): string {
  return `${row['purpose_id']}#${row['status']}#${row['token_id']}`
}

/** Producer of the e-service, its active delegate, or consumer of the purpose: any of these may trace it. */
function faultOfPurpose (purposeId: string, { tenantId, registry }: ProcessingContext): TracingErrorCode | undefined {
  const purpose = registry.purpose(purposeId.toLowerCase())
  if (!purpose) return 'PURPOSE_NOT_FOUND'
  const isDelegate = (registry.current().delegations ?? []).some((one) => one.eserviceId === purpose.eserviceId && one.delegateId === tenantId && one.state === 'Active')
  const isParty = isDelegate || purpose.consumerId === tenantId || registry.eservice(purpose.eserviceId)?.producerId === tenantId
  return isParty ? undefined : 'TENANT_IS_NOT_PRODUCER_OR_CONSUMER'
}
