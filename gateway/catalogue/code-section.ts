import { html } from './html.ts'
import type { Html } from './html.ts'
import { inline } from './markdown.ts'
import type { Snippet } from './snippets.ts'
import type { Words } from './words.ts'

/** How an e-service is called: programs, or where a voucher is not enough the command that signs the rest. */
export interface Examples { readonly target: string, readonly source: 'sandbox' | 'platform', readonly snippets: readonly Snippet[], readonly command: string | undefined }

/** The examples, one open and the others to be opened; they need no script for that. */
export function codeSection ({ target, source, snippets, command }: Examples, say: Words): Html {
  if (snippets.length === 0) return html`<p>${say.noCode}</p>${command !== undefined && block('varco call', command, say)}`
  return html`<p>${inline(say.codeLead(`\`${target}\``))}</p><p>${source === 'sandbox' ? say.onSandbox : say.onPlatform}</p>
<div class="snippets">${snippets.map(({ id, title, file, run, code }, index) => html`
<details name="snippet"${index === 0 && html` open`}><summary>${title}</summary><p class="run">${say.run(run)}</p>${block(`${title}, ${file}`, code, say, id)}</details>`)}
</div>`
}

function block (label: string, code: string, say: Words, language?: string): Html {
  return html`<div class="code-block" data-copy="${say.copy}" data-copied="${say.copied}"><pre role="region" aria-label="${label}" tabindex="0"><code${language !== undefined && html` id="snippet-${language}"`}>${code}</code></pre></div>`
}
