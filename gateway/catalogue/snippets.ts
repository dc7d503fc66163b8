import { literal } from './snippet-target.ts'
import type { Platform, Sandbox, Target, VoucherSource } from './snippet-target.ts'
import { javaOnPlatform, javaOnSandbox } from './snippets-java.ts'

/** A program that obtains a voucher and makes a call, in one of the languages of developers; `run` is how it is run once it is in `file`. */
export interface Snippet { readonly id: 'curl' | 'node' | 'java' | 'python', readonly title: string, readonly file: string, readonly run: string, readonly code: string }

/** The same call in every language. Each is complete, needs no package, and ends with an error where it is refused. */
export function snippetsOf (call: Target, source: VoucherSource): readonly Snippet[] {
  const all: readonly (readonly [Snippet['id'], title: string, file: string, run: string, onSandbox: (call: Target, source: Sandbox) => string, onPlatform: (call: Target, source: Platform) => string])[] = [
    ['curl', 'curl', 'chiamata.sh', 'sh chiamata.sh', curlOnSandbox, curlOnPlatform],
    ['node', 'Node.js', 'chiamata.mjs', 'node chiamata.mjs', nodeOnSandbox, nodeOnPlatform],
    ['java', 'Java', 'Main.java', 'java Main.java', javaOnSandbox, javaOnPlatform],
    ['python', 'Python', 'chiamata.py', 'python3 chiamata.py', pythonOnSandbox, pythonOnPlatform]
  ]
  return all.map(([id, title, file, run, onSandbox, onPlatform]) => ({ id, title, file, run, code: source.kind === 'sandbox' ? onSandbox(call, source) : onPlatform(call, source) }))
}

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** A text in single quotes, as a shell reads it. */
function shell (text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}

function curlCall ({ url, accept }: Target): string {
  return `curl -sS --fail-with-body${accept === undefined ? '' : ` -H ${shell(`Accept: ${accept}`)}`} -H "Authorization: Bearer $VOUCHER" \\\n  ${shell(url)}\n`
}

function curlOnSandbox (call: Target, { url, client, purpose }: Sandbox): string {
  return `set -e
VOUCHER=$(curl -sS --fail-with-body ${shell(url)} -H 'Content-Type: application/json' \\
  -d ${shell(JSON.stringify({ client, purpose }))} | sed -E 's/.*"access_token":"([^"]+)".*/\\1/')

${curlCall(call)}`
}

function curlOnPlatform (call: Target, { tokenUrl, audience }: Platform): string {
  return `set -e
: "\${CLIENT_ID:?} \${KID:?} \${PURPOSE_ID:?} \${KEY_FILE:?}"
b64 () { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
NOW=$(date +%s)
HEADER=$(printf '{"alg":"RS256","typ":"JWT","kid":"%s"}' "$KID" | b64)
CLAIMS=$(printf '{"iss":"%s","sub":"%s","aud":"%s","purposeId":"%s","jti":"%s","iat":%d,"exp":%d}' \\
  "$CLIENT_ID" "$CLIENT_ID" ${shell(audience)} "$PURPOSE_ID" "$(openssl rand -hex 16)" "$NOW" "$((NOW + 60))" | b64)
SIGNATURE=$(printf '%s.%s' "$HEADER" "$CLAIMS" | openssl dgst -sha256 -sign "$KEY_FILE" | b64)

VOUCHER=$(curl -sS --fail-with-body ${shell(tokenUrl)} \\
  -d grant_type=client_credentials -d client_id="$CLIENT_ID" \\
  -d client_assertion_type=${assertionType} \\
  -d client_assertion="$HEADER.$CLAIMS.$SIGNATURE" | sed -E 's/.*"access_token": *"([^"]+)".*/\\1/')

${curlCall(call)}`
}

function nodeCall ({ url, accept }: Target): string {
  return `const answer = await fetch(${literal(url)}, {
  headers: {${accept === undefined ? '' : ` accept: ${literal(accept)},`} authorization: \`Bearer \${voucher}\` }
})
console.log(await answer.text())
if (!answer.ok) process.exitCode = 1
`
}

const nodeVoucher = `if (!granted.ok) throw new Error(await granted.text())
const { access_token: voucher } = await granted.json()
`

function nodeOnSandbox (call: Target, { url, client, purpose }: Sandbox): string {
  return `const granted = await fetch(${literal(url)}, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ client: ${literal(client)}, purpose: ${literal(purpose)} })
})
${nodeVoucher}
${nodeCall(call)}`
}

function nodeOnPlatform (call: Target, { tokenUrl, audience }: Platform): string {
  return `import { randomUUID, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'

const { CLIENT_ID, KID, PURPOSE_ID, KEY_FILE } = process.env
const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
const now = Math.floor(Date.now() / 1000)
const signed = [
  { alg: 'RS256', typ: 'JWT', kid: KID },
  { iss: CLIENT_ID, sub: CLIENT_ID, aud: ${literal(audience)}, purposeId: PURPOSE_ID, jti: randomUUID(), iat: now, exp: now + 60 }
].map(encode).join('.')
const assertion = \`\${signed}.\${sign('RSA-SHA256', Buffer.from(signed), readFileSync(KEY_FILE)).toString('base64url')}\`

const granted = await fetch(${literal(tokenUrl)}, {
  method: 'POST',
  body: new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: CLIENT_ID,
    client_assertion_type: '${assertionType}',
    client_assertion: assertion
  })
})
${nodeVoucher}
${nodeCall(call)}`
}

function pythonCall ({ url, accept }: Target): string {
  return `request = Request(${literal(url)}, headers={
${accept === undefined ? '' : `    "Accept": ${literal(accept)},\n`}    "Authorization": f"Bearer {voucher}",
})
print(urlopen(request).read().decode())
`
}

function pythonOnSandbox (call: Target, { url, client, purpose }: Sandbox): string {
  return `import json
from urllib.request import Request, urlopen

wanted = json.dumps({"client": ${literal(client)}, "purpose": ${literal(purpose)}}).encode()
granted = urlopen(Request(${literal(url)}, wanted, {"Content-Type": "application/json"}))
voucher = json.load(granted)["access_token"]

${pythonCall(call)}`
}

function pythonOnPlatform (call: Target, { tokenUrl, audience }: Platform): string {
  return `import base64, json, os, subprocess, time, uuid
from urllib.parse import urlencode
from urllib.request import Request, urlopen

client_id, key_file = os.environ["CLIENT_ID"], os.environ["KEY_FILE"]


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


now = int(time.time())
header = {"alg": "RS256", "typ": "JWT", "kid": os.environ["KID"]}
claims = {
    "iss": client_id, "sub": client_id, "aud": ${literal(audience)},
    "purposeId": os.environ["PURPOSE_ID"], "jti": str(uuid.uuid4()), "iat": now, "exp": now + 60,
}
signed = b".".join(encode(json.dumps(part).encode()) for part in (header, claims))
signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key_file], input=signed, stdout=subprocess.PIPE, check=True).stdout

form = urlencode({
    "grant_type": "client_credentials",
    "client_id": client_id,
    "client_assertion_type": "${assertionType}",
    "client_assertion": (signed + b"." + encode(signature)).decode(),
}).encode()
voucher = json.load(urlopen(${literal(tokenUrl)}, form))["access_token"]

${pythonCall(call)}`
}
