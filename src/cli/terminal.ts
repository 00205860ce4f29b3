/** Writing to a person at a terminal, or to a log when there is none. */

/** Whether there is somebody to talk to: both ends are a terminal. */
export function atTerminal(): boolean {
  return Boolean(process.stdin.isTTY && process.stdout.isTTY);
}

export type Colour = "green" | "yellow" | "red" | "dim" | "bold";

const CODES: Readonly<Record<Colour, [number, number]>> = {
  green: [32, 39],
  yellow: [33, 39],
  red: [31, 39],
  dim: [2, 22],
  bold: [1, 22],
};

/** Text in colour, on a terminal that shows colours; plain otherwise, and where NO_COLOR is set. */
export function paint(colour: Colour, text: string): string {
  if (!process.stdout.isTTY || process.env.NO_COLOR) return text;
  const [on, off] = CODES[colour];
  return `\x1b[${on}m${text}\x1b[${off}m`;
}

/** One line that is rewritten while work goes on, and kept when it ends. In a log, only what is kept is written. */
export class StatusLine {
  /** Replace the line. */
  show(text: string): void {
    if (process.stdout.isTTY)
      process.stdout.write(`\r\x1b[2K${text.slice(0, (process.stdout.columns ?? 100) - 1)}`);
  }

  /** End the line with this text. */
  keep(text: string): void {
    process.stdout.write(process.stdout.isTTY ? `\r\x1b[2K${text}\n` : `${text}\n`);
  }
}
