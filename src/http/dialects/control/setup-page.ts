/** control: the page of the first run. It loads nothing. */

/** The page's style. The page's policy has its hash. */
export const setupStyle = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 26rem; margin: 10vh auto; padding: 0 1rem }
h1 { font-size: 1.4rem }
label { display: block; margin-top: 1rem }
input { box-sizing: border-box; width: 100%; padding: .5rem; font: inherit }
button { margin-top: 1.5rem; padding: .6rem 1.2rem; font: inherit }
output { display: block; margin-top: 1rem; font-weight: 600 }
small { opacity: .75 }
`

/** The page's script. The page's policy has its hash. The secret stays in the fragment, which browsers never send. */
export const setupScript = `
const form = document.querySelector('form')
const output = document.querySelector('output')
const secret = location.hash.slice(1)
if (secret === '') output.textContent = 'Open this page with the complete link that the server printed at its start.'
form.addEventListener('submit', async (event) => {
  event.preventDefault()
  const fields = new FormData(form)
  if (fields.get('password') !== fields.get('again')) {
    output.textContent = 'The two passwords differ.'
    return
  }
  form.querySelector('button').disabled = true
  try {
    const email = fields.get('email')
    const answer = await fetch('api/v1/setup', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        secret,
        username: fields.get('username'),
        password: fields.get('password'),
        ...(email === '' ? {} : { email }),
      }),
    })
    if (answer.status === 201) {
      form.remove()
      output.textContent = 'Done. The administrator can sign in now. This link no longer works.'
      return
    }
    output.textContent = (await answer.json()).title
  } catch {
    output.textContent = 'The server did not answer. Try again.'
  }
  form.querySelector('button').disabled = false
})
`

/** The page. */
export const setupPage: string = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Sallyport: first administrator</title>
<style>${setupStyle}</style>
<h1>Create the first administrator</h1>
<form method="post">
<label>Name <input name="username" required autofocus autocomplete="username" maxlength="255"></label>
<label>E-mail <small>(optional)</small> <input name="email" type="email" autocomplete="email" maxlength="254"></label>
<label>Password <small>(at least 15 characters; a sentence is fine)</small>
<input name="password" type="password" required autocomplete="new-password"></label>
<label>Password again <input name="again" type="password" required autocomplete="new-password"></label>
<button>Create the account</button>
</form>
<output role="status"></output>
<script>${setupScript}</script>
</html>
`
