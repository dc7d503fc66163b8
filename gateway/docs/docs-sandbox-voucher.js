// Adds the sandbox's button to the docs: asks the sandbox PDND for one voucher per e-service and hands them to Swagger UI.
// Served only where the gateway trusts the sandbox; the page's CSP lets it reach that origin and no other.
(() => {
  const consumer = 'istat'
  let ui

  // The page keeps Swagger UI's handle to itself: it is caught where it is made, before the page's load event.
  const bundle = window.SwaggerUIBundle
  window.SwaggerUIBundle = Object.assign((config) => (ui = bundle(config)), bundle)

  async function mint (sandbox, eservice) {
    const response = await fetch(`${sandbox}/debug/vouchers`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ client: consumer, purpose: `${consumer}-${eservice}` })
    })
    if (!response.ok) throw new Error(`il sandbox ha risposto ${response.status}`)
    return (await response.json()).access_token
  }

  async function authorize (output) {
    const { 'x-sandbox': sandbox, components } = ui.specSelectors.specJson().toJS()
    const schemes = Object.keys(components.securitySchemes)
    const names = schemes.map((scheme) => scheme.replace(/^voucher-/, ''))
    const minted = await Promise.allSettled(names.map((name) => mint(sandbox, name)))
    minted.forEach(({ value }, index) => { if (value) ui.preauthorizeApiKey(schemes[index], value) })
    const missing = names.filter((_, index) => minted[index].status === 'rejected')
    const reasons = new Set(minted.flatMap(({ reason }) => reason ? [reason.message] : []))
    output.textContent = [
      missing.length < names.length ? `Voucher ottenuti per ${names.length - missing.length} e-service (fruitore: ${consumer}, 10 minuti).` : 'Nessun voucher ottenuto.',
      ...missing.length > 0 ? [`Senza voucher: ${missing.join(', ')} (${[...reasons].join('; ')}).`] : []
    ].join(' ')
  }

  function addButton () {
    const bar = document.createElement('section')
    bar.className = 'sandbox-voucher'
    bar.setAttribute('aria-label', 'Sandbox')
    const button = document.createElement('button')
    button.type = 'button'
    button.textContent = 'Ottieni i voucher dal sandbox'
    const output = document.createElement('output')
    button.addEventListener('click', () => {
      output.textContent = 'Richiesta in corso…'
      authorize(output).catch((error) => { output.textContent = `Voucher non ottenuti: ${error.message}` })
    })
    bar.append(button, output)
    document.body.prepend(bar)
  }

  window.addEventListener('load', addButton)
})()
