/** Console: the form that signs in. The password is sent to the server and kept nowhere. */
import { type ControlClient, isControlError } from '../client/client.ts'
import { field, make } from './elements.ts'
import { problemSentence } from './problem-sentence.ts'

/** Creates the form; the client reports the new session. */
export function signInView(client: ControlClient, notice: string): HTMLElement {
  const username = make('input', { name: 'username', autocomplete: 'username', required: '', autofocus: '' })
  const password = make('input', {
    name: 'password',
    type: 'password',
    autocomplete: 'current-password',
    required: '',
  })
  const code = make('input', { name: 'otp', autocomplete: 'one-time-code', inputmode: 'text', spellcheck: 'false' })
  const codeField = field('Code', code, 'of your second factor, or a recovery code')
  const submit = make('button', { class: 'main' }, ['Sign in'])
  const status = make('p', { role: 'status', class: 'status-text' }, [notice])
  const form = make('form', { class: 'card sign-in' }, [
    make('h1', {}, ['Sallyport']),
    make('p', { class: 'dim' }, ['Terminals on servers, under supervision.']),
    field('Username', username),
    field('Password', password),
    codeField,
    status,
    submit,
  ])
  codeField.hidden = true
  const signIn = async (): Promise<void> => {
    const otp = code.value.trim()
    submit.disabled = true
    status.textContent = ''
    try {
      await client.signIn({ username: username.value, password: password.value, ...(otp === '' ? {} : { otp }) })
    } catch (cause) {
      const needsCode = isControlError(cause, 'second-factor-required') || isControlError(cause, 'second-factor-wrong')
      if (needsCode) codeField.hidden = false
      status.textContent = problemSentence(cause)
      submit.disabled = false
      if (needsCode) code.select()
      else password.select()
    }
  }
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void signIn()
  })
  return make('main', { class: 'middle' }, [form])
}
