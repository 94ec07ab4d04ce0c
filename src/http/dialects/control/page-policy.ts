/** control: the headers of its own pages; a page runs the one script and the one style that it was written with, and nothing else. */
import { createHash } from 'node:crypto'

/** What a page consists of beside its markup. */
export type PageParts = { readonly script: string; readonly style: string }

/** Returns the headers of a page that talks to its own origin alone; script and style are named by their hashes (CSP level 3). */
export function pageHeaders({ script, style }: PageParts): Readonly<Record<string, string>> {
  return {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': [
      "default-src 'none'",
      `script-src '${hashSource(script)}'`,
      `style-src '${hashSource(style)}'`,
      "connect-src 'self'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
    ].join('; '),
    'referrer-policy': 'no-referrer',
  }
}

function hashSource(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}
