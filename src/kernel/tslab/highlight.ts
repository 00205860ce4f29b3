/** TypeScript with colours, for excerpts of cells in error output. */
import { loadTslab, type TypeScript } from "./typescript";

const COLOURS = { keyword: 35, text: 32, number: 34, comment: 90 } as const;

/**
 * The lines of a piece of code, with ANSI colours for keywords, literals and comments; nothing else is changed. The
 * compiler's own classifier does it, line by line, so that code that does not compile is coloured, too.
 */
export function highlightLines(code: string): string[] {
  const { ts } = loadTslab();
  const colourOf = colours(ts);
  const classifier = ts.createClassifier();
  let state = ts.EndOfLineState.None;
  return code.split("\n").map((line) => {
    const { entries, finalLexState } = classifier.getClassificationsForLine(line, state, true);
    state = finalLexState;
    let start = 0;
    let coloured = "";
    for (const { length, classification } of entries) {
      const piece = line.slice(start, start + length);
      const colour = colourOf.get(classification);
      coloured += colour === undefined ? piece : `\x1b[${colour}m${piece}\x1b[39m`;
      start += length;
    }
    return coloured + line.slice(start);
  });
}

function colours({ TokenClass }: typeof TypeScript): Map<TypeScript.TokenClass, number> {
  return new Map([
    [TokenClass.Keyword, COLOURS.keyword],
    [TokenClass.StringLiteral, COLOURS.text],
    [TokenClass.RegExpLiteral, COLOURS.text],
    [TokenClass.NumberLiteral, COLOURS.number],
    [TokenClass.BigIntLiteral, COLOURS.number],
    [TokenClass.Comment, COLOURS.comment],
  ]);
}
