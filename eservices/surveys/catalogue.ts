import type { EServiceRequest, Reply } from '../eservice.ts'
import { invalidCursor, pageOf } from '../page.ts'
import { questionnaireUnknown } from './problems.ts'
import { findQuestionnaire } from './questionnaires.ts'
import type { Questionnaire } from './questionnaires.ts'

type Parameters = EServiceRequest['parameters']

/** Answers a page of the questionnaires, all versions of all kinds of service or of one. Unknown cursors are a 400. */
export function listQuestionnaires (all: readonly Questionnaire[], parameters: Parameters): Reply {
  const { serviceKind, limit = 100, cursor } = parameters
  const wanted = all.filter((one) => serviceKind === undefined || one.serviceKind === serviceKind)
  const start = cursor === undefined ? 0 : wanted.findIndex((one) => cursorOf(one) === cursor)
  if (start === -1) throw invalidCursor()
  const end = start + Number(limit)
  const next = wanted[end]
  return { ...pageOf(wanted.slice(start, end), next && cursorOf(next)), cache: 'published' }
}

/** The questionnaire named by `serviceKind` and `version`, the newest without a version. A 404 where there is none. */
export function demandQuestionnaire (all: readonly Questionnaire[], parameters: Parameters): Questionnaire {
  const { serviceKind, version } = parameters as { serviceKind: string, version?: string }
  const found = findQuestionnaire(all, serviceKind, version)
  if (found) return found
  throw questionnaireUnknown()
}

function cursorOf ({ serviceKind, version }: Questionnaire): string {
  return Buffer.from(`${serviceKind} ${version}`).toString('base64url')
}
