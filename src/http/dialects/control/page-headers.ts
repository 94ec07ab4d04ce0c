/** control: the headers of its HTML pages. */
import { hash } from 'node:crypto'
import { pagePolicy } from '../../../protocol/content-security-policy.ts'

/** The inline script and the inline style of a page. */
export type PageParts = { readonly script: string; readonly style: string }

/** Returns the headers of a page that runs only the given script and style. */
export function pageHeaders({ script, style }: PageParts): Readonly<Record<string, string>> {
  return {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': pagePolicy({ script: hashSource(script), style: hashSource(style) }),
    'referrer-policy': 'no-referrer',
  }
}

/** Returns the hash by which a policy allows an inline script or style. */
export function hashSource(text: string): string {
  return `sha256-${hash('sha256', text, 'base64')}`
}
