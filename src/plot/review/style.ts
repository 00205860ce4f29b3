/** How a review page looks, in light and in dark. */
export const REVIEW_STYLE = `
:root { color-scheme: light dark; --paper: #fff; --ink: #1f2933; --muted: #5b6673; --line: #cbd2d9; --surface: #f5f7f9; --focus: #0072b2;
  --warning: #9a3412; --agree: #00664a; --disagree: #9c4300; --unsure: #6b4c9a; }
@media (prefers-color-scheme: dark) { :root:not([data-theme="light"]) { --paper: #111; --ink: #e4e7eb; --muted: #a3adb8; --line: #47525d;
  --surface: #1c2126; --focus: #56b4e9; --warning: #ffb74d; --agree: #4cc9a0; --disagree: #f09a5b; --unsure: #bfa5e8; } }
:root[data-theme="light"] { color-scheme: light; }
:root[data-theme="dark"] { color-scheme: dark; --paper: #111; --ink: #e4e7eb; --muted: #a3adb8; --line: #47525d; --surface: #1c2126; --focus: #56b4e9;
  --warning: #ffb74d; --agree: #4cc9a0; --disagree: #f09a5b; --unsure: #bfa5e8; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.45 "Open Sans", "Segoe UI", Helvetica, Arial, sans-serif; }
header, main { max-width: 1280px; margin: 0 auto; padding: 12px 20px; }
h1 { font-size: 20px; margin: 4px 0; }
h2 { font-size: 17px; margin: 0 0 2px; }
p { margin: 2px 0; }
.facts, .hint, figcaption { color: var(--muted); font-size: 13px; }
.notice { color: var(--warning); font-weight: 700; }
.bar { display: flex; flex-wrap: wrap; gap: 10px 18px; align-items: center; margin-top: 8px; }
.bar label { display: inline-flex; gap: 6px; align-items: center; }
button, input, textarea, select { font: inherit; color: inherit; background: var(--surface); border: 1px solid var(--line); border-radius: 6px; padding: 5px 10px; }
button { cursor: pointer; }
input[type="file"] { max-width: 240px; }
figcaption { margin-top: 3px; }
button:disabled { opacity: 0.45; cursor: default; }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; }
main { display: grid; grid-template-columns: minmax(0, 1fr) 320px; gap: 20px; align-items: start; }
@media (max-width: 860px) { main { grid-template-columns: minmax(0, 1fr); } }
#views { display: grid; grid-template-columns: repeat(auto-fit, minmax(250px, 1fr)); gap: 10px; }
figure { margin: 0; }
.picture { position: relative; display: block; width: 100%; padding: 0; border: 0; border-radius: 4px; overflow: hidden; background: var(--surface); cursor: zoom-in; }
.picture img { display: block; width: 100%; }
.picture img.map { position: absolute; opacity: var(--map, 0.7); }
body.no-map img.map { visibility: hidden; }
aside { position: sticky; top: 10px; border: 1px solid var(--line); border-radius: 10px; padding: 14px 16px; background: var(--paper); }
fieldset { border: 0; padding: 0; margin: 10px 0; }
legend { padding: 0; font-weight: 700; margin-bottom: 6px; }
.mark { display: flex; gap: 8px; align-items: center; padding: 7px 10px; margin: 4px 0; border: 1px solid var(--line); border-radius: 8px; cursor: pointer; }
.mark:has(:checked) { border-color: currentColor; box-shadow: inset 0 0 0 1px currentColor; font-weight: 700; }
.mark[data-mark="agree"]:has(:checked) { color: var(--agree); }
.mark[data-mark="disagree"]:has(:checked) { color: var(--disagree); }
.mark[data-mark="unsure"]:has(:checked) { color: var(--unsure); }
.mark kbd { margin-left: auto; }
kbd { font: 12px ui-monospace, monospace; border: 1px solid var(--line); border-bottom-width: 2px; border-radius: 4px; padding: 0 5px; color: var(--muted); }
textarea { width: 100%; min-height: 74px; resize: vertical; }
#cases { display: flex; flex-wrap: wrap; gap: 4px; margin: 12px 0 0; padding: 0; list-style: none; }
#cases button { min-width: 36px; padding: 2px 6px; font-size: 13px; }
#cases button[aria-current="true"] { box-shadow: 0 0 0 2px var(--focus); }
#cases button[data-mark="agree"] { color: var(--agree); border-color: currentColor; }
#cases button[data-mark="disagree"] { color: var(--disagree); border-color: currentColor; }
#cases button[data-mark="unsure"] { color: var(--unsure); border-color: currentColor; }
dialog { max-width: 96vw; max-height: 96vh; padding: 10px; border: 1px solid var(--line); border-radius: 8px; background: var(--paper); color: inherit; }
dialog .picture { cursor: zoom-out; width: min(1200px, 92vw, 118vh); }
dialog::backdrop { background: rgb(0 0 0 / 0.6); }
`;
