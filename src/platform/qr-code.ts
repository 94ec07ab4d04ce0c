/** Platform: draws a text, such as an `otpauth:` address, as a QR code, locally. */
import { toBuffer, toDataURL, toString as toText } from 'qrcode'

/** Module width of 4 pixels and a quiet zone of 4 modules, as ISO/IEC 18004 requires. */
const drawing = { errorCorrectionLevel: 'M', margin: 4, scale: 4 } as const

const blackOnWhite = '\u001b[38;5;16;48;5;231m'
const plain = '\u001b[0m'

/** Returns a PNG image. */
export async function qrCodePng(text: string): Promise<Uint8Array> {
  return toBuffer(text, { ...drawing, type: 'png' })
}

/** Returns a PNG image as a `data:` address; `pixels`, if given, is its exact width and height. */
export function qrCodeDataUrl(text: string, pixels?: number): Promise<string> {
  const size = pixels === undefined ? {} : { width: pixels }
  return toDataURL(text, { ...drawing, ...size, type: 'image/png' })
}

/** Returns lines of half-block characters in black on white, independent of the terminal's colours. */
export async function qrCodeForTerminal(text: string): Promise<string> {
  const lines = await toText(text, {
    errorCorrectionLevel: drawing.errorCorrectionLevel,
    margin: drawing.margin,
    type: 'utf8',
  })
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => `${blackOnWhite}${line}${plain}\n`)
    .join('')
}
