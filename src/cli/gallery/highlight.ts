/** Simple colouring of TypeScript for reading: comments, strings, numbers, keywords, types, calls. */
import { escapeHtml } from "./html";

const KEYWORDS =
  "abstract|as|async|await|break|case|catch|class|const|continue|default|delete|do|else|enum|export|extends|false|" +
  "finally|for|from|function|get|if|implements|import|in|instanceof|interface|let|new|null|of|return|satisfies|set|" +
  "static|super|switch|this|throw|true|try|type|typeof|undefined|var|void|while|yield";

/** In order: the first alternative that matches at a place wins. */
const TOKENS = new RegExp(
  [
    String.raw`(?<comment>\/\/[^\n]*|\/\*[\s\S]*?\*\/)`,
    String.raw`(?<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|\x60(?:\\.|[^\x60\\])*\x60)`,
    String.raw`(?<number>\b(?:0[xX][\da-fA-F_]+|\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?)n?\b)`,
    String.raw`(?<keyword>\b(?:${KEYWORDS})\b)`,
    String.raw`(?<type>\b[A-Z]\w*\b)`,
    String.raw`(?<call>\b[a-z_$][\w$]*(?=\s*\())`,
  ].join("|"),
  "g",
);

/** Code as HTML with one `<span class="...">` for each coloured token. */
export function highlight(code: string): string {
  let html = "";
  let end = 0;
  for (const match of code.matchAll(TOKENS)) {
    const [kind] = Object.entries(match.groups ?? {}).find(([, text]) => text !== undefined)!;
    html += escapeHtml(code.slice(end, match.index));
    html += `<span class="${kind}">${escapeHtml(match[0])}</span>`;
    end = match.index + match[0].length;
  }
  return html + escapeHtml(code.slice(end));
}
