/** Console: follows a link that a program printed; only to the web, in a window that knows nothing of this page. */
import { ask } from './ask.ts'

/** Opens an address of http or https; anything else is left alone. */
export function openLink(address: string): void {
  if (!URL.canParse(address)) return
  const { protocol, href } = new URL(address)
  if (protocol === 'http:' || protocol === 'https:') window.open(href, '_blank', 'noopener,noreferrer')
}

/** Opens the address behind a text that may say something else, once the person has seen it. */
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
