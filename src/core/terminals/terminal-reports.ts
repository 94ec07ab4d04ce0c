/** Core: distinguishes automatic answers of a terminal emulator from typed input. It does not decide which input passes. */

/**
 * What xterm-like terminals send without a key: focus in and out; mouse (SGR, urxvt, X10); cursor position, status,
 * colour scheme, device attributes, terminal parameters, modes, window size; answers that are device control, operating
 * system command or application program command strings.
 *
 * @see xterm control sequences, "Device-Control functions", "FocusIn/FocusOut" and "Mouse Tracking"
 */
const report = new RegExp(
  [
    String.raw`\x1b\[[IO]`,
    String.raw`\x1b\[<\d+;\d+;\d+[Mm]`,
    String.raw`\x1b\[\d+;\d+;\d+M`,
    String.raw`\x1b\[M[\x20-\xff]{3}`,
    String.raw`\x1b\[\??\d+;\d+(?:;\d+)?R`,
    String.raw`\x1b\[\??\d*(?:;\d+)*n`,
    String.raw`\x1b\[[?>=][\d;]*c`,
    String.raw`\x1b\[\??\d+;\d+\$y`,
    String.raw`\x1b\[\d+(?:;\d+){0,4}t`,
    String.raw`\x1b\[[23](?:;\d+){6}x`,
    String.raw`\x1b\[\?\d+u`,
    String.raw`\x1b_[^\x1b\x07]*(?:\x1b\\|\x07)`,
    String.raw`\x1bP[^\x1b\x07]*(?:\x1b\\|\x07)`,
    String.raw`\x1b\][^\x1b\x07]*(?:\x1b\\|\x07)`,
  ].join('|'),
  'y',
)

/** Returns whether input has nothing but automatic answers. */
export function isReportOnly(input: Uint8Array): boolean {
  if (input.length > 0 && input[0] !== 0x1b) return false
  const text = Array.from(input, (byte) => String.fromCharCode(byte)).join('')
  report.lastIndex = 0
  while (report.lastIndex < text.length) {
    if (!report.test(text)) return false
  }
  return true
}
