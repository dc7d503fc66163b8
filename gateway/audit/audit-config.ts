/** How records of calls are kept: for so many days, from the end of each. */
export interface AuditConfig { readonly retentionDays: number }

/** `audit` as it is written. */
export type WrittenAudit = Partial<AuditConfig>

/** Completes it. */
export function auditOf ({ retentionDays = 365 }: WrittenAudit = {}): AuditConfig {
  return { retentionDays }
}
