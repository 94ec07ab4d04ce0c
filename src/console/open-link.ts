/** Console: opens a link that a program printed: only to the web, in a window that cannot reach this page. */
import { ask } from './ask.ts'

/** Opens an address of http or https; ignores anything else. */
export function openLink(address: string): void {
  if (!URL.canParse(address)) return
  const { protocol, href } = new URL(address)
  if (protocol === 'http:' || protocol === 'https:') window.open(href, '_blank', 'noopener,noreferrer')
}

/** Opens the address of a link whose text may differ, after the user has seen it. */
export async function openHiddenLink(address: string): Promise<void> {
  const isWanted = await ask({
    title: 'Open this address?',
    text: address,
    isLiteral: true,
    yes: 'Open',
    no: 'Stay here',
  })
  if (isWanted) openLink(address)
}
