import type { FastifyReply } from 'fastify'

/** Headers of every page for people: nothing from elsewhere, no frames, no sniffing. */
export const pageHeaders = {
  'content-security-policy': "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer'
}

const stylesheet = `body{font:1.05rem/1.6 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem;color:#17324d}
a{color:#06c}table{border-collapse:collapse}td,th{text-align:left;padding:.3rem 1rem .3rem 0;border-bottom:1px solid #d9dadb}code{background:#f2f7fc;padding:.1rem .3rem}pre{overflow:auto}h1,td,code{overflow-wrap:anywhere}pre code{overflow-wrap:normal}
@media(max-width:40rem){thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}tr,td{display:block}tr{padding:.5rem 0;border-bottom:1px solid #d9dadb}td{padding:.1rem 0;border:0}}`

/** A text as it may stand in HTML. */
export function toHtml (text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** Sends a small page; `content` is our own HTML, in `language` where it says nothing else. */
export async function page (reply: FastifyReply, title: string, content: string, language: 'en' | 'it' = 'en'): Promise<FastifyReply> {
  return reply.headers(pageHeaders).type('text/html; charset=utf-8').send(`<!doctype html><html lang="${language}"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>${toHtml(title)} · Varco</title><link rel="stylesheet" href="/page.css"><main><h1>${toHtml(title)}</h1>${content}</main></html>`)
}

/** Sends the one stylesheet of those pages. */
export async function sendStylesheet (reply: FastifyReply): Promise<FastifyReply> {
  return reply.headers(pageHeaders).type('text/css; charset=utf-8').send(stylesheet)
}
