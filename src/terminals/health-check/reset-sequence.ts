/** Terminals: what brings a terminal back after the output of a command. */

/**
 * Takes away what the output of a command may leave a terminal in: a sequence that was cut, the alternate screen, margins,
 * colours, a hidden cursor, reports of mouse and focus, bracketed paste. The cursor stays where it is.
 *
 * CAN and ST end whatever was begun; DECSC goes first because leaving the alternate screen restores a cursor; DECSTR is the
 * soft reset (xterm Control Sequences, "CSI ! p").
 */
export const resetSequence =
  '\x18\x1b\\\x1b7\x1b[?1049l\x1b[!p\x1b[0m\x1b(B\x0f\x1b[?7h\x1b[?25h\x1b[?9;1000;1002;1003;1004;1005;1006;1015;2004l'
