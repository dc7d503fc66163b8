import type { Registry } from 'prom-client'
import type { Disk } from '../operations/disk.ts'
import type { Report } from '../report.ts'
import { addSamples } from './series.ts'
import type { Sample } from './series.ts'

const dayMs = 86_400_000

/** What runs out: keys that sign answers by the age of their files, certificates that listeners show by the days that are left of them; and days of PDND tracing that were not filed. All processes have the same. `now` in epoch ms. */
export function addTrustMetrics (register: Registry, [first]: readonly Report[], { certificates, since, tracing }: Disk, now: number): void {
  const keys = first?.about.signing.flatMap(({ eservices, file }): Sample[] => {
    const at = since.get(file)
    return at === undefined ? [] : eservices.map((eservice) => ({ labels: { eservice }, value: Math.max(0, now - at) / 1000 }))
  })
  addSamples(register, { name: 'varco_signing_key_age_seconds', help: 'How long ago the file of the key was written that signs answers of the e-service.' }, keys ?? [])
  addSamples(register, { name: 'varco_certificate_days_left', help: "How many days the listener's certificate is still good for; less than nothing when it is not." }, certificates.flatMap(({ of: listener, endsAt }) => endsAt === null ? [] : [{ labels: { listener }, value: (endsAt - now) / dayMs }]))
  addSamples(register, { name: 'varco_certificates_unreadable', help: 'Listeners whose certificate cannot be read.' }, [{ labels: {}, value: certificates.filter(({ endsAt }) => endsAt === null).length }])
  if (tracing) {
    addSamples(register, { name: 'varco_tracing_missing_days', help: 'Days of PDND tracing that are due and that the platform has not taken.' }, [{ labels: {}, value: tracing.missing.length }])
    addSamples(register, { name: 'varco_tracing_refused_days', help: 'Days of PDND tracing in which the platform found errors.' }, [{ labels: {}, value: tracing.refused.length }])
    addSamples(register, { name: 'varco_tracing_last_filed_timestamp_seconds', help: 'When the platform took the latest day of PDND tracing that it has.' }, tracing.lastFiledAt === null ? [] : [{ labels: {}, value: tracing.lastFiledAt / 1000 }])
    addSamples(register, { name: 'varco_tracing_failing', help: 'Whether the last attempt at a day of PDND tracing did not go well.' }, [{ labels: {}, value: Number(tracing.lastError !== null) }])
  }
}
