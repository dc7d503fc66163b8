import type { FastifyInstance } from 'fastify'
import { denials, denialType } from '../../policies/denials.ts'
import type { DenialCode } from '../../policies/denials.ts'
import { page, toHtml } from './page.ts'

/** The pages that the `type` of a problem leads to: what each code means and how to mend it. */
export function addProblemPages (app: FastifyInstance): void {
  const codes = Object.keys(denials) as DenialCode[]
  app.get('/problems', async (_request, reply) => {
    const rows = codes.map((code) => `<tr><td><a href="/problems/${code}"><code>${code}</code></a></td><td>${denials[code].status}</td><td>${toHtml(denials[code].title)}</td></tr>`)
    return page(reply, 'Refusals', `<p>Every way in which this gateway refuses a call. The code is in the <code>code</code> member of the answer.</p>
<table><thead><tr><th scope="col">Code</th><th scope="col">Status</th><th scope="col">Meaning</th></tr></thead><tbody>${rows.join('')}</tbody></table>`)
  })
  for (const code of codes) {
    const { status, title, mend } = denialType(code)
    app.get(`/problems/${code}`, async (_request, reply) => page(reply, title, `<p>Code <code>${code}</code>, status ${status}.</p>
<h2>How to mend it</h2><p>${toHtml(mend)}</p>
<p>The <code>correlationId</code> of the answer names this very call in the gateway's log, where every check that was made stands with what was expected and what came. Whoever holds the voucher sees the same with <code>varco explain</code>.</p>
<p><a href="/problems">All refusals</a></p>`))
  }
}
