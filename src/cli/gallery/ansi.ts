/** Terminal colours in text outputs and error traces, as HTML. */
import { escapeHtml } from "./html";

const COLOURS = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

/** Text with ANSI colour codes as HTML with `<span class="ansi-red">`; other codes are dropped. */
export function ansiToHtml(text: string): string {
  let html = "";
  let end = 0;
  let style = "";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what begins a code
  for (const match of overwritten(text).matchAll(/\x1b\[([\d;]*)([A-Za-z])/g)) {
    html += styled(overwritten(text).slice(end, match.index), style);
    end = match.index + match[0].length;
    if (match[2] === "m") style = nextStyle(style, match[1]!);
  }
  return html + styled(overwritten(text).slice(end), style);
}

/** A carriage return takes the line back to its start: what was before it is gone, as on a terminal. */
function overwritten(text: string): string {
  return text.replace(/\r\n/g, "\n").replace(/^[^\n]*\r(?=[^\n])/gm, "");
}

function styled(text: string, style: string): string {
  if (text === "") return "";
  return style === "" ? escapeHtml(text) : `<span class="${style}">${escapeHtml(text)}</span>`;
}

function nextStyle(style: string, codes: string): string {
  let classes = style.split(" ").filter(Boolean);
  for (const code of (codes || "0").split(";").map(Number)) {
    const colour = COLOURS[code >= 90 ? code - 90 : code - 30];
    if (code === 0) classes = [];
    else if (code === 1) classes = [...classes, "ansi-bold"];
    else if (code === 22) classes = classes.filter((name) => name !== "ansi-bold");
    else if (code === 39) classes = classes.filter((name) => name === "ansi-bold");
    else if (colour && ((code >= 30 && code < 38) || (code >= 90 && code < 98)))
      classes = [...classes.filter((name) => name === "ansi-bold"), `ansi-${colour}`];
  }
  return classes.join(" ");
}
