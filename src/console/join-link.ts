/** Console: links to a running terminal. The id is in the fragment, which browsers never send. */

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Returns the id of the terminal in a link, a fragment or an id; null: there is none. */
export function joinIdOf(text: string): string | null {
  const trimmed = text.trim()
  const named = /#join=([^&\s]*)/.exec(trimmed)?.[1] ?? trimmed
  return uuid.test(named) ? named.toLowerCase() : null
}

/** Returns the fragment of a terminal. */
export function joinFragment(ptySessionId: string): string {
  return `#join=${ptySessionId}`
}
