import t from 'tap'
import { html } from './html.ts'
import { languageOf } from './language.ts'
import { markdown } from './markdown.ts'

const cases: readonly (readonly [name: string, text: string, written: string])[] = [
  ['a paragraph', 'Uno.\nDue.', '<p>Uno.\nDue.</p>'],
  ['two paragraphs', 'Uno.\r\n\r\nDue.\n\n\n', '<p>Uno.</p><p>Due.</p>'],
  ['bold and code', '**Nota:** `a < b`.', '<p><strong>Nota:</strong> <code>a &lt; b</code>.</p>'],
  ['a list behind a line', 'Serve:\n- uno\n  che segue\n* due', '<p>Serve:</p><ul><li>uno che segue</li><li>due</li></ul>'],
  ['a link to the web', '[qui](https://example.it/?a=1&b=2)', '<p><a href="https://example.it/?a=1&amp;b=2" rel="noreferrer">qui</a></p>'],
  ['a link to a script is text', '[qui](javascript:alert(1))', '<p>[qui](javascript:alert(1))</p>'],
  ['HTML is text', '<img src=x onerror=alert(1)> **<b>**', '<p>&lt;img src=x onerror=alert(1)&gt; <strong>&lt;b&gt;</strong></p>'],
  ['HTML in the text of a link', '[<b>](https://example.it/"onclick=")', '<p><a href="https://example.it/&quot;onclick=&quot;" rel="noreferrer">&lt;b&gt;</a></p>'],
  ['a heading is a paragraph', '## Titolo', '<p>Titolo</p>'],
  ['what is not closed is text', 'a ** b ` c [ d', '<p>a ** b ` c [ d</p>'],
  ['nothing', ' \n ', '']
]

t.test('Markdown of contracts becomes HTML, and HTML text', async (t) => {
  for (const [name, text, written] of cases) t.equal(markdown(text).text, written, name)
  t.ok(markdown('['.repeat(200_000)).text.length < 21_000, 'a description has an end')
})

t.test('whatever is put into a template is text', async (t) => {
  t.equal(html`<a title="${'"><script>'}">${['<', html`<b>${'&'}</b>`, undefined, false, 0]}</a>`.text, '<a title="&quot;&gt;&lt;script&gt;">&lt;<b>&amp;</b>0</a>')
})

t.test('the address decides on the language, then the browser, then it is Italian', async (t) => {
  const languages: readonly (readonly [url: string, accept: string | undefined, language: string])[] = [
    ['/', undefined, 'it'], ['/', '', 'it'], ['/', 'en', 'en'], ['/', 'en-GB,it;q=0.5', 'en'], ['/', 'de, it;q=0.3, en;q=0.4', 'en'], ['/', 'fr', 'it'], ['/', 'en;q=0', 'it'],
    ['/', 'it-CH, en', 'it'], ['/?lang=en', 'it', 'en'], ['/?lang=it', 'en', 'it'], ['/?lang=xx', 'en', 'en'], ['/?lang=%zz', undefined, 'it'], ['/?x=1&lang=en', undefined, 'en'], ['/', 'english', 'it'], ['/', 'en;q=abc', 'it']
  ]
  for (const [url, accept, language] of languages) t.equal(languageOf(url, accept), language, `${url} ${accept}`)
})
