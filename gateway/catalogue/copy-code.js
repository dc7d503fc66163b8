// A button beside every example that copies it; without this file, or without a clipboard, an example is selected and copied by hand.
if (navigator.clipboard) {
  for (const block of document.querySelectorAll('[data-copy]')) {
    const { copy, copied } = block.dataset
    const button = document.createElement('button')
    button.type = 'button'
    button.className = 'btn btn-outline-primary btn-xs copy'
    button.textContent = copy
    button.setAttribute('aria-live', 'polite')
    button.addEventListener('click', async () => {
      await navigator.clipboard.writeText(block.querySelector('code').textContent)
      button.textContent = copied
      setTimeout(() => { button.textContent = copy }, 2000)
    })
    block.prepend(button)
  }
}
