import t from 'tap'
import { isCertificateOf, nameOf } from './certificate-name.ts'

/** What node:crypto and what `openssl x509 -subject -nameopt RFC2253` say of the same certificates. */
const subjects: Readonly<Record<string, readonly [node: string, openssl: string]>> = {
  'the most specific part first': ['C=IT\nO=Ente\nCN=prova', 'CN=prova,O=Ente,C=IT'],
  'what has a meaning in a name is escaped': ['C=IT\nO=Comune\\, di \\"Roma\\"\nCN=Prova\\;#1\\ ', 'CN=Prova\\;#1\\ ,O=Comune\\, di \\"Roma\\",C=IT'],
  'letters outside ASCII are escaped byte by byte': ['C=IT\nO=Città', 'O=Citt\\C3\\A0,C=IT'],
  'parts of several values': ['C=IT\nOU=x/y + O=Ente\nCN=a \\+ b', 'CN=a \\+ b,OU=x/y+O=Ente,C=IT'],
  'a line break in a value is none between parts': ['O=Ente\nCN=a\\0AO=Altro', 'CN=a\\0AO=Altro,O=Ente']
}

for (const [name, [node, openssl]] of Object.entries(subjects)) {
  t.test(`a subject is spelled as openssl prints it: ${name}`, async (t) => {
    const named = nameOf({ fingerprint256: '00:FF', subject: node })
    t.strictSame(named, { thumbprint: 'AP8', subject: openssl })
    t.ok(isCertificateOf({ subject: openssl }, named))
    t.notOk(isCertificateOf({ subject: openssl.toLowerCase() }, named), 'exactly')
    t.ok(isCertificateOf({ thumbprint: 'AP8' }, named))
    t.notOk(isCertificateOf({ thumbprint: 'AP9' }, named))
  })
}
